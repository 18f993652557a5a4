//! `attach`: the requests that each ticket system gets, what becomes of its answers, and that the token goes nowhere else.

#![cfg(feature = "attach")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/contract.rs"]
mod contract;

use std::time::Duration;

use cdc_doctor::attach::http::Client;
use cdc_doctor::attach::{Attached, Done, Kind, Outcome, Patience, Post, Refused, System, Target, attach, plan};
use contract::{Exchange, NEW, OLD, Server, TOKEN, exchange};

fn post() -> Post {
    Post {
        title: "job down".into(),
        body: NEW.into(),
        mark: Some("fingerprint v1:0123456789abcdef".into()),
        report: serde_json::json!({"schema": "cdc-doctor/report/v1"}),
        files: Vec::new(),
    }
}

fn with_file() -> Post {
    Post { files: vec![Attached { name: "case.tar.zst".into(), bytes: b"BYTES".to_vec() }], ..post() }
}

fn kind(to: &str) -> Kind {
    match Target::parse(to).unwrap() {
        Target::Ticket(kind) => kind,
        Target::Folder(dir) => panic!("{dir}"),
    }
}

/// What happened, and the waits in milliseconds.
fn run(to: &str, post: &Post, user: Option<&str>, exchanges: Vec<Exchange>) -> (Result<Done, Refused>, Vec<u128>) {
    let server = Server::start(exchanges);
    let to = to.replace("{host}", &server.url);
    let token = (!to.starts_with("webhook")).then_some(TOKEN);
    let system = System::new(kind(&to), Some(&server.url), token, user, false).unwrap();
    let client = Client::new(None).unwrap();
    let mut waits = Vec::new();
    let patience = Patience { tries: 4, first: Duration::from_millis(100), most: Duration::from_mins(1) };
    let done = attach(&system, post, &mut |r| client.send(r), &mut |d| waits.push(d.as_millis()), patience);
    if let Err(refused) = &done {
        assert!(!format!("{refused:?}").contains(TOKEN), "{refused:?}");
    }
    server.finish();
    (done, waits)
}

fn outcome(to: &str, post: &Post, names: &[&str]) -> Outcome {
    let (done, waits) = run(to, post, None, names.iter().map(|n| exchange(n)).collect());
    assert_eq!(waits, [0_u128; 0]);
    done.unwrap().outcome
}

#[test]
fn each_system_gets_what_its_documentation_says() {
    let cases: [(&str, Post, &[&str], Outcome); 11] = [
        ("github:octo/shop#7", post(), &["github/find", "github/update"], Outcome::Updated),
        ("github:octo/shop#7", post(), &["github/find_none", "github/create"], Outcome::Added),
        ("gitlab:team/data/shop#12", post(), &["gitlab/find", "gitlab/update"], Outcome::Updated),
        ("gitlab:team/data/shop!12", post(), &["gitlab/find_merge", "gitlab/update_merge"], Outcome::Updated),
        ("gitlab:team/data/shop#12", post(), &["gitlab/find_none", "gitlab/create"], Outcome::Added),
        ("jira:OPS-12", post(), &["jira/find", "jira/update"], Outcome::Updated),
        ("jira:OPS-12", with_file(), &["jira/find", "jira/files", "jira/upload", "jira/update"], Outcome::Updated),
        ("redmine:12", post(), &["redmine/find", "redmine/update"], Outcome::Updated),
        ("redmine:12", with_file(), &["redmine/find", "redmine/upload", "redmine/create"], Outcome::Added),
        ("redmine:12", with_file(), &["redmine/find_none", "redmine/upload", "redmine/create"], Outcome::Added),
        ("webhook:{host}/hooks/T0/B0", Post { title: "{title}".into(), ..post() }, &["webhook/post"], Outcome::Added),
    ];
    for (to, post, names, expected) in cases {
        assert_eq!(outcome(to, &post, names), expected, "{to} {names:?}");
    }
}

#[test]
fn jira_in_the_cloud_wants_a_login_beside_the_token() {
    let exchanges = vec![exchange("jira/find_cloud"), exchange("jira/create_cloud")];
    let (done, _) = run("jira:OPS-12", &post(), Some("doctor@example.com"), exchanges);
    let place = done.unwrap().place.unwrap();
    assert!(place.ends_with("/browse/OPS-12?focusedCommentId=10002"), "{place}");
}

#[test]
fn a_file_for_gitlab_is_linked_from_the_comment() {
    let server = Server::start(vec![
        exchange("gitlab/find_none"),
        exchange("gitlab/upload"),
        Exchange {
            body: Some(format!(
                "{{\"body\": {}}}",
                serde_json::json!(format!(
                    "{NEW}\n\n[case.tar.zst](/uploads/66dbcd21ec5d24ed6ea225176098d52b/case.tar.zst)\n"
                ))
            )),
            ..exchange("gitlab/create")
        },
    ]);
    let system = System::new(kind("gitlab:team/data/shop#12"), Some(&server.url), Some(TOKEN), None, false).unwrap();
    let client = Client::new(None).unwrap();
    let done = attach(&system, &with_file(), &mut |r| client.send(r), &mut |_| {}, Patience::default()).unwrap();
    assert!(done.place.unwrap().ends_with("/team/data/shop/-/issues/12#note_303"));
    server.finish();
}

#[test]
fn github_takes_no_files_and_it_is_said() {
    let (done, _) =
        run("github:octo/shop#7", &with_file(), None, vec![exchange("github/find_none"), exchange("github/create")]);
    let done = done.unwrap();
    assert_eq!(done.notes, ["GitHub takes no files over its API; attach case.tar.zst by hand"]);
    assert!(done.place.unwrap().ends_with("/octo/shop/issues/7#issuecomment-1004"));
}

#[test]
fn what_is_there_already_is_not_said_again() {
    let same = Post { body: format!("{}\r\n", OLD.replace('\n', " \r\n")), ..post() };
    assert_eq!(outcome("github:octo/shop#7", &same, &["github/find"]), Outcome::Unchanged);
}

#[test]
fn a_quotation_of_our_comment_and_a_longer_fingerprint_are_not_ours() {
    let page = exchange("github/find").text.replace("{old}", "cdc-doctor 1.0.0 · fingerprint v1:0123456789abcdef0");
    let other = exchange("github/find").answering(&["200"], &page);
    let (done, _) = run("github:octo/shop#7", &post(), None, vec![other, exchange("github/create")]);
    assert_eq!(done.unwrap().outcome, Outcome::Added);
}

#[test]
fn all_pages_are_looked_through() {
    let filler: Vec<serde_json::Value> = (0..100).map(|i| serde_json::json!({"id": i, "body": "hello"})).collect();
    let full = exchange("github/find").answering(&["200"], &serde_json::to_string(&filler).unwrap());
    let second = Exchange { request: full.request.replace("&page=1", "&page=2"), ..exchange("github/find") };
    let (done, _) = run("github:octo/shop#7", &post(), None, vec![full, second, exchange("github/update")]);
    assert_eq!(done.unwrap().outcome, Outcome::Updated);

    let issues: Vec<serde_json::Value> =
        (0..100).map(|i| serde_json::json!({"id": format!("{i}"), "body": "hello"})).collect();
    let page = serde_json::json!({"startAt": 0, "maxResults": 100, "total": 102, "comments": issues});
    let full = exchange("jira/find").answering(&["200"], &page.to_string());
    let page = exchange("jira/find")
        .text
        .replace("\"startAt\": 0", "\"startAt\": 100")
        .replace("\"total\": 2", "\"total\": 102");
    let second = Exchange {
        request: full.request.replace("startAt=0", "startAt=100"),
        ..exchange("jira/find").answering(&["200"], &page)
    };
    let (done, _) = run("jira:OPS-12", &post(), None, vec![full, second, exchange("jira/update")]);
    assert_eq!(done.unwrap().outcome, Outcome::Updated);
}

#[test]
fn a_comment_that_may_not_be_changed_is_added_anew() {
    for status in ["403", "404"] {
        let refused = exchange("github/update").answering(&[status], "{\"message\": \"Must have admin rights\"}");
        let (done, _) =
            run("github:octo/shop#7", &post(), None, vec![exchange("github/find"), refused, exchange("github/create")]);
        let done = done.unwrap();
        assert_eq!(done.outcome, Outcome::Added);
        assert!(done.notes[0].contains(status), "{:?}", done.notes);
    }
}

#[test]
fn refusals_say_what_to_do() {
    let cases = [
        (
            "401",
            "{\"message\": \"Bad credentials\"}",
            "answers 401: Bad credentials",
            "the token in GITHUB_TOKEN is missing, wrong or expired",
        ),
        ("403", "{\"message\": \"Resource not accessible by integration\"}", "answers 403", "may not comment there"),
        ("404", "{\"message\": \"Not Found\"}", "answers 404: Not Found", "there is no such ticket"),
        ("413", "", "answers 413", "too large"),
        (
            "422",
            "{\"message\": \"Validation Failed\", \"errors\": [{\"field\": \"body\"}]}",
            "answers 422: Validation Failed",
            "locked or closed",
        ),
        ("400", "<html>", "answers 400", "no request that GitHub takes"),
    ];
    for (status, text, what, hint) in cases {
        let echo = text.replace("credentials", &format!("credentials {TOKEN}\\u001b[31m"));
        let answer = exchange("github/create").answering(&[status, "Content-Type: application/json"], &echo);
        let (done, waits) = run("github:octo/shop#7", &post(), None, vec![exchange("github/find_none"), answer]);
        let refused = done.unwrap_err();
        assert!(refused.what.contains(what), "{refused:?}");
        assert!(refused.hint.as_deref().unwrap().contains(hint), "{refused:?}");
        assert!(!refused.what.contains('\u{1b}'), "{refused:?}");
        assert!(waits.is_empty());
    }
}

#[test]
fn redirects_are_refused() {
    for status in ["301", "302", "307", "308"] {
        let answer = exchange("github/find").answering(&[status, "Location: https://evil.example/steal?x=1"], "");
        let (done, _) = run("github:octo/shop#7", &post(), None, vec![answer]);
        let refused = done.unwrap_err();
        assert!(refused.hint.as_deref().unwrap().contains("redirects are not followed"), "{refused:?}");
        assert!(refused.hint.unwrap().contains("(https://evil.example)"));
    }
}

#[test]
fn limits_and_troubles_are_waited_out() {
    let limited = |headers: &[&str]| exchange("github/find").answering(headers, "{\"message\": \"slow down\"}");
    let tail = || vec![exchange("github/find"), exchange("github/update")];
    let cases: [(&[&str], u128); 7] = [
        (&["429", "Retry-After: 7"], 7000),
        (&["403", "Retry-After: 3"], 3000),
        (&["429", "Date: Sun, 22 Nov 2026 10:00:00 GMT", "Retry-After: Sun, 22 Nov 2026 10:00:09 GMT"], 9000),
        // 1795341605 is 2026-11-22 10:00:05 UTC
        (
            &[
                "403",
                "Date: Sun, 22 Nov 2026 10:00:00 GMT",
                "X-RateLimit-Remaining: 0",
                "X-RateLimit-Reset: 1795341605",
            ],
            5000,
        ),
        (&["429", "Date: Sun, 22 Nov 2026 10:00:00 GMT", "RateLimit-Reset: 1795341602"], 2000),
        (&["502"], 100),
        (&["503", "Retry-After: 1"], 1000),
    ];
    for (headers, wait) in cases {
        let mut exchanges = vec![limited(headers)];
        exchanges.extend(tail());
        let (done, waits) = run("github:octo/shop#7", &post(), None, exchanges);
        assert_eq!(done.unwrap().outcome, Outcome::Updated, "{headers:?}");
        assert_eq!(waits, [wait], "{headers:?}");
    }
    // each wait is twice as long, and there is an end
    let (done, waits) = run("github:octo/shop#7", &post(), None, vec![limited(&["500"]); 4]);
    assert!(done.unwrap_err().hint.unwrap().contains("GitHub is in trouble"));
    assert_eq!(waits, [100, 200, 400]);
    // nobody waits for an hour
    let (done, waits) = run("github:octo/shop#7", &post(), None, vec![limited(&["429", "Retry-After: 3600"])]);
    assert!(done.unwrap_err().what.contains("asks to wait 3600 s"));
    assert!(waits.is_empty());
}

#[test]
fn a_comment_that_may_have_been_added_is_looked_for_before_it_is_added_again() {
    let broken = || exchange("github/create").answering(&["502"], "bad gateway");
    // it was added
    let text = exchange("github/find").text.replace("{old}", "{body}");
    let there = exchange("github/find").answering(&["200"], &text);
    let (done, _) = run("github:octo/shop#7", &post(), None, vec![exchange("github/find_none"), broken(), there]);
    assert_eq!(done.unwrap().outcome, Outcome::Added);
    // it was not
    let exchanges =
        vec![exchange("github/find_none"), broken(), exchange("github/find_none"), exchange("github/create")];
    let (done, _) = run("github:octo/shop#7", &post(), None, exchanges);
    assert_eq!(done.unwrap().outcome, Outcome::Added);
    // a limit is checked before anything is done
    let limited = exchange("github/create").answering(&["429", "Retry-After: 1"], "");
    let exchanges = vec![exchange("github/find_none"), limited, exchange("github/create")];
    assert_eq!(run("github:octo/shop#7", &post(), None, exchanges).0.unwrap().outcome, Outcome::Added);
}

#[test]
fn nobody_there_is_said_after_some_tries() {
    let system = System::new(kind("redmine:1"), Some("http://127.0.0.1:9"), Some(TOKEN), None, false).unwrap();
    let client = Client::new(None).unwrap();
    let mut waits = 0;
    let refused =
        attach(&system, &post(), &mut |r| client.send(r), &mut |_| waits += 1, Patience::default()).unwrap_err();
    assert!(refused.what.contains("cannot be reached"), "{refused:?}");
    assert_eq!(waits, 4);
    let system =
        System::new(kind("redmine:1"), Some("https://no-such-host.invalid"), Some(TOKEN), None, false).unwrap();
    let refused = attach(&system, &post(), &mut |r| client.send(r), &mut |_| {}, Patience::default()).unwrap_err();
    assert!(refused.what.contains("no-such-host.invalid"), "{refused:?}");
}

#[test]
fn a_server_that_is_no_ticket_system_is_told() {
    for text in ["<html>hello</html>", "{}", "7"] {
        let answer = exchange("github/find").answering(&["200"], text);
        let (done, _) = run("github:octo/shop#7", &post(), None, vec![answer]);
        assert!(done.unwrap_err().what.contains("something else than comments"));
    }
}

#[test]
fn targets_and_addresses() {
    for bad in [
        "github:octo#7",
        "github:octo/shop",
        "github:octo/shop#0",
        "github:a/../b#1",
        "gitlab:shop#1",
        "gitlab:a/b",
        "gitlab:a/../b#1",
        "jira:12",
        "jira:OPS-",
        "redmine:x",
        "webhook:ftp://x",
        "file:",
        "trello:1",
        "nothing",
    ] {
        assert!(Target::parse(bad).is_err(), "{bad}");
    }
    assert_eq!(Target::parse("file:/tmp/x").unwrap(), Target::Folder("/tmp/x".into()));
    let make = |to: &str, url: Option<&str>, clear| System::new(kind(to), url, Some(TOKEN), None, clear);
    let address = |to: &str, url: Option<&str>| make(to, url, false).unwrap().address().to_owned();
    assert_eq!(address("github:a/b#1", None), "https://api.github.com");
    assert_eq!(address("github:a/b#1", Some("https://ghe.example/")), "https://ghe.example/api/v3");
    assert_eq!(address("github:a/b#1", Some("https://ghe.example/api/v3")), "https://ghe.example/api/v3");
    assert_eq!(address("gitlab:a/b#1", Some("https://host.example/gitlab")), "https://host.example/gitlab/api/v4");
    assert_eq!(address("jira:A-1", Some("https://x.atlassian.example")), "https://x.atlassian.example/rest/api/2");
    assert_eq!(address("webhook:https://hooks.example/T0/secret", None), "https://hooks.example");
    assert!(make("jira:A-1", None, false).unwrap_err().hint.unwrap().contains("JIRA_URL"));
    // a token does not cross a network in clear
    for bad in ["http://redmine.example", "http://127.0.0.1.evil.example", "http://localhost.evil.example"] {
        assert!(make("redmine:1", Some(bad), false).unwrap_err().what.contains("in clear"), "{bad}");
        assert!(make("redmine:1", Some(bad), true).is_ok());
    }
    for bad in ["ftp://x", "https://", "https://u:p@host", "redmine.example", "https://a b"] {
        assert!(make("redmine:1", Some(bad), true).is_err(), "{bad}");
    }
}

#[test]
fn a_dry_run_shows_everything_but_the_secret() {
    let system = System::new(kind("gitlab:a/b#1"), None, Some(TOKEN), None, false).unwrap();
    let shown: String = plan(&system, &with_file()).iter().map(|r| format!("{r}\n{r:?}\n")).collect();
    assert!(shown.contains("POST https://gitlab.com/api/v4/projects/a%2Fb/issues/1/notes"), "{shown}");
    assert!(shown.contains("PRIVATE-TOKEN: ***") && shown.contains("fingerprint v1:0123456789abcdef"));
    assert!(shown.contains("case.tar.zst (5 bytes)"));
    assert!(!shown.contains(TOKEN) && !format!("{system:?}").contains(TOKEN));
}
