//! Traces: real ones, and what mails, terminals and web pages make of them.

use cdc_doctor::record::Location;
use cdc_doctor::record::normalize::record;
use cdc_doctor::trace::fingerprint::normalize;
use cdc_doctor::trace::parse::frame;
use cdc_doctor::trace::{Fingerprint, Relation, Shading, ThrowableChain, find_trace, parse};
use proptest::prelude::*;

fn shading() -> Shading {
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    Shading {
        relocations: vec![
            pair("org.apache.flink.cdc.connectors.shaded.", ""),
            pair("com.ververica.cdc.connectors.shaded.", ""),
            pair("org.apache.flink.cdc.connectors.hudi.shaded.", ""),
            pair("org.apache.flink.cdc.connectors.hudi.shaded.avro.", "org.apache.avro."),
            pair("org.apache.flink.shaded.guava31.", ""),
        ],
        renames: vec![pair("com.ververica.cdc.", "org.apache.flink.cdc.")],
    }
}

/// Relation, depth, class, message.
type Link<'a> = (Relation, u8, &'a str, &'a str);

fn links<'c>(chain: &'c ThrowableChain<'_>) -> Vec<Link<'c>> {
    chain.links.iter().map(|t| (t.relation, t.depth, t.class.as_ref(), t.message)).collect()
}

fn check(text: &str, expected: &[Link<'_>]) {
    let shading = shading();
    let from = find_trace(text, 0).unwrap_or_else(|| panic!("no trace in {text:?}"));
    let chain = parse(text, from, &shading);
    assert_eq!(links(&chain), expected, "{text}");
}

use Relation::{CausedBy, Embedded, Suppressed, Top};

const SLOTS: &str = "\
io.debezium.DebeziumException: Creation of replication slot failed
	at io.debezium.connector.postgresql.PostgresConnectorTask.start(PostgresConnectorTask.java:144) ~[flink-sql-connector-postgres-cdc-3.5.0.jar:?]
	at java.base/java.lang.Thread.run(Thread.java:840) [?:?]
Caused by: org.postgresql.util.PSQLException: ERROR: all replication slots are in use
  Hint: Free one or increase max_replication_slots.
	at org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2725) ~[flink-sql-connector-postgres-cdc-3.5.0.jar:?]
	... 12 more
";

#[test]
fn real_chain() {
    check(
        SLOTS,
        &[
            (Top, 0, "io.debezium.DebeziumException", "Creation of replication slot failed"),
            (
                CausedBy,
                0,
                "org.postgresql.util.PSQLException",
                "ERROR: all replication slots are in use\n  Hint: Free one or increase max_replication_slots.",
            ),
        ],
    );
    let shading = shading();
    let chain = parse(SLOTS, 0, &shading);
    assert_eq!(chain.links.iter().map(|t| t.frames.len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(&SLOTS[chain.links[1].start..][..10], "Caused by:");
    assert_eq!(&SLOTS[chain.links[1].message_at.clone()], chain.links[1].message);
    let first = frame(&SLOTS[chain.links[0].frames[0].clone()]).unwrap();
    assert_eq!(
        (first.class, first.method, first.file, first.line, first.artifact),
        (
            "io.debezium.connector.postgresql.PostgresConnectorTask",
            "start",
            Some("PostgresConnectorTask.java"),
            Some(144),
            Some("flink-sql-connector-postgres-cdc-3.5.0.jar")
        )
    );
}

#[test]
fn wounded_traces_say_the_same() {
    let shading = shading();
    let classes = |text: &str| -> Vec<String> {
        parse(text, find_trace(text, 0).unwrap(), &shading)
            .links
            .iter()
            .map(|t| format!("{}|{}", t.class, t.message.split_whitespace().collect::<Vec<_>>().join(" ")))
            .collect()
    };
    let whole = classes(SLOTS);
    let flattened = SLOTS.split_whitespace().collect::<Vec<_>>().join(" ");
    let blanks = SLOTS.replace('\t', "    ");
    let bare = SLOTS.replace('\t', "");
    let indented = SLOTS.lines().map(|l| format!("    {l}\n")).collect::<String>();
    let nocode = SLOTS.replace(" ~[flink-sql-connector-postgres-cdc-3.5.0.jar:?]", "");
    let windows = SLOTS.replace('\n', "\r\n");
    let html = SLOTS.replace("org.postgresql.core", "&lt;x&gt;org.postgresql.core");
    let quoted = SLOTS.lines().map(|l| format!("> {l}\n")).collect::<String>();
    for text in [&flattened, &blanks, &bare, &indented, &nocode] {
        assert_eq!(classes(text), whole, "{text}");
    }
    for raw in [&windows, &quoted, &html] {
        let r = record(raw.as_bytes(), Location { line: 1, byte: 0 }, false);
        assert_eq!(classes(&r.text), whole, "{raw}");
    }
}

#[test]
fn suppressed_throwables_do_not_become_the_root() {
    let text = "\
org.postgresql.util.PSQLException: FATAL: no pg_hba.conf entry for host \"10.0.0.1\", SSL encryption
	at a.B.c(B.java:1)
	Suppressed: org.postgresql.util.PSQLException: FATAL: no pg_hba.conf entry for host \"10.0.0.1\", no encryption
		at a.B.c(B.java:2)
		... 3 more
	Caused by: java.io.IOException: under the suppressed one
		at a.B.c(B.java:3)
		Suppressed: x.YException: two deep
			at a.B.c(B.java:4)
Caused by: java.net.ConnectException: Connection refused
	... 36 more
";
    check(
        text,
        &[
            (
                Top,
                0,
                "org.postgresql.util.PSQLException",
                "FATAL: no pg_hba.conf entry for host \"10.0.0.1\", SSL encryption",
            ),
            (
                Suppressed,
                1,
                "org.postgresql.util.PSQLException",
                "FATAL: no pg_hba.conf entry for host \"10.0.0.1\", no encryption",
            ),
            (Suppressed, 1, "java.io.IOException", "under the suppressed one"),
            (Suppressed, 2, "x.YException", "two deep"),
            (CausedBy, 0, "java.net.ConnectException", "Connection refused"),
        ],
    );
    let shading = shading();
    assert_eq!(parse(text, 0, &shading).root().unwrap().message, "Connection refused");
}

#[test]
fn messages_keep_all_their_lines() {
    check(
        "org.apache.flink.table.api.ValidationException: Could not find any factory for identifier 'x'.\n\nAvailable factory identifiers are:\n\nblackhole\nprint: [a, b]\n\tat a.B.c(B.java:1)\n",
        &[(
            Top,
            0,
            "org.apache.flink.table.api.ValidationException",
            "Could not find any factory for identifier 'x'.\n\nAvailable factory identifiers are:\n\nblackhole\nprint: [a, b]",
        )],
    );
    check(
        "x.YException: it was Caused by: bad luck [really]: 1 at 2\n  Подробности: строка\n  详细：行\n\tat a.B.c(B.java:1)\n",
        &[(Top, 0, "x.YException", "it was Caused by: bad luck [really]: 1 at 2\n  Подробности: строка\n  详细：行")],
    );
    check(
        "com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure\n\nThe last packet sent successfully to the server was 0 milliseconds ago.\n\tat a.B.c(B.java:1)\n",
        &[(
            Top,
            0,
            "com.mysql.cj.jdbc.exceptions.CommunicationsException",
            "Communications link failure\n\nThe last packet sent successfully to the server was 0 milliseconds ago.",
        )],
    );
    check("java.lang.NullPointerException\n\tat a.B.c(B.java:1)\n", &[(Top, 0, "java.lang.NullPointerException", "")]);
    check("x.YException:\nresponseBody: {}\n\tat a.B.c(B.java:1)\n", &[(Top, 0, "x.YException", "responseBody: {}")]);
}

#[test]
fn classes_inside_messages_are_unwrapped() {
    check(
        "org.apache.flink.util.SerializedThrowable: io.debezium.DebeziumException: org.postgresql.util.PSQLException: FATAL: x\n  Detail: y\n",
        &[
            (
                Top,
                0,
                "org.apache.flink.util.SerializedThrowable",
                "io.debezium.DebeziumException: org.postgresql.util.PSQLException: FATAL: x\n  Detail: y",
            ),
            (Embedded, 0, "io.debezium.DebeziumException", "org.postgresql.util.PSQLException: FATAL: x\n  Detail: y"),
            (Embedded, 0, "org.postgresql.util.PSQLException", "FATAL: x\n  Detail: y"),
        ],
    );
    check(
        "Caused by: java.lang.NoClassDefFoundError: org.x.YException: z\n",
        &[(CausedBy, 0, "java.lang.NoClassDefFoundError", "org.x.YException: z")],
    );
}

#[test]
fn shaded_classes_get_their_own_names_and_messages_do_not() {
    check(
        "com.ververica.cdc.connectors.shaded.org.apache.kafka.connect.errors.ConnectException: com.ververica.cdc.X failed\n\tat com.ververica.cdc.Y.z(Y.java:1)\n",
        &[(Top, 0, "org.apache.kafka.connect.errors.ConnectException", "com.ververica.cdc.X failed")],
    );
    let s = shading();
    let class = |c| s.canonical(c).into_owned();
    assert_eq!(class("com.ververica.cdc.debezium.Foo"), "org.apache.flink.cdc.debezium.Foo");
    assert_eq!(class("org.apache.flink.cdc.connectors.hudi.shaded.avro.Schema"), "org.apache.avro.Schema");
    assert_eq!(
        class("org.apache.flink.cdc.connectors.shaded.org.apache.flink.shaded.guava31.com.google.X"),
        "com.google.X"
    );
    assert!(matches!(s.canonical("org.postgresql.Driver"), std::borrow::Cow::Borrowed("org.postgresql.Driver")));
    assert!(matches!(
        s.canonical("org.apache.flink.shaded.guava31.com.google.X"),
        std::borrow::Cow::Borrowed("com.google.X")
    ));
    let json = serde_json::to_string(&s).unwrap();
    assert_eq!(serde_json::from_str::<Shading>(&json).unwrap(), s);
    assert!(
        serde_json::from_str::<Shading>(
            r#"{"relocations": [{"prefix": "a.", "becomes": ""}], "renames": [{"from": "a.", "to": "b."}]}"#
        )
        .is_ok()
    );
    let round = Shading { relocations: vec![("a.".into(), "a.a.".into())], renames: vec![] };
    assert!(round.canonical("a.X").ends_with("a.X"));
}

#[test]
fn traces_begin_where_they_begin() {
    let at = |text: &str| find_trace(text, 0).map(|n| text[n..].chars().take(12).collect::<String>());
    let found = |text: &str, begin: &str| assert_eq!(at(text).as_deref(), Some(begin), "{text}");
    found("Task switched to FAILED with failure cause: x.YException: m\n\tat a.B.c(B.java:1)", "x.YException");
    found("It failed: x.YException: m\n  Hint: h\n\tat a.B.c(B.java:1)", "x.YException");
    found("Unexpected\n\tat a.B.c(B.java:1)", "at a.B.c(B.j");
    found("Caused by: x.YException: m", "Caused by: x");
    found("Wrapped by: x.YException: m", "Wrapped by: ");
    found("Exception in thread \"main x\" x.YException: m", "Exception in");
    found("cut\n... 3 more\nCaused by: x.YException: m", "... 3 more\nC");
    found("a.b.NoSuffix: m\n\tat a.B.c(B.java:1)", "a.b.NoSuffix");
    found("scala.MatchError: 1", "scala.MatchE");
    found("2026 msg x.YException: m at a.B.c(B.java:1) at a.B.d(B.java:2)", "x.YException");
    for none in [
        "",
        "nothing",
        "it is caused by: x",
        "see x.YException: m",
        "host db.example.com: down",
        "Caused by: bad luck",
        "at noon (12:00)",
        "x.YException happened",
    ] {
        assert_eq!(at(none), None, "{none}");
    }
}

#[test]
fn odd_shapes() {
    check("Exception in thread \"main\" x.YException: m\n\tat a.B.c(B.java:1)\n", &[(Top, 0, "x.YException", "m")]);
    check(
        "\tat a.B.c(B.java:1)\nCaused by: x.YException: m\n",
        &[(Top, 0, "", ""), (CausedBy, 0, "x.YException", "m")],
    );
    check(
        "Wrapped by: x.YException: m\n\tat a.B.c(B.java:1)\n\t... 22 common frames omitted\nWrapped by: x.Z: n\n\tat a.B.c(B.java:1)\n",
        &[(CausedBy, 0, "x.YException", "m"), (CausedBy, 0, "x.Z", "n")],
    );
    check(
        "x.YException: m\n\tat a.B.c(B.java:1)\n\t[CIRCULAR REFERENCE: x.YException: m]\nCaused by: [CIRCULAR REFERENCE: x.YException: m]\n",
        &[(Top, 0, "x.YException", "m")],
    );
    check(
        "Caused by: PSQLException: m\nCaused by: out of luck\n",
        &[(CausedBy, 0, "PSQLException", "m"), (CausedBy, 0, "", "out of luck")],
    );
    check(
        "x.YException: m\nx.ZException: n\n\tat a.B.c(B.java:1)\nsome line of another program\nx.VException: o\n",
        &[(Top, 0, "x.YException", "m"), (Top, 0, "x.ZException", "n"), (Top, 0, "x.VException", "o")],
    );
    let long = format!("{}YException", "very.long.".repeat(500));
    check(&format!("{long}: m\n"), &[(Top, 0, &long, "m")]);
}

#[test]
fn frames_of_all_kinds() {
    for (line, class, method, file, number, artifact) in [
        (
            "\tat java.base/java.lang.Thread.run(Thread.java:840) ~[?:?]",
            "java.lang.Thread",
            "run",
            Some("Thread.java"),
            Some(840),
            None,
        ),
        ("at app//org.x.Y.<init>(Y.java)", "org.x.Y", "<init>", Some("Y.java"), None, None),
        (
            "  at platform/java.sql@17.0.1/java.sql.Driver.go(Driver.java:1)",
            "java.sql.Driver",
            "go",
            Some("Driver.java"),
            Some(1),
            None,
        ),
        (
            "\tat x.Foo$$Lambda$845/0x0000000840f3c440.run(Unknown Source)",
            "x.Foo$$Lambda$845/0x0000000840f3c440",
            "run",
            None,
            None,
            None,
        ),
        ("\tat x.Foo$$Lambda/0x00007f.run(Unknown Source)", "x.Foo$$Lambda/0x00007f", "run", None, None, None),
        ("\tat jdk.proxy2/jdk.proxy2.$Proxy31.x(Unknown Source)", "jdk.proxy2.$Proxy31", "x", None, None, None),
        ("\tat x.Y.invoke0(Native Method) ~[?:1.8.0_292]", "x.Y", "invoke0", None, None, None),
        (
            "\tat scala.PartialFunction.applyOrElse$(PartialFunction.scala:127) [flink-rpc-akka6ccc1f3b-1.jar:1.20.5]",
            "scala.PartialFunction",
            "applyOrElse$",
            Some("PartialFunction.scala"),
            Some(127),
            Some("flink-rpc-akka6ccc1f3b-1.jar"),
        ),
        (
            "\tat x.Y.z(Y.java:1) [flink-dist-1.20.5.jar:1.20.5]",
            "x.Y",
            "z",
            Some("Y.java"),
            Some(1),
            Some("flink-dist-1.20.5.jar"),
        ),
        ("\tat Main.main(Main.java:3)", "Main", "main", Some("Main.java"), Some(3), None),
    ] {
        let f = frame(line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!((f.class, f.method, f.file, f.line, f.artifact), (class, method, file, number, artifact), "{line}");
    }
    for bad in ["", "at", "at noon (12:00)", "at x.Y.z", "x.Y.z(Y.java:1)", "\tat x.Y.z(Y.java"] {
        assert_eq!(frame(bad), None, "{bad}");
    }
}

#[test]
fn fingerprints_forget_what_changes() {
    let shading = shading();
    let of = |text: &str| Fingerprint::of(&parse(text, 0, &shading), text, &shading);
    let one = of(
        "x.YException: slot \"a\" at 0/192FC50, pid 77\n\tat x.Y.z(Y.java:1)\n\tat java.lang.Thread.run(Thread.java:9)\n",
    );
    let two = of(
        "x.YException: slot \"b\" at 1/5000AB, pid 12345\n\tat x.Y.z(Y.java:20)\n\tat java.base/java.lang.Thread.run(Thread.java:8)\n",
    );
    assert_eq!(one, two);
    assert_ne!(one, of("x.ZException: slot \"a\" at 0/192FC50, pid 77\n\tat x.Y.z(Y.java:1)\n"));
    let printed = one.to_string();
    assert!(printed.starts_with("v1:") && printed.len() == 15);
    assert_eq!(printed.parse::<Fingerprint>().unwrap(), one);
    assert_eq!(serde_json::from_str::<Fingerprint>(&serde_json::to_string(&one).unwrap()).unwrap(), one);
    assert!("v2:0123456789ab".parse::<Fingerprint>().is_err() && "v1:+12345678901".parse::<Fingerprint>().is_err());
    for (text, normal) in [
        ("no numbers", "no numbers"),
        ("task 6a3d70107ad85b1f6b7b662bff149a03", "task #"),
        ("id 123e4567-e89b-12d3-a456-426614174000!", "id #!"),
        ("10.0.0.1:5432", "#.#.#.#:#"),
        ("2026-11-22T14:11:39Z", "#-#-#T#:#:#Z"),
        ("LSN{0/192FC50}", "LSN{#/#}"),
        ("x.Foo$$Lambda$845/0x0000000840f3c440.run", "x.Foo$$Lambda$#/#.run"),
        ("jdk.proxy2.$Proxy31", "jdk.proxy#.$Proxy#"),
        ("don't use 'x' or \"y\" with UTF8", "don't use '#' or \"#\" with UTF8"),
        ("deadbeef", "deadbeef"),
    ] {
        assert_eq!(normalize(text), normal);
    }
}

#[test]
fn hostile_texts_take_no_time() {
    let shading = shading();
    let hostile = [
        "Caused by: ".repeat(100_000),
        "Caused by: \n".repeat(100_000),
        "Caused by: x.YException: \n".repeat(40_000),
        "x.YException: ".repeat(80_000),
        " at a.b".repeat(150_000),
        " at a.b.c(".repeat(100_000),
        "at a.b.c(D.java:1) ".repeat(50_000),
        format!("x.Y{}", "\nx.Y".repeat(200_000)),
        "\tSuppressed: x.YException\n".repeat(40_000),
        "[".repeat(1_000_000),
        "\n".repeat(1_000_000),
        "x.".repeat(500_000),
        (0..1400).map(|n| format!("{}Suppressed: x.YException\n", "\t".repeat(n))).collect(),
    ];
    for text in hostile {
        let begun = std::time::Instant::now();
        let record = record(text.as_bytes(), Location { line: 1, byte: 0 }, false);
        let chain = parse(&record.text, 0, &shading);
        let _ = Fingerprint::of(&chain, &record.text, &shading);
        let took = begun.elapsed();
        assert!(took.as_millis() < 2000, "{took:?} for {:?}", text.chars().take(40).collect::<String>());
    }
}

fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n"),
        Just("\t"),
        Just(" "),
        Just("at "),
        Just("a.b.C.d(C.java:1)"),
        Just("Caused by: "),
        Just("Suppressed: "),
        Just("... 3 more"),
        Just("x.YException"),
        Just(": "),
        Just("~[a-1.jar:1]"),
        Just("[CIRCULAR REFERENCE: "),
        Just("message"),
        Just("ошибка"),
        Just("错误"),
        Just("("),
        Just(")"),
        Just("Exception in thread \"x\" "),
        Just("&lt;"),
        Just("> "),
        Just("java.lang.NoClassDefFoundError"),
        Just("\u{2028}"),
        Just("/"),
        Just("0x1"),
        Just("."),
    ];
    prop_oneof![8 => prop::collection::vec(piece, 0..40).prop_map(|p| p.concat()), 1 => any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsing_is_total(text in texts(), from in 0usize..40) {
        let shading = shading();
        let found = find_trace(&text, from);
        if let Some(at) = found {
            prop_assert!(at >= from && text.is_char_boundary(at));
            prop_assert!(!parse(&text, at, &shading).is_empty() || text[at..].starts_with("...") || text[at..].contains("[CIRCULAR"), "{:?}", &text[at..]);
        }
        let chain = parse(&text, from, &shading);
        let mut before = 0;
        for link in &chain.links {
            prop_assert!(link.start >= before && text.get(link.message_at.clone()) == Some(link.message));
            before = link.start;
            prop_assert!(link.start <= link.message_at.start);
            for range in &link.frames {
                prop_assert!(frame(text.get(range.clone()).unwrap()).is_some());
            }
        }
        let _ = Fingerprint::of(&chain, &text, &shading);
        let _ = normalize(&text);
    }
}
