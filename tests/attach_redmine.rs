//! `attach` against a real ticket system: Debian's Redmine, in a database of its own. Without Redmine it says so and checks nothing.
//!
//! `scripts/redmine.sh` installs it.

#![cfg(feature = "attach")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const HOME: &str = "/usr/share/redmine";
const DATABASE: &str = "/var/lib/dbconfig-common/sqlite3/redmine/instances/default/redmine_default";

/// Switches the API on, and makes a project, an issue, and a user who may only comment.
const SEED: &str = "
Setting.rest_api_enabled = '1'
admin = User.find_by_login('admin')
admin.update!(must_change_passwd: false)
project = Project.create!(name: 'cdc', identifier: 'cdc', is_public: false, trackers: Tracker.all, enabled_module_names: ['issue_tracking'])
role = Role.create!(name: 'doctor', permissions: [:view_issues, :add_issue_notes, :edit_own_issue_notes])
user = User.new(login: 'doctor', firstname: 'D', lastname: 'R', mail: 'doctor@example.com', language: 'en', password: 'correct horse 9')
user.save!
Member.create!(principal: user, project: project, roles: [role])
issue = Issue.create!(project: project, tracker: project.trackers.first, author: admin, subject: 'job down', status: IssueStatus.first, priority: IssuePriority.first)
puts \"KEY=#{user.api_key} ISSUE=#{issue.id}\"
";

struct Redmine {
    dir: TempDir,
    url: String,
    key: String,
    issue: String,
    server: Child,
}

impl Drop for Redmine {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A program in the place of Redmine, with a database in `dir`.
fn inside(dir: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(HOME).env_clear().envs([
        ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        ("LANG", "C.UTF-8"),
        ("RAILS_ENV", "production"),
        ("X_DEBIAN_SITEID", "default"),
    ]);
    command.env("HOME", dir).env("DATABASE_URL", format!("sqlite3:{}", dir.join("redmine.sqlite3").display()));
    command
}

/// A running Redmine, or why there is none.
fn redmine() -> Result<Redmine, String> {
    let dir = TempDir::new().unwrap();
    fs::copy(DATABASE, dir.path().join("redmine.sqlite3")).map_err(|e| format!("{DATABASE}: {e}"))?;
    let seed = dir.path().join("seed.rb");
    fs::write(&seed, SEED).unwrap();
    let seeded = inside(dir.path(), "bundle")
        .args(["exec", "rails", "runner"])
        .arg(&seed)
        .output()
        .map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&seeded.stdout).into_owned();
    let word = |name: &str| said.split_whitespace().find_map(|w| w.strip_prefix(name)).map(str::to_owned);
    let (Some(key), Some(issue)) = (word("KEY="), word("ISSUE=")) else {
        return Err(format!("cannot be filled: {said}{}", String::from_utf8_lossy(&seeded.stderr)));
    };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let log = fs::File::create(dir.path().join("server.log")).unwrap();
    let server = inside(dir.path(), "puma")
        .args(["-b", &format!("tcp://127.0.0.1:{port}"), "-e", "production", "--dir", HOME])
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .map_err(|e| e.to_string())?;
    let redmine = Redmine { url: format!("http://127.0.0.1:{port}"), key, issue, server, dir };
    let start = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        if start.elapsed() > Duration::from_mins(3) {
            let log = fs::read_to_string(redmine.dir.path().join("server.log")).unwrap_or_default();
            return Err(format!("does not start: {log}"));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(redmine)
}

fn doctor(redmine: &Redmine, key: &str, arguments: &[&str], log: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cdc-doctor"));
    command.env_clear().env("REDMINE_API_KEY", key).env("REDMINE_URL", &redmine.url).stdin(Stdio::null());
    command.args(["attach", "--to", &format!("redmine:{}", redmine.issue)]).args(arguments).arg(log).output().unwrap()
}

/// The notes of the issue, as the API of Redmine has them.
fn notes(redmine: &Redmine) -> (Vec<(u64, String)>, Vec<String>) {
    let mut answer = ureq::get(format!("{}/issues/{}.json?include=journals,attachments", redmine.url, redmine.issue))
        .header("X-Redmine-API-Key", &redmine.key)
        .call()
        .unwrap();
    let json: serde_json::Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    let text = |v: &serde_json::Value, name: &str| v[name].as_str().unwrap_or_default().to_owned();
    let list = |name: &str| json["issue"][name].as_array().cloned().unwrap_or_default();
    let notes = list("journals")
        .into_iter()
        .map(|j| (j["id"].as_u64().unwrap(), text(&j, "notes")))
        .filter(|n| !n.1.is_empty());
    (notes.collect(), list("attachments").iter().map(|a| text(a, "filename")).collect())
}

#[test]
fn a_note_is_added_and_updated_in_a_real_redmine() {
    let installed = Path::new(HOME).exists() && Path::new(DATABASE).exists();
    let redmine = match if installed { redmine() } else { Err("is not installed".into()) } {
        Ok(redmine) => redmine,
        Err(why) => {
            // not an answer of this program: the machine lacks what the test needs
            println!("skipped: Redmine {why} (scripts/redmine.sh installs it)");
            assert!(std::env::var_os("CDC_DOCTOR_NEEDS_REDMINE").is_none(), "Redmine {why}");
            return;
        }
    };
    let sample = &common::sample("postgres/wal-level-not-logical");
    let log: PathBuf = redmine.dir.path().join("taskmanager.log");
    let bytes = &sample.logs.iter().find(|l| l.name == "taskmanager.log").unwrap().bytes;
    fs::write(&log, bytes).unwrap();
    let said = |output: &Output| {
        let text = |b: &[u8]| String::from_utf8(b.to_vec()).unwrap();
        (output.status.code(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
    };

    let (code, text) = said(&doctor(&redmine, &redmine.key, &[], &log));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("added ") && text.contains(&format!("/issues/{}", redmine.issue)), "{text}");
    let (first, _) = notes(&redmine);
    assert_eq!(first.len(), 1, "{first:#?}");
    assert!(first[0].1.contains("wal_level") && first[0].1.contains("fingerprint v1:"), "{}", first[0].1);
    assert!(!first[0].1.contains("flink_cdc"), "a name is in the note: {}", first[0].1);

    // the same again changes nothing
    let (code, text) = said(&doctor(&redmine, &redmine.key, &[], &log));
    assert_eq!((code, text.starts_with("unchanged ")), (Some(0), true), "{text}");
    assert_eq!(notes(&redmine).0, first);

    // the log went on: the note is changed, none is added
    let mut longer = bytes.clone();
    longer.extend_from_slice(bytes);
    fs::write(&log, &longer).unwrap();
    let (code, text) = said(&doctor(&redmine, &redmine.key, &[], &log));
    assert_eq!((code, text.starts_with("updated ")), (Some(0), true), "{text}");
    let (second, _) = notes(&redmine);
    assert_eq!(second.len(), 1, "{second:#?}");
    assert_eq!(second[0].0, first[0].0);
    assert_ne!(second[0].1, first[0].1);

    #[cfg(feature = "bundle")]
    {
        let (code, text) = said(&doctor(&redmine, &redmine.key, &["--bundle"], &log));
        assert_eq!(code, Some(0), "{text}");
        let (_, files) = notes(&redmine);
        assert_eq!(files.len(), 1, "{text} {files:?}");
        assert!(files[0].ends_with(".tar.zst"), "{files:?}");
        // the same bundle is not sent twice
        let (_, text) = said(&doctor(&redmine, &redmine.key, &["--bundle"], &log));
        assert_eq!(notes(&redmine).1, files, "{text}");
    }

    let (code, text) = said(&doctor(&redmine, "no-such-key", &[], &log));
    assert_eq!(code, Some(2));
    assert!(
        text.contains("answers 401") && text.contains("REDMINE_API_KEY") && !text.contains("no-such-key"),
        "{text}"
    );
    let mut missing = redmine;
    missing.issue = "999999".into();
    let (code, text) = said(&doctor(&missing, &missing.key, &[], &log));
    assert_eq!((code, text.contains("answers 404")), (Some(2), true), "{text}");
}
