//! Reports as the engine would make them, from the real logs of the lab: one case a verdict and a shape of output.

use std::collections::BTreeMap;

use cdc_doctor::report::*;

pub const TM: &str = "taskmanager.log";

#[allow(clippy::unnecessary_wraps, reason = "the fields it fills are options")]
pub fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

pub fn report(kind: VerdictKind) -> Report {
    Report::empty(Tool { version: "0.1.0".into(), rules: "0a1b2c3d".into(), causes: 311 }, kind)
}

pub fn input(path: &str, kind: &str, lines: u64, bytes: u64, first: &str, last: &str) -> Input {
    let day = |clock: &str| Some(format!("2026-11-22T{clock}"));
    Input {
        path: path.into(),
        kind: kind.into(),
        format: "log4j2".into(),
        status: "read".into(),
        bytes,
        lines,
        records: lines / 2,
        first_time: day(first),
        last_time: day(last),
        skipped: None,
        ends_inside_record: false,
    }
}

/// A piece of evidence; `hit` is the part that the rule matched.
pub fn piece(path: &str, line: u64, role: &str, content: &str, hit: &str) -> Evidence {
    let start = content.find(hit).unwrap();
    Evidence {
        path: path.into(),
        line,
        offset: line * 100,
        role: role.into(),
        time: None,
        level: None,
        logger: None,
        text: content.into(),
        highlight: (!hit.is_empty()).then_some([start, start + hit.len()]),
        class: None,
        raw_class: None,
        record_line: line,
        record_lines: 1,
        record: None,
        english: None,
        repeats: None,
    }
}

/// The same for a line that is the header of its record.
pub fn header(path: &str, line: u64, role: &str, content: &str, hit: &str) -> Evidence {
    let mut words = content.split_whitespace();
    let time = format!("{} {}", words.next().unwrap(), words.next().unwrap());
    let (level, logger) = (text(words.next().unwrap()), text(words.next().unwrap()));
    Evidence { time: Some(time), level, logger, ..piece(path, line, role, content, hit) }
}

pub fn params(list: &[(&str, &str, u64)]) -> BTreeMap<String, Param> {
    let param = |(name, value, line): &(&str, &str, u64)| {
        ((*name).to_owned(), Param { value: (*value).into(), from: TM.into(), kind: "log".into(), line: *line })
    };
    list.iter().map(param).collect()
}

/// Marks every occurrence of a value in a text as coming from a parameter.
pub fn slots(content: &str, values: &[(&str, &str)]) -> Vec<Slot> {
    let mut slots: Vec<Slot> = values
        .iter()
        .flat_map(|(param, value)| {
            content.match_indices(value).map(|(start, _)| Slot {
                start,
                end: start + value.len(),
                param: (*param).into(),
            })
        })
        .collect();
    slots.sort_by_key(|slot| slot.start);
    slots
}

pub fn check(id: &str, sql: &str, healthy: &str, run_as: &str) -> Check {
    Check {
        id: id.into(),
        ask: format!("What is the {id}?"),
        kind: "sql".into(),
        on: "postgres".into(),
        text: sql.into(),
        text_params: Vec::new(),
        expect: None,
        healthy: (!healthy.is_empty()).then(|| healthy.to_owned()),
        reading: Vec::new(),
        run_as: run_as.into(),
        versions: None,
        changes: false,
        missing: Vec::new(),
        variables: Vec::new(),
    }
}

pub fn step(action: &str, kind: &str, content: &str) -> Fix {
    Fix {
        action: action.into(),
        owner: "dba".into(),
        kind: kind.into(),
        text: content.into(),
        text_params: Vec::new(),
        file: None,
        run_as: None,
        changes: false,
        then: Vec::new(),
        risk: "none".into(),
        risk_note: None,
        on: BTreeMap::new(),
        missing: Vec::new(),
        variables: Vec::new(),
        system: if kind == "sql" { "postgres" } else { "" }.into(),
    }
}

pub fn diagnosis(cause: &str, headline: &str, values: &[(&str, &str, u64)]) -> Diagnosis {
    let pairs: Vec<(&str, &str)> =
        values.iter().map(|(name, value, _)| (*name, *value)).filter(|(_, v)| v.len() > 2).collect();
    Diagnosis {
        id: "v1:0123456789ab".into(),
        cause: cause.into(),
        basis: "log".into(),
        category: "test".into(),
        confidence: Confidence::Certain,
        state: State::Ongoing,
        impact: "down".into(),
        jobs: Vec::new(),
        title: headline.into(),
        headline: headline.into(),
        headline_params: slots(headline, &pairs),
        why: String::new(),
        count: 2,
        lines: 6,
        first_seen: None,
        last_seen: None,
        last_healthy: None,
        attempts: Vec::new(),
        retry: None,
        job_state: None,
        params: params(values),
        evidence: Vec::new(),
        surfaced_as: Vec::new(),
        folded: Vec::new(),
        alternatives: Vec::new(),
        ruled_out: Vec::new(),
        may_hide: Vec::new(),
        misleading: Vec::new(),
        facts: Vec::new(),
        checks: Vec::new(),
        fix: Vec::new(),
        never: Vec::new(),
        see: Vec::new(),
        missing: Vec::new(),
        rule: RuleRef { file: format!("rules/{cause}.yaml"), entry: 1, entries: 2, literal: None },
        rank_reason: String::new(),
        verdict: None,
    }
}

fn between(diagnosis: &mut Diagnosis, first: &str, last: &str) {
    diagnosis.first_seen = Some(format!("2026-11-22 {first}"));
    diagnosis.last_seen = Some(format!("2026-11-22 {last}"));
}

fn noise(id: &str, count: u64, sample: &str) -> Noise {
    Noise { id: id.into(), title: sample.into(), count, sample: sample.into() }
}

/// UX 1.1
pub fn wal_level() -> Report {
    let mut report = report(VerdictKind::Found);
    report.inputs = vec![input(TM, "taskmanager", 677, 85_123, "14:11:39.100", "14:11:50.901")];
    report.versions.flink = text("1.20.5");
    report.versions.postgres = text("15.18");
    report.versions.connector_jar = text("lab-sql-connector-postgres-cdc-3.0.7.jar");
    report.noise =
        vec![noise("debezium/startup-warning", 24, "Type [oid:13553, name:_pg_user_mappings] is already mapped")];
    let mut d = diagnosis(
        "postgres/wal-level-not-logical",
        "wal_level is 'replica', but the job needs 'logical'",
        &[
            ("user", "flink_cdc", 325),
            ("database", "inventory", 326),
            ("host", "127.0.0.1", 336),
            ("port", "5433", 332),
            ("slot", "flink", 316),
            ("publication", "dbz_publication", 317),
            ("table", "public.orders", 339),
            ("wal_level", "replica", 358),
        ],
    );
    between(&mut d, "14:11:47,737", "14:11:50,100");
    d.attempts = vec![0, 1];
    d.job_state = text("RESTARTING");
    d.why = "Debezium reads changes through a logical replication slot. PostgreSQL creates one only when it\nruns with wal_level = logical; \
             this server runs with 'replica'. Flink starts the source again and again, but no restart of the job can change that.\n"
        .into();
    d.facts = vec![
        Fact { text: "the login worked".into(), at: Place { path: TM.into(), line: 366 } },
        Fact { text: "the role has REPLICATION".into(), at: Place { path: TM.into(), line: 371 } },
    ];
    let mut decisive = piece(
        TM,
        390,
        "decisive",
        "Caused by: org.postgresql.util.PSQLException: ERROR: logical decoding requires wal_level >= logical",
        "logical decoding requires wal_level >= logical",
    );
    decisive.record_line = 379;
    decisive.record_lines = 24;
    let frames: String = (0..20).map(|at| format!("\tat io.debezium.Frame.number{at}(Frame.java:{at})\n")).collect();
    decisive.record = Some(format!(
        "2026-11-22 14:11:47,737 ERROR lab.cdc.Handover                                             [] - Reporting error:\n\
         io.debezium.DebeziumException: Creation of replication slot failed\n{frames}\
         Caused by: org.postgresql.util.PSQLException: ERROR: logical decoding requires wal_level >= logical\n\t... 8 more\n"
    ));
    decisive.repeats = Some(Repeats { more: 1, last_line: 622 });
    d.evidence = vec![
        piece(
            TM,
            358,
            "corroborates",
            "java.sql.SQLException: Postgres server wal_level property must be 'logical' but is: 'replica'",
            "but is: 'replica'",
        ),
        piece(TM, 380, "wrapper", "io.debezium.DebeziumException: Creation of replication slot failed", ""),
        decisive,
    ];
    let mut settings = check(
        "settings",
        "SELECT setting, pending_restart, source\n  FROM pg_settings WHERE name = 'wal_level';",
        "",
        "any",
    );
    settings.reading = vec![Reading {
        answer: "pending_restart = t".into(),
        means: "already changed, PostgreSQL only lacks its restart".into(),
    }];
    d.checks = vec![check("wal-level", "SHOW wal_level;", "logical", "any"), settings];
    let mut first = step("Set wal_level to logical.", "sql", "ALTER SYSTEM SET wal_level = 'logical';");
    first.changes = true;
    first.run_as = text("superuser");
    first.then = vec!["restart-postgres".into()];
    first.on = BTreeMap::from([
        ("rds".to_owned(), "rds.logical_replication = 1".to_owned()),
        ("cloud_sql".to_owned(), "cloudsql.logical_decoding = on".to_owned()),
    ]);
    let mut second = step("Restart PostgreSQL. A reload is not enough.", "text", "");
    second.risk = "downtime".into();
    second.then = vec!["restart-postgres".into()];
    let mut third = step("Start the job again, if it has given up.", "text", "");
    third.then = vec!["restart-job".into()];
    d.fix = vec![first, second, third];
    d.folded = vec![
        Folded { id: "debezium/slot-creation-failed".into(), count: 2, lines: vec![380, 612] },
        Folded { id: "flink/job-failed".into(), count: 2, lines: vec![405, 637] },
    ];
    d.surfaced_as = vec!["io.debezium.DebeziumException".into()];
    d.see = vec!["PostgreSQL docs, \"Logical Decoding\"".into(), "Debezium docs, \"Configuring PostgreSQL\"".into()];
    d.rule.literal = text("wal_level");
    report.diagnoses = vec![d];
    report
}

/// UX 1.2
pub fn pg_hba() -> Report {
    let mut report = report(VerdictKind::Found);
    report.inputs = vec![input(TM, "taskmanager", 620, 80_000, "14:15:30", "14:15:40")];
    let mut d = diagnosis(
        "postgres/pg-hba-no-entry",
        "no line of pg_hba.conf lets etl_user from 127.0.0.1 into database shop-main",
        &[
            ("user", "etl_user", 313),
            ("database", "shop-main", 313),
            ("host", "127.0.0.1", 300),
            ("port", "5437", 301),
            ("client_address", "127.0.0.1", 313),
            ("encryption", "no encryption", 313),
        ],
    );
    between(&mut d, "14:15:38,001", "14:15:40,100");
    d.attempts = vec![0, 1];
    d.why = "PostgreSQL compares every connection with the lines of pg_hba.conf, from the top, by type (TLS or not), database, user \
             and client address. None fits this one, so it is refused before any password is looked at. The address above is the \
             client as the *server* saw it: behind NAT or in Kubernetes that is the node's or gateway's, and it is the one to allow."
        .into();
    let text_hba =
        "FATAL: no pg_hba.conf entry for host \"127.0.0.1\", user \"etl_user\", database \"shop-main\", no encryption";
    d.evidence = vec![
        piece(TM, 313, "decisive", &format!("org.postgresql.util.PSQLException: {text_hba}"), text_hba),
        piece(
            TM,
            354,
            "wrapper",
            &format!(
                "org.apache.flink.util.FlinkRuntimeException: Connector configuration is not valid. Error while validating \
                 connector config: {text_hba}"
            ),
            "",
        ),
    ];
    let mut rules = check(
        "rules",
        "SELECT line_number, type, database, user_name, address, netmask, auth_method, error\n  FROM pg_hba_file_rules ORDER BY line_number;",
        "a line for shop-main + etl_user + 127.0.0.1 above any 'reject', and error empty",
        "superuser",
    );
    rules.versions = text(">=10");
    d.checks = vec![rules];
    let mut hba = step(
        "Add a line to pg_hba.conf, above any broader or 'reject' line.",
        "hba",
        "host  \"shop-main\"  \"etl_user\"  127.0.0.1/32  scram-sha-256",
    );
    hba.changes = true;
    hba.file = text("pg_hba.conf");
    hba.text_params = slots(&hba.text, &[("user", "etl_user"), ("database", "shop-main")]);
    let mut reload = step("Load it.", "sql", "SELECT pg_reload_conf();");
    reload.run_as = text("superuser");
    reload.then = vec!["reload-postgres".into()];
    d.fix = vec![hba, reload];
    d.never = vec![
        "\"host replication ...\" lines: they match physical replication only. Name the database.".into(),
        "0.0.0.0/32: matches no client at all. \"trust\": lets everybody in, and on a server that anybody can reach that is the end of it."
            .into(),
    ];
    report.diagnoses = vec![d];
    report
}

/// UX 1.3
pub fn running_and_dead() -> Report {
    let mut report = report(VerdictKind::Found);
    report.inputs = vec![input(TM, "taskmanager", 3861, 474_000, "14:23:30", "14:24:12.900")];
    let mut d = diagnosis(
        "postgres/table-permission-denied",
        "svc_flink may not SELECT from sales.orders",
        &[
            ("user", "svc_flink", 325),
            ("database", "crm", 326),
            ("host", "127.0.0.1", 336),
            ("port", "5443", 332),
            ("slot", "flink", 316),
            ("publication", "flink_pub", 317),
            ("table", "orders", 370),
            ("schema", "sales", 351),
        ],
    );
    between(&mut d, "14:23:53,045", "14:24:12,232");
    d.headline_params = slots(&d.headline, &[("user", "svc_flink"), ("table", "sales.orders")]);
    d.count = 18;
    d.retry = Some(Retry { attempt: 18, of: None, interval_ms: None, gives_up: None });
    d.impact = "stalled".into();
    d.job_state = text("RUNNING");
    d.jobs = vec!["cfe6cc80aaaabbbbccccddddeeeeffff".into()];
    d.why = "The job logs in well and may see the table, but the snapshot reads its rows, and for that the role needs SELECT. \
             Debezium takes the refusal for a passing fault and retries (\"unlimited retries\"), so no exception reaches Flink's \
             web UI and no alert on the job state will ever fire."
        .into();
    d.evidence = vec![
        header(
            TM,
            201,
            "context",
            "2026-11-22 14:23:51,531 INFO  org.apache.flink.runtime.taskmanager.Task                    [] - Source: \
             PostgreSQL_CDC_Source (1/1)#0 (4cf441eb9ad57848e75d12d9faccf197_bc764cd8ddf7a0cff126f51c16239658_0_0) switched from \
             INITIALIZING to RUNNING.",
            "switched from INITIALIZING to RUNNING",
        ),
        piece(
            TM,
            351,
            "wrapper",
            "java.util.concurrent.ExecutionException: org.apache.flink.cdc.connectors.shaded.org.apache.kafka.connect.errors.\
             ConnectException: Snapshotting of table sales.orders failed",
            "",
        ),
        piece(
            TM,
            370,
            "decisive",
            "Caused by: org.postgresql.util.PSQLException: ERROR: permission denied for table orders",
            "ERROR: permission denied for table orders",
        ),
        header(
            TM,
            3860,
            "corroborates",
            "2026-11-22 14:24:12,232 WARN  io.debezium.pipeline.ErrorHandler                            [] - Retry 18 of unlimited \
             retries will be attempted",
            "",
        ),
    ];
    let mut sql = check(
        "privilege",
        "SELECT has_schema_privilege('svc_flink', 'sales', 'USAGE')             AS may_enter_schema,\n       \
         has_table_privilege('svc_flink', '\"sales\".\"orders\"', 'SELECT')  AS may_select;",
        "t, t",
        "any",
    );
    sql.text_params = slots(&sql.text, &[("user", "svc_flink"), ("table", "orders")]);
    d.checks = vec![sql];
    let mut grant = step(
        "Let the role read the table.",
        "sql",
        "GRANT SELECT ON \"sales\".\"orders\" TO \"svc_flink\";\nGRANT USAGE ON SCHEMA \"sales\" TO \"svc_flink\";   -- only if may_enter_schema is f",
    );
    grant.changes = true;
    grant.run_as = text("owner");
    d.fix = vec![grant, step("Nothing to restart: the next retry reads the table.", "text", "")];
    report.diagnoses = vec![d];
    report
}

/// UX 1.4
pub fn slot_lost() -> Report {
    let mut report = report(VerdictKind::Found);
    report.inputs = vec![input(TM, "taskmanager", 513, 70_100, "14:50:30", "14:51:22")];
    let mut d = diagnosis(
        "postgres/slot-invalidated",
        "the replication slot orders_slot is lost: the server has removed WAL it still needed",
        &[
            ("user", "cdc_reader", 300),
            ("database", "billing", 301),
            ("host", "127.0.0.1", 302),
            ("port", "5469", 303),
            ("slot", "orders_slot", 501),
            ("table", "core.customers", 305),
        ],
    );
    between(&mut d, "14:50:58,362", "14:51:22,400");
    d.confidence = Confidence::Likely;
    d.impact = "stalled".into();
    d.count = 13;
    d.job_state = text("RUNNING");
    d.retry =
        Some(Retry { attempt: 13, of: Some(900), interval_ms: Some(2003), gives_up: text("2026-11-22 15:20:58") });
    d.why = "A lost slot cannot be used again, however long one waits. This slot was already in use (line 361), so it need not wait \
             for other transactions; only the server can tell."
        .into();
    d.alternatives = vec![Alternative {
        cause: "postgres/long-running-transaction".into(),
        title: "An open transaction keeps the snapshot of the slot waiting".into(),
        check: Some(check(
            "transactions",
            "SELECT pid, xact_start FROM pg_stat_activity WHERE xact_start IS NOT NULL;",
            "",
            "any",
        )),
    }];
    d.misleading = vec![Misleading {
        says: "concurrent tx probably blocks taking snapshot".into(),
        truth: "Debezium's guess for any slot that it cannot use. Do not go looking for long transactions before the check below has \
                answered."
            .into(),
    }];
    let mut decisive = header(
        TM,
        501,
        "decisive",
        "2026-11-22 14:50:58,362 WARN  io.debezium.connector.postgresql.connection.PostgresConnection [] - Cannot obtain valid \
         replication slot 'orders_slot' for plugin 'pgoutput' and database 'billing' [during attempt 1 out of 900, concurrent tx \
         probably blocks taking snapshot.",
        "Cannot obtain valid replication slot 'orders_slot'",
    );
    decisive.repeats = Some(Repeats { more: 12, last_line: 513 });
    d.evidence = vec![
        header(
            TM,
            361,
            "context",
            "2026-11-22 14:50:46,912 INFO  io.debezium.connector.postgresql.connection.PostgresConnection [] - Obtained valid \
             replication slot ReplicationSlot [active=false, latestFlushedLsn=LSN{0/192FC00}, catalogXmin=729]",
            "Obtained valid replication slot",
        ),
        piece(
            TM,
            369,
            "context",
            "org.postgresql.util.PSQLException: Database connection failed when reading from copy",
            "",
        ),
        decisive,
    ];
    let mut sql = check(
        "slot",
        "SELECT slot_name, active, wal_status, restart_lsn FROM pg_replication_slots\n WHERE slot_name = 'orders_slot';",
        "",
        "any",
    );
    sql.reading = vec![
        Reading { answer: "wal_status = lost, restart_lsn empty".into(), means: "confirmed".into() },
        Reading { answer: "no row".into(), means: "the slot was dropped".into() },
        Reading {
            answer: "restart_lsn filled".into(),
            means: "not lost; then it is postgres/long-running-transaction".into(),
        },
    ];
    d.checks = vec![sql];
    let mut drop = step("Stop the job, then drop the slot.", "sql", "SELECT pg_drop_replication_slot('orders_slot');");
    drop.risk = "data-loss".into();
    drop.risk_note = text("changes since the last checkpoint show only as their result");
    let mut start =
        step("Start the job WITHOUT its checkpoint or savepoint, so that it takes a new snapshot.", "text", "");
    start.then = vec!["restart-job-without-state".into()];
    let mut raise = step(
        "Raise the limit, or take it away.",
        "sql",
        "ALTER SYSTEM SET max_slot_wal_keep_size = -1;\nSELECT pg_reload_conf();",
    );
    raise.then = vec!["reload-postgres".into()];
    raise.changes = true;
    d.fix = vec![drop, start, raise];
    report.diagnoses = vec![d];
    report.needs = vec![Need {
        what: "postgres-log".into(),
        why: "the server's own log tells these causes apart".into(),
        from: text("2026-11-22 14:50:46"),
        to: text("2026-11-22 14:50:58"),
        how: vec![HowTo { place: "then".into(), command: "cdc-doctor taskmanager.log postgresql.log".into() }],
    }];
    report
}

/// UX 1.4 with the server's log beside it
pub fn slot_lost_certain() -> Report {
    let mut report = slot_lost();
    report.inputs.push(input("postgres.log", "postgres", 40, 4_100, "14:50:20", "14:51:30"));
    report.needs.clear();
    let d = &mut report.diagnoses[0];
    d.confidence = Confidence::Certain;
    let line = "2026-11-22 14:50:54.203 UTC [7821] LOG:  invalidating slot \"orders_slot\" because its restart_lsn 0/192FBC8 exceeds \
                max_slot_wal_keep_size";
    let mut server = piece("postgres.log", 22, "decisive", line, "invalidating slot \"orders_slot\"");
    server.time = text("2026-11-22 14:50:54.203 UTC");
    server.level = text("info");
    for piece in &mut d.evidence {
        piece.role = "corroborates".into();
        piece.repeats = None;
    }
    d.evidence.insert(0, server);
    d.ruled_out = vec![RuledOut {
        cause: "postgres/long-running-transaction".into(),
        because: "the server invalidated the slot".into(),
        at: Place { path: "postgres.log".into(), line: 22 },
    }];
    report
}

/// UX 1.8 on a Russian server
pub fn russian_password() -> Report {
    let mut report = report(VerdictKind::Found);
    report.inputs = vec![input(TM, "taskmanager", 600, 70_100, "14:32:30", "14:32:46")];
    let mut d = diagnosis(
        "postgres/password-wrong",
        "PostgreSQL refused the password that repl_cdc sent",
        &[("user", "repl_cdc", 272), ("database", "orders_db", 301), ("host", "127.0.0.1", 302), ("port", "5508", 303)],
    );
    between(&mut d, "14:32:44,000", "14:32:46,400");
    d.confidence = Confidence::Likely;
    d.attempts = vec![0, 1];
    d.why = "That the login failed is certain. Why is not: PostgreSQL gives a client the same words for a wrong password, an expired \
             one, none stored, and a role that does not exist. Only its own log tells."
        .into();
    let line = "org.postgresql.util.PSQLException: ВАЖНО: пользователь \"repl_cdc\" не прошёл проверку подлинности (по паролю)";
    let mut decisive = piece(TM, 272, "decisive", line, "пользователь \"repl_cdc\" не прошёл проверку подлинности");
    decisive.english = text("FATAL: password authentication failed for user \"repl_cdc\"");
    d.evidence = vec![decisive];
    let mut role = check(
        "role",
        "SELECT rolname, rolcanlogin, rolvaliduntil FROM pg_roles WHERE rolname = 'repl_cdc';",
        "",
        "any",
    );
    role.reading = vec![
        Reading { answer: "no row".into(), means: "postgres/role-missing".into() },
        Reading { answer: "rolvaliduntil in the past".into(), means: "postgres/password-expired".into() },
    ];
    let alternative =
        |cause: &str, title: &str| Alternative { cause: cause.into(), title: title.into(), check: Some(role.clone()) };
    d.alternatives = vec![
        alternative("postgres/role-missing", "The role does not exist"),
        alternative("postgres/password-expired", "The role's password has expired"),
        alternative("postgres/password-not-stored", "The server has no password for the role"),
    ];
    d.checks = vec![role];
    d.fix = vec![
        step(
            "Try the job's password by hand.",
            "shell",
            "psql \"host=127.0.0.1 port=5508 dbname=orders_db user=repl_cdc\"",
        ),
        step("Start the job again.", "text", ""),
    ];
    report.diagnoses = vec![d];
    report.notes = vec![Note {
        code: "kafka-is-an-api".into(),
        text: "Kafka classes in the trace are Debezium's own interface; no Kafka broker is part of this job.".into(),
        evidence: Vec::new(),
    }];
    report
}

/// Publication in incremental mode: two logs, a parameter that nobody knows, a job that gave up (UX 1.6)
pub fn publication() -> Report {
    let mut report = report(VerdictKind::Found);
    let jm = "jobmanager.log";
    report.inputs = vec![
        input(jm, "jobmanager", 800, 120_000, "14:41:54", "14:43:04"),
        input(TM, "taskmanager", 222, 30_000, "14:41:56", "14:43:03"),
    ];
    report.noise = vec![noise("flink/harmless-start-or-stop-line", 1, "No tokens obtained")];
    let mut d = diagnosis(
        "postgres/publication-needs-superuser",
        "the job may not create its publication: only a superuser may publish ALL TABLES",
        &[
            ("database", "shop", 301),
            ("host", "127.0.0.1", 302),
            ("port", "55538", 303),
            ("slot", "flink_slot", 202),
            ("publication", "dbz_publication", 199),
            ("table", "public.orders", 305),
        ],
    );
    between(&mut d, "14:42:48,439", "14:43:02,400");
    d.count = 3;
    d.job_state = text("FAILED");
    d.why = "There is no publication named dbz_publication yet, so Debezium creates one, and its default is FOR ALL TABLES, which \
             PostgreSQL allows to superusers only. The job does not need that right: it needs a publication with its own tables, \
             which an administrator can create once."
        .into();
    let mut decisive = piece(
        jm,
        219,
        "decisive",
        "Caused by: org.postgresql.util.PSQLException: ERROR: must be superuser to create FOR ALL TABLES publication",
        "ERROR: must be superuser to create FOR ALL TABLES publication",
    );
    decisive.repeats = Some(Repeats { more: 2, last_line: 438 });
    d.evidence = vec![
        header(
            jm,
            199,
            "context",
            "2026-11-22 14:42:48,439 INFO  io.debezium.connector.postgresql.connection.PostgresReplicationConnection [] - Creating \
             Publication with statement 'CREATE PUBLICATION dbz_publication FOR ALL TABLES;'",
            "CREATE PUBLICATION dbz_publication FOR ALL TABLES",
        ),
        piece(
            jm,
            202,
            "wrapper",
            "org.apache.flink.util.FlinkRuntimeException: Fail to get or create slot for global stream split, the slot name is \
             flink_slot. Due to: ",
            "",
        ),
        decisive,
    ];
    let mut exists = check(
        "publication",
        "SELECT pubname, puballtables FROM pg_publication WHERE pubname = 'dbz_publication';",
        "",
        "any",
    );
    exists.text_params = slots(&exists.text, &[("publication", "dbz_publication")]);
    exists.expect = Some(Expect { rows: text("1"), ..Expect::default() });
    let mut role = check("role", "SELECT rolsuper FROM pg_roles WHERE rolname = :'user';", "", "superuser");
    role.missing = vec!["user".into()];
    role.variables.clone_from(&role.missing);
    role.expect = Some(Expect { column: text("rolsuper"), equals: text("t"), ..Expect::default() });
    role.reading = vec![Reading { answer: "f".into(), means: "as it should be".into() }];
    let look = Check {
        kind: "look".into(),
        on: "flink".into(),
        text: "The exceptions of the job in the web UI.".into(),
        ..check("ui", "", "none", "any")
    };
    d.checks = vec![exists, role, look];
    let mut create = step(
        "Create it for the job's own tables.",
        "sql",
        "CREATE PUBLICATION \"dbz_publication\" FOR TABLE \"public\".\"orders\";",
    );
    create.changes = true;
    create.run_as = text("owner of the tables with CREATE on shop");
    create.text_params = slots(&create.text, &[("publication", "dbz_publication")]);
    d.fix = vec![
        create,
        step("Tell Debezium not to create one.", "flink", "'debezium.publication.autocreate.mode' = 'disabled'"),
        step("Start the job again.", "text", ""),
    ];
    d.missing = vec![MissingParam {
        name: "user".into(),
        meaning: "role the job logs in with; it is in the job's definition".into(),
        candidates: vec!["etl".into(), "flink_cdc".into()],
    }];
    d.may_hide = vec!["postgres/publication-missing".into()];
    report.diagnoses = vec![d];
    report
}

/// UX 1.9
pub fn two_causes() -> Report {
    let mut report = running_and_dead();
    let (one, two) = ("tm-1.log", "tm-2.log");
    report.inputs = vec![
        input(one, "taskmanager", 3861, 474_000, "14:23:30", "14:24:12"),
        input(two, "taskmanager", 898, 120_000, "14:52:00", "14:54:11"),
        Input {
            status: "failed".into(),
            skipped: text("permission denied"),
            ..input("tm-3.log", "unknown", 0, 0, "", "")
        },
    ];
    report.inputs[2].first_time = None;
    report.inputs[2].last_time = None;
    for piece in &mut report.diagnoses[0].evidence {
        piece.path = one.into();
    }
    let mut d = diagnosis(
        "postgres/slot-already-active",
        "two jobs use the replication slot cdc_main; only one at a time can",
        &[
            ("user", "cdc-prod", 300),
            ("database", "warehouse", 301),
            ("host", "127.0.0.1", 302),
            ("port", "5460", 303),
            ("slot", "cdc_main", 275),
            ("pid", "14715", 569),
        ],
    );
    between(&mut d, "14:52:50,000", "14:54:11,000");
    d.count = 10;
    d.impact = "stalled".into();
    d.job_state = text("RUNNING");
    d.jobs = vec!["ff05edc7000000000000000000000000".into(), "762d9fdc000000000000000000000000".into()];
    d.why = "A slot has one reader.".into();
    d.evidence = vec![
        piece(two, 275, "context", "   slot.name = cdc_main", "slot.name = cdc_main"),
        piece(
            two,
            569,
            "decisive",
            "org.postgresql.util.PSQLException: ERROR: replication slot \"cdc_main\" is active for PID 14715",
            "\"cdc_main\" is active for PID 14715",
        ),
    ];
    let mut sql =
        check("owner", "SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'cdc_main';", "", "any");
    sql.text_params = slots(&sql.text, &[("slot", "cdc_main")]);
    d.checks = vec![sql];
    d.fix = vec![
        step("Give each job its own slot.", "flink", "'slot.name' = 'cdc_main_2'"),
        step("Start that job again.", "text", ""),
    ];
    d.never = vec!["dropping the slot: the healthy job loses its position.".into()];
    report.diagnoses.push(d);
    report
}

/// UX 1.10
pub fn cut_off() -> Report {
    let mut report = report(VerdictKind::CannotTell);
    let stdin = "<stdin>";
    report.inputs =
        vec![Input { ends_inside_record: true, ..input(stdin, "taskmanager", 338, 45_000, "14:21:59", "14:22:05") }];
    let mut shown = piece(
        stdin,
        329,
        "decisive",
        "io.debezium.DebeziumException: Creation of replication slot failed",
        "Creation of replication slot failed",
    );
    shown.record_line = 328;
    shown.record_lines = 11;
    let query = |id: &str, sql: &str, expect: Expect| Check { expect: Some(expect), ..check(id, sql, "", "any") };
    let suspect = |cause: &str, title: &str, check: Check| Suspect {
        cause: cause.into(),
        title: title.into(),
        checks: vec![check],
    };
    let below = Expect { column: text("used"), below_column: text("allowed"), ..Expect::default() };
    let is = |column: &str, value: &str| Expect { column: text(column), equals: text(value), ..Expect::default() };
    report.symptoms = vec![Symptom {
        id: "debezium/slot-creation-failed".into(),
        title: "The replication slot could not be created".into(),
        headline: "the replication slot could not be created; the log ends before it says why".into(),
        why: String::new(),
        count: 1,
        first_seen: text("2026-11-22 14:22:05,480"),
        last_seen: text("2026-11-22 14:22:05,480"),
        state: State::Ongoing,
        params: params(&[
            ("user", "flink_cdc", 300),
            ("database", "inventory", 301),
            ("host", "127.0.0.1", 302),
            ("port", "5454", 303),
            ("slot", "orders_slot", 323),
            ("table", "core.customers", 305),
        ]),
        evidence: vec![
            header(
                stdin,
                323,
                "context",
                "2026-11-22 14:22:05,473 INFO  io.debezium.connector.postgresql.connection.PostgresReplicationConnection [] - \
                 Creating replication slot with command CREATE_REPLICATION_SLOT \"orders_slot\"  LOGICAL pgoutput ",
                "CREATE_REPLICATION_SLOT \"orders_slot\"  LOGICAL pgoutput",
            ),
            shown,
        ],
        suspects: vec![
            suspect(
                "postgres/slots-exhausted",
                "every slot the server allows is taken",
                query(
                    "slots",
                    "SELECT count(*) AS used, current_setting('max_replication_slots') AS allowed\n  FROM pg_replication_slots;",
                    below,
                ),
            ),
            suspect(
                "postgres/server-in-recovery",
                "the job talks to a standby",
                query("standby", "SELECT pg_is_in_recovery();", is("pg_is_in_recovery", "f")),
            ),
            suspect(
                "postgres/wal-level-not-logical",
                "the server does not write what decoding needs",
                query("level", "SHOW wal_level;", is("wal_level", "logical")),
            ),
        ],
        ruled_out: vec![
            RuledOut {
                cause: "postgres/role-lacks-replication".into(),
                because: "role 'flink_cdc' [superuser: false, replication: true, inherit: true, create role: false, create db: false, can log in: true]".into(),
                at: Place { path: stdin.into(), line: 320 },
            },
            RuledOut {
                cause: "postgres/wal-senders-exhausted".into(),
                because: "Creating replication slot with command CREATE_REPLICATION_SLOT".into(),
                at: Place { path: stdin.into(), line: 323 },
            },
        ],
        misleading: Vec::new(),
        missing: Vec::new(),
    }];
    report
}

/// UX 1.11
pub fn nothing() -> Report {
    let mut report = report(VerdictKind::Nothing);
    report.inputs = vec![
        input("jobmanager.log", "jobmanager", 300, 50_000, "14:30:34", "14:33:03"),
        input(TM, "taskmanager", 363, 61_000, "14:30:36", "14:33:01"),
    ];
    let at = |path: &str, line: u64| Place { path: path.into(), line };
    report.jobs = vec![Job {
        id: text("b00d3023aaaabbbbccccddddeeeeffff"),
        name: text("cdc-billing-customers"),
        state: text("RUNNING"),
        state_at: Some(at("jobmanager.log", 200)),
        attempts: Some(1),
        mode: text("classic"),
        last_checkpoint: Some(Checkpoint {
            number: 45,
            time: text("2026-11-22 14:33:03"),
            at: at("jobmanager.log", 290),
        }),
        changes: Vec::new(),
    }];
    report.signs_of_life =
        vec![SignOfLife { text: "streaming since".into(), time: text("2026-11-22 14:30:50"), at: at(TM, 359) }];
    report.noise = vec![
        noise("debezium/startup-warning", 12, "Type [oid:13553, name:_pg_user_mappings] is already mapped"),
        noise(
            "flink/harmless-start-or-stop-line",
            3,
            "No tokens obtained so skipping notifications, and more of the same kind",
        ),
    ];
    report
}

/// A TaskManager's log alone, without a failure
pub fn nothing_taskmanager() -> Report {
    let mut report = nothing();
    report.inputs.remove(0);
    report.jobs[0].mode = None;
    report.jobs[0].last_checkpoint = None;
    report.noise.clear();
    report
}

/// UX 1.7
pub fn needs_jobmanager() -> Report {
    let mut report = report(VerdictKind::CannotTell);
    report.inputs = vec![input(TM, "taskmanager", 178, 30_000, "14:39:46", "14:40:57")];
    report.noise = vec![noise("flink/harmless-start-or-stop-line", 1, "No tokens obtained")];
    report.notes = vec![Note {
        code: "give-jobmanager-log".into(),
        text: "This TaskManager gave a slot to job 73bfa39b… (line 160), but no task of the job ever arrived.".into(),
        evidence: vec![
            header(
                TM,
                160,
                "decisive",
                "2026-11-22 14:40:53,157 INFO  org.apache.flink.runtime.taskexecutor.TaskExecutor           [] - Receive slot request \
                 139f530f0046b660c9a97839251aa299 for job 73bfa39bbf14fd14ad6d02462f77f683 from resource manager with leader id \
                 00000000000000000000000000000000.",
                "",
            ),
            header(
                TM,
                160,
                "context",
                "2026-11-22 14:40:53,157 INFO  org.apache.flink.runtime.taskexecutor.TaskExecutor           [] - Receive slot request \
                 139f530f0046b660c9a97839251aa299 for job 73bfa39bbf14fd14ad6d02462f77f683 from resource manager with leader id \
                 00000000000000000000000000000000.",
                "from resource manager with leader id 00000000000000000000000000000000",
            ),
            header(
                TM,
                166,
                "context",
                "2026-11-22 14:40:54,604 INFO  org.apache.flink.runtime.taskexecutor.TaskManagerRunner      [] - RECEIVED SIGNAL 15: \
                 SIGTERM. Shutting down as requested.",
                "RECEIVED SIGNAL 15",
            ),
        ],
    }];
    let how = |place: &str, command: &str| HowTo { place: place.into(), command: command.into() };
    report.needs = vec![Need {
        what: "jobmanager-log".into(),
        why: String::new(),
        from: text("2026-11-22 14:39:46"),
        to: text("2026-11-22 14:40:57"),
        how: vec![
            how("on the machine", "/opt/flink/log/flink-*-standalonesession-*.log (or *-jobmanager-*.log)"),
            how("in Kubernetes", "kubectl logs deploy/<jobmanager> --timestamps"),
            how("from the REST API", "curl http://<jobmanager>:8081/jobs/73bfa39bbf14fd14ad6d02462f77f683/exceptions"),
        ],
    }];
    report
}

/// UX 1.12
pub fn unrecognised() -> Report {
    let mut report = report(VerdictKind::Unrecognised);
    report.inputs = vec![input(TM, "taskmanager", 667, 89_000, "14:17:39", "14:18:01")];
    let frame = |line: u64, content: &str, own: bool| FrameLine { line, text: content.into(), own };
    let mut shown = piece(
        TM,
        363,
        "decisive",
        "java.lang.IllegalStateException: Cannot handle row: postgres_cdc_source.core.shipments <row cut>",
        "",
    );
    shown.repeats = Some(Repeats { more: 1, last_line: 587 });
    report.unrecognised = vec![Unrecognised {
        fingerprint: "v1:6b2f0c9d11aa".into(),
        class: "java.lang.IllegalStateException".into(),
        message: "Cannot handle row: postgres_cdc_source.core.shipments <row cut>".into(),
        count: 2,
        first_seen: text("2026-11-22 14:17:56,000"),
        last_seen: text("2026-11-22 14:18:00,000"),
        evidence: vec![shown],
        frames: vec![
            frame(364, "at lab.cdc.CdcJob.lambda$main$d10fcd09$1(CdcJob.java:81)", true),
            frame(
                365,
                "at org.apache.flink.streaming.api.operators.StreamMap.processElement(StreamMap.java:38)",
                false,
            ),
            frame(
                366,
                "at org.apache.flink.streaming.runtime.tasks.CopyingChainingOutput.pushToOperator(CopyingChainingOutput.java:75)",
                false,
            ),
        ],
        consequences: vec![Folded { id: "flink/task-failed".into(), count: 2, lines: vec![405, 649] }],
    }];
    report
}

pub fn no_log() -> Report {
    let mut report = report(VerdictKind::NoLog);
    report.inputs =
        vec![Input { first_time: None, last_time: None, ..input("shopping.txt", "unknown", 12, 340, "", "") }];
    report
}

/// A log that tries to write on the terminal, to hide text, to flood it, and to break columns.
pub fn hostile() -> Report {
    let mut report = report(VerdictKind::Found);
    let path = "/tmp/\u{1b}[2Jevil\u{202e}gol.txt";
    report.inputs = vec![input(path, "taskmanager", 9, 2_000_000, "14:11:39", "14:11:50")];
    let user = "x\u{1b}]0;owned\u{7}\u{9b}31m\r\nGRANT";
    let headline = format!("表 订单 的 复制槽 被 {user} 占用, ملف \u{2067}hidden\u{2069} and \u{200b}invisible");
    let mut d = diagnosis(
        "postgres/slot-already-active",
        &headline,
        &[("user", user, 1), ("slot", "复制槽_订单_很长的名字", 2), ("table", "a.b", 3)],
    );
    d.confidence = Confidence::Possible;
    between(&mut d, "14:11:47,737", "14:11:50,100");
    d.why = format!("{} end \u{1b}[31mred\u{1b}[0m\ttab\u{0}nul\u{7f}del.", "订单数据没有读到".repeat(20));
    let long = format!("com.evil.XException: {} the needle \u{1b}[1A {}", "word ".repeat(4000), "表".repeat(20_000));
    let mut decisive = piece(path, 7, "decisive", &long, "the needle");
    decisive.record = Some(format!("{long}\n\tat a.b.c(D.java:1)\r\n\u{8}\u{8}\u{8}{}", "line\n".repeat(500)));
    decisive.record_lines = 503;
    decisive.english = Some("e".repeat(5000));
    let unbroken = format!("org.postgresql.util.PSQLException: {}", "表x".repeat(600));
    d.evidence = vec![
        piece(path, 3, "corroborates", &unbroken, ""),
        decisive,
        piece(path, 8, "wrapper", &format!("{}tail\u{85}\u{2028}end", "\u{301}".repeat(50)), "tail"),
        piece(path, 9, "context", "", ""),
    ];
    let mut sql = check("slot", "SELECT '\u{1b}[31m';\n\tSELECT 2;", "\u{1b}[0m\nDROP TABLE x;", "any");
    sql.missing = vec!["host".into(), "slot".into()];
    sql.variables.clone_from(&sql.missing);
    d.checks = vec![sql];
    d.fix = vec![step("Do \u{1b}[31mthis.", "shell", "rm -rf \u{202e}'x'")];
    d.never = vec!["\u{1b}c".into()];
    d.missing = vec![MissingParam {
        name: "host".into(),
        meaning: "host's `name`\n\\! rm".into(),
        candidates: vec!["a\u{1b}".into(), "b".into()],
    }];
    report.diagnoses = vec![d];
    report
}

/// Faults that are over, several days, several files in a directory.
pub fn recovered() -> Report {
    let mut report = wal_level();
    report.inputs[0].first_time = text("2026-11-20T23:11:39");
    report.inputs[0].path =
        "/opt/flink/log/flink-root-taskexecutor-0-very-long-host-name.example.internal.log.2026-11-22".into();
    report.inputs[0].status = "truncated".into();
    let d = &mut report.diagnoses[0];
    d.state = State::Recovered;
    d.attempts = vec![3];
    d.count = 1;
    d.last_healthy = text("2026-11-22 14:12:03,000");
    report.notes = vec![Note {
        code: "rules-overridden".into(),
        text: "1 rule was overridden by rules/acme.".into(),
        evidence: Vec::new(),
    }];
    report.unrecognised = unrecognised().unrecognised;
    report.symptoms = cut_off().symptoms;
    report
}

/// UX 1.8 with the server's log; evidence as the engine cuts it, from the message on
pub fn password_certain() -> Report {
    let mut report = russian_password();
    let server = "postgres.log";
    report.inputs.push(input(server, "postgres", 40, 4_100, "14:32:20", "14:33:30"));
    report.notes.clear();
    let d = &mut report.diagnoses[0];
    d.confidence = Confidence::Certain;
    d.headline = "the password that repl_cdc sent is wrong".into();
    d.headline_params = slots(&d.headline, &[("user", "repl_cdc")]);
    d.alternatives.clear();
    let refusal = "FATAL:  password authentication failed for user \"repl_cdc\"";
    let mut fatal = piece(server, 6, "decisive", refusal, "password authentication failed for user");
    fatal.time = text("2026-11-22T14:32:44.617Z");
    fatal.level = text("FATAL");
    let detail = "2026-11-22 14:32:44.617 UTC [10661] repl_cdc@orders_db DETAIL:  Connection matched pg_hba.conf line 3: \"host all all \
                  127.0.0.1/32 scram-sha-256\"";
    let mut matched = piece(server, 7, "corroborates", detail, "");
    matched.time.clone_from(&fatal.time);
    matched.record_line = 6;
    d.evidence[0].role = "corroborates".into();
    d.evidence[0].english = None;
    d.evidence.insert(0, fatal);
    d.evidence.insert(1, matched);
    let mut debezium = piece(TM, 300, "context", "Retry 18 of unlimited retries will be attempted", "");
    debezium.time = text("2026-11-22T14:32:44.700");
    debezium.level = text("WARN");
    debezium.logger = text("io.debezium.pipeline.ErrorHandler");
    d.evidence.push(debezium);
    let rule_out = |cause: &str| RuledOut {
        cause: cause.into(),
        because: "Connection matched".into(),
        at: Place { path: server.into(), line: 7 },
    };
    d.ruled_out = vec![rule_out("postgres/role-missing"), rule_out("postgres/password-expired")];
    report
}

/// All cases by name.
pub fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("wal_level", wal_level()),
        ("pg_hba", pg_hba()),
        ("running_and_dead", running_and_dead()),
        ("slot_lost", slot_lost()),
        ("slot_lost_certain", slot_lost_certain()),
        ("russian_password", russian_password()),
        ("publication", publication()),
        ("password_certain", password_certain()),
        ("two_causes", two_causes()),
        ("cut_off", cut_off()),
        ("nothing", nothing()),
        ("nothing_taskmanager", nothing_taskmanager()),
        ("needs_jobmanager", needs_jobmanager()),
        ("unrecognised", unrecognised()),
        ("no_log", no_log()),
        ("hostile", hostile()),
        ("recovered", recovered()),
    ]
}
