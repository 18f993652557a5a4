//! `watch` as a service: its state, its lock, its hook, its metrics, signals and trouble.

#![cfg(all(unix, feature = "watch"))]

mod watch;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use watch::{Watcher, append, failure, idle, lines};

/// Breaks the bytes of a state.
type Damage = fn(Vec<u8>) -> Vec<u8>;

const SLOT: &str = "opened postgres/slot-already-active";

#[test]
fn a_state_that_cannot_be_trusted_is_set_aside() {
    let whole = |w: &Watcher| fs::read(w.path("state/state.json")).unwrap();
    let damages: [(&str, Damage); 4] = [
        ("is damaged", |mut b| {
            let n = b.len() / 2;
            b[n] ^= 1;
            b
        }),
        ("is damaged", |b| b[..b.len() - 9].to_vec()),
        ("is not a state", |_| b"{\"offsets\": {}}\n".to_vec()),
        ("watch-state/v99", |b| {
            String::from_utf8(b).unwrap().replacen("watch-state/v1", "watch-state/v99", 1).into_bytes()
        }),
    ];
    let mut w = Watcher::new(&[]);
    append(&w.log("tm.log"), &idle(1));
    for (n, (what, damage)) in damages.iter().enumerate() {
        w.start_and_wait();
        w.stop("TERM");
        let bytes = damage(whole(&w));
        fs::write(w.path("state/state.json"), &bytes).unwrap();
        w.start_and_wait();
        assert!(w.errors().contains(what), "{what}: {}", w.errors());
        assert_eq!(fs::read(w.path(&format!("state/state.json.bad-{}", n + 1))).unwrap(), bytes);
        append(&w.log("tm.log"), &failure(10 + n as u64, &format!("s{n}")));
        w.until("it goes on", |w| w.events().len() == n + 1);
        w.stop("TERM");
    }
}

/// Facts of files that were rotated away long ago are let go while new failures wait to be judged.
#[test]
fn nothing_is_lost_when_old_facts_are_let_go() {
    let mut w = Watcher::new(&["--from", "start"]);
    for n in 1..=12 {
        append(&w.log(&format!("tm.log.{n}")), &(failure(n, &format!("old_{n}")) + &idle(n + 1)));
    }
    append(&w.log("tm.log"), &idle(100));
    w.start_and_wait();
    w.until("the old ones", |w| w.events().len() == 12);
    w.stop("TERM");
    for n in 1..=12 {
        fs::remove_file(w.log(&format!("tm.log.{n}"))).unwrap();
    }
    let mut state = w.state();
    for stream in state["streams"].as_array_mut().unwrap() {
        stream["quiet_since"] = (stream["quiet_since"].as_i64().unwrap() - 3600).into();
    }
    let body = state.to_string() + "\n";
    let header = serde_json::json!({
        "schema": "cdc-doctor/watch-state/v1",
        "bytes": body.len(),
        "blake3": blake3::hash(body.as_bytes()).to_hex().as_str(),
    });
    fs::write(w.path("state/state.json"), format!("{header}\n{body}")).unwrap();
    w.start_and_wait();
    assert!(!w.errors().contains("set aside"), "{}", w.errors());
    std::thread::sleep(Duration::from_millis(3500));
    for n in 0..60 {
        append(&w.log("tm.log"), &failure(200 + n, &format!("new_{n}")));
        std::thread::sleep(Duration::from_millis(50));
    }
    w.until("the new ones", |w| w.events().len() == 72);
    w.stop("TERM");
    let kept = |s: &serde_json::Value| s["writers"][0]["facts"]["events"].as_array().is_some_and(|e| !e.is_empty());
    assert!(w.state()["streams"].as_array().unwrap().iter().filter(|s| kept(s)).count() < 12, "some were let go");
}

#[test]
fn two_watchers_do_not_share_a_state() {
    let mut w = Watcher::new(&[]);
    w.start_and_wait();
    let second = w.command().output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    let said = String::from_utf8(second.stderr).unwrap();
    let pid = w.child.as_ref().unwrap().id();
    assert!(said.contains(&format!("another watcher (process {pid}) uses the state")), "{said}");
    assert!(said.contains("--state DIR"), "{said}");
    // the lock goes with the process
    w.kill();
    w.start_and_wait();
}

#[test]
fn the_output_is_cut_back_to_what_the_state_knows() {
    let mut w = Watcher::new(&[]);
    fs::write(w.path("events.ndjson"), "{\"of\": \"somebody else\"}").unwrap();
    w.start_and_wait();
    append(&w.log("tm.log"), &failure(1, "s1"));
    w.until("s1", |w| w.events().len() == 2);
    w.until("stored", |w| w.state()["outbox"].as_array().unwrap().is_empty());
    w.kill();
    append(&w.path("events.ndjson"), "{\"seq\": 2, \"event\": \"opened\", \"half");
    append(&w.log("tm.log"), &failure(2, "s2"));
    w.start_and_wait();
    w.until("s2", |w| fs::read_to_string(w.path("events.ndjson")).unwrap().matches('\n').count() == 3);
    w.stop("TERM");
    let events = w.events();
    assert_eq!(events.len(), 3);
    assert_eq!((&events[1]["seq"], &events[2]["seq"]), (&1.into(), &2.into()));
    // moved away while it runs, as logrotate does
    w.start_and_wait();
    fs::rename(w.path("events.ndjson"), w.path("events.1")).unwrap();
    append(&w.log("tm.log"), &failure(3, "s3"));
    w.until("s3", |w| w.events().len() == 1);
}

#[test]
fn a_hook_gets_every_event_and_is_tried_again() {
    let mut w = Watcher::new(&[]);
    let (got, tries) = (w.path("got"), w.path("tries"));
    let command = format!(
        "echo x >> '{t}'; [ $(wc -l < '{t}') -gt 1 ] || exit 3; cat >> '{g}'; echo $CDC_DOCTOR_EVENT >> '{g}.env'",
        t = tries.display(),
        g = got.display()
    );
    w.arguments = vec!["--on-finding".into(), command];
    w.start_and_wait();
    append(&w.log("tm.log"), &failure(1, "s1"));
    w.until("taken", |w| fs::read_to_string(w.path("got.env")).is_ok_and(|t| t.ends_with('\n')));
    let events = lines(&fs::read_to_string(&got).unwrap());
    assert_eq!(events[0], w.events()[0]);
    assert_eq!(fs::read_to_string(w.path("got.env")).unwrap(), "opened\n");
    assert!(w.errors().contains("exit status: 3; tried again in 2 s"), "{}", w.errors());
}

#[test]
fn a_hook_that_hangs_holds_nothing_up_and_gets_the_event_after_a_restart() {
    let mut w = Watcher::new(&["--on-finding", "sleep 1000"]);
    w.start_and_wait();
    for n in 0..20 {
        append(&w.log("tm.log"), &failure(n, &format!("s{n}")));
    }
    w.until("all are told", |w| w.events().len() == 20);
    let (status, took) = w.stop("TERM");
    assert_eq!(status, Some(0));
    assert!(took < Duration::from_millis(1500), "{took:?}");
    assert_eq!(w.state()["hooks"].as_array().unwrap().len(), 20);
    w.arguments = vec!["--on-finding".into(), format!("tee -a {}", w.path("got").display())];
    w.start_and_wait();
    w.until("they come", |w| fs::read_to_string(w.path("got")).is_ok_and(|t| t.matches('\n').count() == 20));
}

fn ask(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

fn port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn metrics_show_what_is_found_and_what_is_wrong() {
    let mut w = Watcher::new(&[]);
    let port = port();
    w.arguments = vec!["--listen".into(), format!("127.0.0.1:{port}")];
    append(&w.log("tm.log"), &idle(1));
    w.start_and_wait();
    w.until("ready", |_| ask(port, "/readyz").is_some_and(|t| t.starts_with("HTTP/1.1 200")));
    assert!(ask(port, "/healthz").unwrap().starts_with("HTTP/1.1 200"));
    assert!(ask(port, "/else").unwrap().starts_with("HTTP/1.1 404"));
    append(&w.log("tm.log"), &failure(2, "s1"));
    let says = |text: &str| ask(port, "/metrics").is_some_and(|t| t.contains(text));
    w.until("counted", |_| says("cdc_doctor_incidents_open{cause=\"postgres/slot-already-active\"} 1"));
    let text = ask(port, "/metrics").unwrap();
    for line in [
        "cdc_doctor_diagnoses_total{cause=\"postgres/slot-already-active\",confidence=\"certain\"} 1",
        "cdc_doctor_watch_files 1",
        "cdc_doctor_watch_lag_bytes 0",
        "cdc_doctor_state_write_errors_total 0",
        "cdc_doctor_build_info{version=",
        "# EOF",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    // the directory of the state goes away, as a disk that is full or broken
    fs::rename(w.path("state"), w.path("gone")).unwrap();
    append(&w.log("tm.log"), &failure(3, "s2"));
    w.until("told all the same", |w| w.events().len() == 2);
    w.until("seen", |_| ask(port, "/readyz").is_some_and(|t| t.starts_with("HTTP/1.1 503")));
    assert!(!says("cdc_doctor_state_write_errors_total 0"));
    fs::rename(w.path("gone"), w.path("state")).unwrap();
    w.until("over", |_| ask(port, "/readyz").is_some_and(|t| t.starts_with("HTTP/1.1 200")));
    w.kill();
    w.start_and_wait();
    append(&w.log("tm.log"), &failure(4, "s3"));
    w.until("s3", |w| w.events().len() == 3);
    assert_eq!(w.short(), [SLOT; 3]);
}

const RULE: &str = "id: acme/gate
title: The gate is shut
headline: The gate is shut
category: configuration
role: cause
impact: down
match:
  - log: 'the gate of acme is shut'
    confidence: certain
why: |
  Somebody shut it.
checks:
  - id: gate
    ask: Is it open?
    look: the gate
    healthy: it is open
fix:
  - do: Open it.
    owner: app
    then: [none]
source: [ 'acme' ]
examples:
  - log: |
      2026-11-22 10:00:00,000 ERROR acme.Gate [] - the gate of acme is shut
  - log: |
      2026-11-22 10:00:00,000 ERROR acme.Gate [] - the gate of acme is open
    not: true
";

#[test]
fn a_hangup_reads_the_rules_again_and_bad_ones_are_refused() {
    let mut w = Watcher::new(&[]);
    let rules = w.path("rules");
    fs::create_dir_all(rules.join("acme")).unwrap();
    w.arguments = vec!["--rules".into(), rules.display().to_string()];
    w.start_and_wait();
    let line = "2026-11-22 10:00:00,000 ERROR acme.Gate [] - the gate of acme is shut\n";
    append(&w.log("tm.log"), line);
    append(&w.log("tm.log"), &failure(1, "s1"));
    w.until("s1", |w| w.events().len() == 1);
    fs::write(rules.join("acme/gate.yaml"), RULE.replace("match:", "mitch:")).unwrap();
    w.signal("HUP");
    w.until("refused", |w| w.errors().contains("the rules stay as they were"));
    fs::write(rules.join("acme/gate.yaml"), RULE).unwrap();
    w.signal("HUP");
    w.until("read", |w| w.errors().contains("the rules were read again"));
    append(&w.log("tm.log"), &line.replace("10:00:00", "10:00:09"));
    w.until("known", |w| w.short().contains(&"opened acme/gate".to_owned()));
    assert_eq!(w.events().len(), 2);
}

#[test]
fn files_that_may_not_be_read_are_told_once_and_read_later() {
    // root may read everything: become somebody else, if there is a program for that
    let other = std::process::Command::new("setpriv").arg("--version").output().is_ok();
    let root = std::process::Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
    if root && !other {
        eprintln!("skipped: root without setpriv");
        return;
    }
    let w = Watcher::new(&["--from", "start"]);
    let open = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    open(w.dir.path(), 0o777);
    append(&w.log("secret.log"), &failure(1, "s1"));
    append(&w.log("open.log"), &failure(2, "s2"));
    open(&w.log("secret.log"), 0o000);
    let mut w = w;
    let command = w.command();
    let mut as_other = std::process::Command::new(if root { "setpriv" } else { "env" });
    if root {
        as_other.args(["--reuid", "65534", "--clear-groups"]);
    }
    as_other.arg(command.get_program()).args(command.get_args());
    let err = fs::File::create(w.path("stderr")).unwrap();
    let out = fs::File::create(w.path("stdout.0")).unwrap();
    w.child = Some(as_other.stdout(out).stderr(err).spawn().unwrap());
    w.starts = 1;
    w.until("the open one", |w| w.events().len() == 1);
    w.until("the other is told", |w| w.errors().contains("secret.log permission denied"));
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(w.errors().matches("secret.log permission denied").count(), 1);
    open(&w.log("secret.log"), 0o644);
    w.until("it is read", |w| w.events().len() == 2);
}

#[test]
fn a_disk_without_room_is_survived() {
    let mut w = Watcher::new(&["--from", "start"]);
    let port = port();
    w.arguments.extend(["--listen".into(), port.to_string()]);
    // no file may grow beyond a few KiB: neither the state nor the output has room for these diagnoses
    let command = w.command();
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\""]);
    limited.arg(command.get_program()).args(command.get_args());
    let err = fs::File::create(w.path("stderr")).unwrap();
    w.child = Some(limited.stdout(std::process::Stdio::null()).stderr(err).spawn().unwrap());
    w.starts = 1;
    w.until("it begins", |w| w.errors().contains(" watching "));
    for n in 0..3 {
        append(&w.log("tm.log"), &failure(n * 1000, &format!("s{n}")));
    }
    w.until("it says so", |w| {
        let said = w.errors();
        said.contains("the state cannot be stored") && said.contains("the output cannot be written")
    });
    let says = |text: &str| ask(port, "/metrics").is_some_and(|t| t.contains(text));
    w.until("all are told", |_| says("cdc_doctor_incidents_open{cause=\"postgres/slot-already-active\"} 3"));
    w.until("it shows", |_| ask(port, "/readyz").is_some_and(|t| t.starts_with("HTTP/1.1 503")));
    assert!(!says("cdc_doctor_state_write_errors_total 0") && !says("cdc_doctor_output_unwritten_events 0"));
    assert!(ask(port, "/healthz").unwrap().starts_with("HTTP/1.1 200"));
    // even a crash loses nothing then
    w.kill();
    w.start_and_wait();
    w.until("all are there", |w| w.events().len() == 3);
    assert_eq!(w.short(), [SLOT; 3]);
}
