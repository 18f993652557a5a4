//! A MariaDB server for one test: made, started, stopped and removed by it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use tempfile::TempDir;

/// The server program, if there is one: in `$MARIADB_BIN`, else in `PATH` and where Debian puts it.
pub fn installed() -> Option<PathBuf> {
    let mut places: Vec<PathBuf> = match env::var_os("MARIADB_BIN") {
        Some(dir) => vec![PathBuf::from(dir)],
        None => env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect(),
    };
    places.push("/usr/sbin".into());
    let server = places.iter().map(|dir| dir.join("mariadbd")).find(|path| path.exists())?;
    let found = |name: &str| places.iter().any(|dir| dir.join(name).exists());
    (found("mariadb-install-db") && found("mariadb")).then_some(server)
}

/// A running server. It is stopped and removed when it is dropped, also by a test that fails.
pub struct Server {
    dir: TempDir,
    child: Child,
    port: u16,
    /// As the server says it.
    pub version: String,
}

impl Server {
    /// Starts this program.
    pub fn start(program: &Path) -> Self {
        let dir = tempfile::Builder::new().prefix("cdc-doctor-my-").tempdir().unwrap();
        let data = dir.path().join("data");
        fs::create_dir(&data).unwrap();
        let root = Command::new("id").arg("-u").output().unwrap().stdout.starts_with(b"0\n");
        let user: &[&str] = if root { &["--user=mysql"] } else { &[] };
        if root {
            succeed(Command::new("chown").arg("-R").arg("mysql").arg(dir.path()));
        }
        succeed(
            Command::new("mariadb-install-db")
                .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
                .arg(format!("--datadir={}", data.display()))
                .args(user),
        );
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = fs::File::create(dir.path().join("server.log")).unwrap();
        let child = Command::new(program)
            .args(["--no-defaults", "--bind-address=127.0.0.1", "--log-bin", "--server-id=1", "--binlog-format=ROW"])
            .args(["--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve"])
            .arg(format!("--port={port}"))
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", dir.path().join("s").display()))
            .arg(format!("--pid-file={}", dir.path().join("pid").display()))
            .args(user)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Self { dir, child, port, version: String::new() };
        let start = Instant::now();
        while !server.client("SELECT 1;\n", &[]).status.success() {
            let log = || fs::read_to_string(server.dir.path().join("server.log")).unwrap_or_default();
            assert!(start.elapsed() < Duration::from_mins(2), "no server: {}", log());
            thread::sleep(Duration::from_millis(200));
        }
        let version = server.script("SELECT version();\n");
        version.trim().clone_into(&mut server.version);
        server
    }

    /// The directory that goes away with it, in which the client runs.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs a file with the client.
    pub fn client(&self, script: &str, options: &[&str]) -> Output {
        let file = self.dir.path().join("script.sql");
        fs::write(&file, script).unwrap();
        Command::new("mariadb")
            .args(["--no-defaults", "--host=127.0.0.1", "--protocol=tcp", "--user=root", "--batch"])
            .args(["--default-character-set=utf8mb4", &format!("--port={}", self.port)])
            .args(options)
            .stdin(fs::File::open(&file).unwrap())
            .current_dir(self.dir.path())
            .output()
            .unwrap()
    }

    /// Runs a file that must succeed; its rows, without headings.
    pub fn script(&self, script: &str) -> String {
        let output = self.client(script, &["--skip-column-names"]);
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
