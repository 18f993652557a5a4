//! A PostgreSQL server for one test: made, started, stopped and removed by it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs};

use tempfile::TempDir;

/// Directories with `initdb` and `postgres`, one a version: `$PGBIN` alone if it is set, else Debian's place and `PATH`.
pub fn installed() -> Vec<PathBuf> {
    let is_server = |dir: &PathBuf| dir.join("initdb").exists() && dir.join("postgres").exists();
    if let Some(dir) = env::var_os("PGBIN") {
        return vec![PathBuf::from(dir)];
    }
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|dirs| dirs.flatten().map(|dir| dir.path().join("bin")).filter(is_server).collect())
        .unwrap_or_default();
    found.sort();
    if found.is_empty() {
        found = env::split_paths(&env::var_os("PATH").unwrap_or_default()).filter(is_server).take(1).collect();
    }
    found
}

/// A running server. It is stopped and removed when it is dropped, also by a test that fails.
pub struct Server {
    bin: PathBuf,
    dir: TempDir,
    as_postgres: bool,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    /// Major version.
    pub major: u32,
}

impl Server {
    /// Starts a server from this directory.
    pub fn start(bin: &Path) -> Self {
        let dir = tempfile::Builder::new().prefix("cdc-doctor-pg-").tempdir().unwrap();
        let root = Command::new("id").arg("-u").output().unwrap().stdout.starts_with(b"0\n");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { bin: bin.to_owned(), dir, as_postgres: root, port, major: 0 };
        if root {
            // initdb refuses to work for root
            succeed(Command::new("chown").arg("-R").arg("postgres").arg(server.dir.path()));
        }
        let data = server.data();
        succeed(
            server
                .tool("initdb")
                .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N", "-D"])
                .arg(&data),
        );
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c wal_level=logical -c fsync=off \
             -c max_replication_slots=20 -c max_wal_senders=20",
            server.dir.path().display()
        );
        let log = server.dir.path().join("server.log");
        // its output must not keep the pipes of this process open
        let status = server
            .tool("pg_ctl")
            .args(["-w", "-t", "60", "-o", &options, "-l"])
            .arg(&log)
            .arg("-D")
            .arg(&data)
            .arg("start")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "no server: {}", fs::read_to_string(&log).unwrap_or_default());
        let major = server.script("postgres", "SELECT current_setting('server_version_num')::int / 10000;\n");
        server.major = major.trim().parse().unwrap();
        server
    }

    /// The directory that goes away with it.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn tool(&self, name: &str) -> Command {
        let program = self.bin.join(name);
        let mut command = if self.as_postgres {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.dir.path());
        command
    }

    /// Runs a file with psql in a database and goes on after errors; what it prints, rows as CSV.
    pub fn psql(&self, database: &str, script: &str, stop: bool) -> Output {
        let file = self.dir.path().join("script.sql");
        fs::write(&file, script).unwrap();
        Command::new(self.bin.join("psql"))
            .args(["-X", "-q", "--csv", "-v", &format!("ON_ERROR_STOP={}", u8::from(stop)), "-f"])
            .arg(&file)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", "postgres")
            .env("PGDATABASE", database)
            .env("PGCLIENTENCODING", "UTF8")
            .output()
            .unwrap()
    }

    /// Runs a file that must succeed; its rows, without headings.
    pub fn script(&self, database: &str, script: &str) -> String {
        let output = self.psql(database, &format!("\\pset tuples_only on\n{script}"), true);
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.data();
        let _ = self.tool("pg_ctl").args(["-m", "immediate", "-w", "-D"]).arg(data).arg("stop").output();
    }
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
