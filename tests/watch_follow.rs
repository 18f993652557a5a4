//! `watch` as a user runs it: files that grow, rotate, vanish and come back, and what it tells of them.

#![cfg(all(unix, feature = "watch", feature = "compress"))]

mod watch;

use std::fs;
use std::process::Command;
use std::time::Duration;

use watch::{Watcher, Wrap, append, denied, failure, healthy, idle};

const SLOT: &str = "opened postgres/slot-already-active";

fn both(test: impl Fn(&[&str])) {
    test(&[]);
    test(&["--poll"]);
}

fn gzip(path: &std::path::Path) {
    assert!(Command::new("gzip").arg(path).status().unwrap().success());
}

#[test]
fn an_incident_opens_within_two_seconds_clears_and_opens_again() {
    both(|how| {
        let mut w = Watcher::new(how);
        append(&w.log("tm.log"), &idle(1));
        w.start_and_wait();
        append(&w.log("tm.log"), &failure(10_000, "s1"));
        w.within(Duration::from_secs(2), "it opens", |w| w.short() == [SLOT]);
        append(&w.log("tm.log"), &healthy(20_000));
        w.within(Duration::from_secs(3), "it clears", |w| w.short().len() == 2);
        append(&w.log("tm.log"), &failure(30_000, "s1"));
        w.until("it opens again", |w| w.short().len() == 3);
        let events = w.events();
        let kinds: Vec<_> = events.iter().map(|e| e["event"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["opened", "cleared", "opened"]);
        assert!(events.iter().all(|e| e["incident"] == events[0]["incident"] && e["schema"] == "cdc-doctor/event/v1"));
        assert_eq!(events[0]["time"], "2026-11-22T10:00:10.000");
        assert_eq!(events[0]["diagnosis"]["id"], events[0]["incident"]);
        assert_eq!(events[0]["diagnosis"]["params"]["slot"]["value"], "s1");
        assert!(events[0]["at"].as_str().unwrap().ends_with("tm.log:6"), "{}", events[0]["at"]);
        assert!(events[1].get("diagnosis").is_none());
        assert_eq!(events[2]["count"], 1);
        let (status, took) = w.stop("TERM");
        assert_eq!(status, Some(0));
        assert!(took < Duration::from_millis(1500), "{took:?}");
    });
}

#[test]
fn half_a_trace_is_completed_and_counted_once() {
    both(|how| {
        let mut w = Watcher::new(how);
        w.start_and_wait();
        let text = failure(1, "whole");
        let (first, rest) = text.split_at(text.find("Caused by").unwrap() + 30);
        append(&w.log("tm.log"), first);
        std::thread::sleep(Duration::from_millis(1800));
        append(&w.log("tm.log"), rest);
        w.until("it is known", |w| w.events().iter().any(|e| e["cause"] == "postgres/slot-already-active"));
        append(&w.log("tm.log"), &idle(2));
        append(&w.log("tm.log"), &failure(3, "other"));
        w.until("the next one is known", |w| {
            w.events().iter().any(|e| e["diagnosis"]["params"]["slot"]["value"] == "other")
        });
        assert_eq!(w.stop("INT").0, Some(0));
        let events = w.events();
        let whole: Vec<_> = events.iter().filter(|e| e["cause"] == "postgres/slot-already-active").collect();
        assert_eq!(whole.len(), 2, "{:#?}", w.short());
        let state = w.state();
        let entries = state["ledger"]["entries"].as_object().unwrap();
        assert_eq!(entries.len(), 2, "{entries:#?}");
        assert!(entries.values().all(|e| e["count"] == 1), "{entries:#?}");
    });
}

#[test]
fn what_was_there_is_old_and_what_comes_is_new() {
    let mut w = Watcher::new(&[]);
    append(&w.log("tm.log"), &failure(1, "old"));
    w.start_and_wait();
    append(&w.log("tm.log"), &failure(2, "new"));
    append(&w.log("later.log"), &failure(3, "later"));
    w.until("both new ones", |w| w.events().len() == 2);
    assert_eq!(w.stop("TERM").0, Some(0));
    // while nobody looks: more of a known file, and a new one
    append(&w.log("tm.log"), &failure(4, "down"));
    append(&w.log("down.log"), &failure(5, "down2"));
    w.start_and_wait();
    w.until("all since then", |w| w.events().len() == 4);
    w.stop("TERM");
    let slots: Vec<_> =
        w.events().iter().map(|e| e["diagnosis"]["params"]["slot"]["value"].as_str().unwrap().to_owned()).collect();
    assert!(!slots.contains(&"old".to_owned()), "{slots:?}");
    // the state is forgotten, and with it that they were told
    w.arguments = ["--from", "start", "--reset-state"].map(str::to_owned).to_vec();
    w.start_and_wait();
    w.until("all of them", |w| w.events().len() == 4 + 5);
}

#[test]
fn rotated_copied_and_packed_files_are_read_once() {
    both(|how| {
        let mut w = Watcher::new(&[how, &["--from", "start"]].concat());
        let (log, one, two) = (w.log("tm.log"), w.log("tm.log.1"), w.log("tm.log.2"));
        append(&log, &failure(1, "s1"));
        w.start_and_wait();
        w.until("s1", |w| w.events().len() == 1);
        append(&log, &failure(2, "s2"));
        fs::rename(&log, &one).unwrap();
        append(&log, &failure(3, "s3"));
        w.until("s2 and s3", |w| w.events().len() == 3);
        // copy and truncate, with a line that comes in between
        append(&log, &failure(4, "s4"));
        fs::copy(&log, &two).unwrap();
        fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(0).unwrap();
        append(&log, &failure(5, "s5"));
        w.until("s4 and s5", |w| w.events().len() == 5);
        gzip(&two);
        append(&log, &failure(6, "s6"));
        w.until("s6", |w| w.events().len() == 6);
        // nobody looks: written, rotated and packed
        w.kill();
        append(&log, &failure(7, "s7"));
        fs::rename(&log, w.log("tm.log.3")).unwrap();
        gzip(&w.log("tm.log.3"));
        // an empty log, rotated and packed, is no trouble
        append(&w.log("tm.log.9"), "");
        gzip(&w.log("tm.log.9"));
        append(&log, &failure(8, "s8"));
        w.start_and_wait();
        w.until("s7 and s8", |w| w.events().len() == 8);
        fs::remove_file(&log).unwrap();
        append(&log, &failure(9, "s9"));
        w.until("s9", |w| w.events().len() == 9);
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(w.stop("TERM").0, Some(0));
        assert_eq!(w.short(), [SLOT; 9]);
        assert!(!w.errors().contains("warning"), "{}", w.errors());
        let state = w.state();
        assert!(state["ledger"]["entries"].as_object().unwrap().values().all(|e| e["count"] == 1));
    });
}

#[test]
fn directories_may_come_later_and_links_may_lead_elsewhere() {
    both(|how| {
        let mut w = Watcher::new(how);
        let pods = w.path("pods");
        fs::create_dir(&pods).unwrap();
        append(&pods.join("0.log"), &idle(1));
        std::os::unix::fs::symlink(pods.join("0.log"), w.log("container.log")).unwrap();
        w.start_and_wait();
        append(&pods.join("0.log"), &failure(2, "s1"));
        w.until("through the link", |w| w.events().len() == 1);
        append(&pods.join("1.log"), &failure(3, "s2"));
        fs::remove_file(w.log("container.log")).unwrap();
        std::os::unix::fs::symlink(pods.join("1.log"), w.log("container.log")).unwrap();
        w.until("through the new link", |w| w.events().len() == 2);
        fs::create_dir_all(w.path("log/new/deep")).unwrap();
        append(&w.log("new/deep/tm.log"), &failure(4, "s3"));
        w.until("in the new directory", |w| w.events().len() == 3);
        fs::rename(w.path("log/new"), w.path("log/moved")).unwrap();
        append(&w.log("moved/deep/tm.log"), &failure(5, "s4"));
        w.until("where it was moved", |w| w.events().len() == 4);
        assert_eq!(w.short(), [SLOT; 4]);
    });
}

#[test]
fn a_watch_may_begin_before_its_directory() {
    let mut w = Watcher::new(&[]);
    fs::remove_dir(w.path("log")).unwrap();
    w.start_and_wait();
    fs::create_dir(w.path("log")).unwrap();
    append(&w.log("tm.log"), &failure(1, "s1"));
    w.until("it opens", |w| w.short() == [SLOT]);
    assert!(w.errors().contains("does not exist"), "{}", w.errors());
}

#[test]
fn a_storm_is_told_in_few_lines_and_counted_whole() {
    let mut w = Watcher::new(&[]);
    w.start_and_wait();
    for round in 0..100 {
        let text: String = (0..20).map(|n| failure(round * 1000 + n, "same")).collect();
        append(&w.log("tm.log"), &text);
        std::thread::sleep(Duration::from_millis(20));
    }
    append(&w.log("tm.log"), &denied(200_000, "orders"));
    w.until("the last one", |w| w.events().iter().any(|e| e["cause"] == "postgres/table-permission-denied"));
    w.stop("TERM");
    let events = w.events();
    assert!(events.len() < 8, "{:#?}", w.short());
    let state = w.state();
    let mut counts: Vec<_> =
        state["ledger"]["entries"].as_object().unwrap().values().map(|e| e["count"].as_u64().unwrap()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2000]);
}

#[test]
fn facts_stay_small_for_days_of_restarts() {
    let mut w = Watcher::new(&["--from", "start"]);
    let task = |n: u64, from: &str, to: &str| {
        format!(
            "{} INFO  org.apache.flink.runtime.taskmanager.Task [] - Source: orders[1] (1/1)#{n} (0123456789abcdef0123456789abcdef_0_0_{n}) switched from {from} to {to}.\n",
            watch::clock(n * 10_000)
        )
    };
    let mut text = String::new();
    for n in 0..3000 {
        text.push_str(&task(n, "CREATED", "DEPLOYING"));
        text.push_str(&failure(n * 10_000 + 5, "same"));
        text.push_str(&task(n, "RUNNING", "FAILED"));
    }
    append(&w.log("tm.log"), &text);
    w.start_and_wait();
    append(&w.log("tm.log"), &(task(3001, "CREATED", "DEPLOYING") + &denied(30_020_000, "orders")));
    w.until("the last one", |w| w.events().iter().any(|e| e["cause"] == "postgres/table-permission-denied"));
    w.stop("TERM");
    let state = w.state();
    let entries = state["ledger"]["entries"].as_object().unwrap();
    let same = entries.values().find(|e| e["cause"] == "postgres/slot-already-active").unwrap();
    assert_eq!(same["count"], 3000);
    assert!(state["streams"][0]["writers"][0]["facts"]["events"].as_array().unwrap().len() <= 700);
    assert!(w.events().len() < 8, "{:#?}", w.short());
}

/// The same failures in a file of this name, in this wrap: killed in the middle of a record, rotated, and cleared.
fn told_as(wrap: Wrap, name: &str, rotated: &str) -> Vec<(String, String, u64)> {
    let mut w = Watcher::new(&["--from", "start"]);
    let write = |w: &Watcher, text: &str| append(&w.log(name), text);
    write(&w, &wrap.around(&(idle(1) + &idle(2)), "stdout"));
    w.start_and_wait();
    let text = wrap.around(&failure(1000, "s1"), "stdout");
    let (half, rest) = text.split_at(text.len() * 2 / 3 + 7);
    write(&w, half);
    std::thread::sleep(Duration::from_millis(300));
    w.kill();
    write(&w, rest);
    w.start_and_wait();
    w.until("the first", |w| w.events().len() == 1);
    // half a line, then nothing for a while, then the rest
    let text = wrap.around(&denied(2000, "orders"), "stdout");
    let (half, rest) = text.split_at(text.len() - 20);
    write(&w, half);
    std::thread::sleep(Duration::from_millis(900));
    write(&w, rest);
    w.until("the second", |w| w.events().len() == 2);
    w.kill();
    fs::rename(w.log(name), w.log(rotated)).unwrap();
    write(&w, &wrap.around(&failure(3000, "s3"), "stdout"));
    w.start_and_wait();
    w.until("the third", |w| w.events().len() == 3);
    write(&w, &wrap.around(&healthy(4000), "stdout"));
    w.until("all are over", |w| w.events().len() == 6);
    assert!(fs::read_to_string(w.path("state/state.json")).unwrap().find("Nothing happens here").is_none());
    w.stop("TERM");
    let of = |e: &serde_json::Value| {
        (watch::short(e), e["diagnosis"]["params"]["slot"]["value"].to_string(), e["count"].as_u64().unwrap())
    };
    let mut told: Vec<_> = w.events().iter().map(of).collect();
    told.sort();
    told
}

#[test]
fn wrapped_logs_are_told_as_plain_ones_are() {
    let plain = told_as(Wrap::Plain, "tm.log", "tm.log.1");
    assert_eq!(plain.len(), 6);
    assert_eq!(told_as(Wrap::Cri, "0.log", "0.log.20261122-101500"), plain);
    assert_eq!(told_as(Wrap::Docker, "4f5a-json.log", "4f5a-json.log.1"), plain);
    assert_eq!(told_as(Wrap::Ecs, "events.json", "events.json.1"), plain);
}

#[test]
fn the_links_of_a_node_lead_to_pods() {
    both(|how| {
        let mut w = Watcher::new(how);
        let pod = w.path("pods/default_job-tm-1_uid/flink");
        fs::create_dir_all(&pod).unwrap();
        let cri = |text: String| Wrap::Cri.around(&text, "stdout");
        append(&pod.join("0.log"), &cri(idle(1)));
        std::os::unix::fs::symlink(pod.join("0.log"), w.log("job-tm-1_default_flink-4f5a.log")).unwrap();
        w.start_and_wait();
        append(&pod.join("0.log"), &cri(failure(10, "s1")));
        w.within(Duration::from_secs(3), "through the link", |w| w.short() == [SLOT]);
        // the kubelet rotates what the link leads to, and packs it later
        append(&pod.join("0.log"), &cri(failure(20, "s2")));
        fs::rename(pod.join("0.log"), pod.join("0.log.20261122-101500")).unwrap();
        append(&pod.join("0.log"), &cri(failure(30, "s3")));
        w.until("all of them", |w| w.events().len() == 3);
        gzip(&pod.join("0.log.20261122-101500"));
        append(&pod.join("0.log"), &cri(failure(40, "s4")));
        w.until("the last", |w| w.events().len() == 4);
        assert_eq!(w.short(), [SLOT; 4]);
    });
}
