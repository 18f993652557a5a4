//! Secrets are cut when evidence leaves the record.
//!
//! Passwords, tokens and keys (as options, in JDBC URLs, in URL credentials, in headers, on command lines, by their shape), e-mail
//! addresses, literals of SQL statements and row data. Better to cut too much: what follows `password =` is never evidence. One
//! search for the words that can begin a secret decides what is looked for at all, so a text without them costs one pass.

mod heads;
mod rows;
mod value;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use heads::{Extent, HEADS, Head};

/// What stands where a secret stood.
pub const CUT: &str = "<cut>";

/// Cuts every secret out of `text` and counts what was cut.
#[must_use]
pub fn cut(text: &str, count: &mut BTreeMap<String, u64>) -> String {
    cut_lazily(text, count).into_owned()
}

/// The same for a text that mostly holds none: it is copied only if something is cut.
#[must_use]
pub fn cut_lazily<'t>(text: &'t str, count: &mut BTreeMap<String, u64>) -> Cow<'t, str> {
    cut_with(text, count, false)
}

/// The same with as many line ends as before, so that the numbers of lines stay what they are.
#[must_use]
pub fn cut_in_lines<'t>(text: &'t str, count: &mut BTreeMap<String, u64>) -> Cow<'t, str> {
    cut_with(text, count, true)
}

fn cut_with<'t>(text: &'t str, count: &mut BTreeMap<String, u64>, keep_lines: bool) -> Cow<'t, str> {
    let mut out = Cow::Borrowed(text);
    let triggered = heads::triggered(text);
    if triggered == 0 {
        return out;
    }
    for (number, head) in HEADS.iter().enumerate() {
        if triggered & (1 << number) == 0 {
            continue;
        }
        let ranges = found(head, &out);
        if ranges.is_empty() {
            continue;
        }
        *count.entry(head.kind.to_owned()).or_insert(0) += u64::try_from(ranges.len()).unwrap_or(u64::MAX);
        out = Cow::Owned(without(&out, &ranges, keep_lines));
    }
    out
}

/// The parts of the text that this kind of secret takes, in order, not overlapping.
fn found(head: &Head, text: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut add = |range: Range<usize>| {
        let range = value::trimmed(text, range);
        let said = text.get(range.clone()).unwrap_or_default();
        let hidden = said.is_empty() || value::is_hidden(said);
        if !hidden && ranges.last().is_none_or(|last| last.end <= range.start) {
            ranges.push(range);
        }
    };
    let Some(regex) = head.regex() else { return ranges };
    let mut from = 0;
    while let Some(found) = regex.captures_at(text, from) {
        let Some(whole) = found.get(0) else { break };
        let end = match head.extent {
            Extent::Group => {
                let part = found.get(1).unwrap_or(whole);
                if value::fits(head.kind, text, part.range()) {
                    add(part.range());
                }
                part.end()
            }
            Extent::Assigned => {
                let range = value::assigned(text, whole.range(), head.kind == "authorization");
                if value::is_assigned(head.kind, text, whole.range(), range.clone()) {
                    let end = range.end;
                    add(range);
                    end
                } else {
                    // the words of a sentence: look on right behind the key
                    whole.start() + 1
                }
            }
            Extent::Pem => {
                let end = rows::pem(text, whole.end());
                add(whole.start()..end);
                end
            }
            Extent::Row => {
                let end = rows::row(text, whole.end());
                add(whole.end()..end);
                end
            }
            Extent::Sql => {
                let (literals, end) = rows::literals(text, whole.range());
                literals.into_iter().for_each(&mut add);
                end
            }
        };
        from = ceil(text, end.max(whole.start() + 1));
        if from > text.len() {
            break;
        }
    }
    ranges
}

fn without(text: &str, ranges: &[Range<usize>], keep_lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in ranges {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(CUT);
        if keep_lines {
            let gone = text.get(range.clone()).unwrap_or_default();
            out.extend(gone.chars().filter(|c| *c == '\n'));
        }
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// The smallest character boundary not below `at`.
fn ceil(text: &str, mut at: usize) -> usize {
    while at < text.len() && !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::cut;
    use std::collections::BTreeMap;

    #[test]
    fn secrets_go() {
        for (text, secret) in [
            ("PostgresConnectorConfig is {database.password=s3cret, slot.name=x}", "s3cret"),
            ("database.password = s3cret", "s3cret"),
            ("jdbc:postgresql://h:5/db?user=u&password=s3cret&ssl=true", "s3cret"),
            ("'password' = 's3cr''et'", "s3cr"),
            ("\"password\":\"s3cret\",\"user\":\"u\"", "s3cret"),
            ("postgres://bob:s3cret@host/db", "s3cret"),
            ("Authorization: Bearer s3cret12345", "s3cret12345"),
            ("key AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
            ("Cannot handle row: a.b.c Struct{id=1,name=s3cret}", "s3cret"),
            ("Failed to deserialize record SourceRecord{value=Struct{x=s3cret}}", "s3cret"),
            ("Failing row contains (1, s3cret).", "s3cret"),
            // the forms of dumps
            (r#"{\"password\":\"s3\\\"cret\",\"user\":\"u\"}"#, "cret"),
            ("password = \"a\\\"s3cret\", x = 1", "s3cret"),
            ("password=s3}cr;et, user=x", "cr;et"),
            ("database.password:\n    s3cret\nuser: x", "s3cret"),
            ("password = abc\\\n   s3cret", "s3cret"),
            ("'password' =\n 's3cret'", "s3cret"),
            ("<password>s3cret</password>", "s3cret"),
            ("<property name=\"db.password\" value=\"s3cret\"/>", "s3cret"),
            ("Loading configuration property: s3.secret-key, s3cret", "s3cret"),
            ("password: hunter2 was refused", "hunter2"),
            ("ALTER ROLE x PASSWORD 's3cret'", "s3cret"),
            ("CREATE USER x IDENTIFIED BY 's3cret'", "s3cret"),
            ("java --db-password s3cret -x", "s3cret"),
            ("mysql -h h -u root -ps3cret db", "s3cret"),
            ("curl -u bob:s3cret http://h/", "s3cret"),
            ("sasl.jaas.config=X required username=\"u\" password=\"s3cret\";", "s3cret"),
            ("jdbc:sqlserver://h;databaseName=d;password=s3cret;encrypt=true", "s3cret"),
            ("jdbc:oracle:thin:scott/s3cret@//h:1521/x", "s3cret"),
            ("mongodb://u:p@s/s3cret@h1,h2/db", "s3cret"),
            // by their shape
            ("got eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl here", "eyJzdWIiOiIxMjM0"),
            ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijklmnop"),
            ("stored SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy", "c3RvcmVk"),
            ("role md5a3556571e93b0d20722ba62be61e8c2d", "a3556571e93b0d20722ba62be61e8c2d"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIEs3cret\nabc\n-----END RSA PRIVATE KEY-----", "s3cret"),
            ("k: -----BEGIN PRIVATE KEY-----\\nMIIEs3cret\\n-----END PRIVATE KEY-----\\n", "s3cret"),
            ("-----BEGIN PRIVATE KEY-----\n  MIIEs3cret\n", "s3cret"),
            ("https://h/x?X-Amz-Signature=abcdef0123456789&y=1", "abcdef0123456789"),
            ("Cookie: JSESSIONID=s3cret; a=b", "s3cret"),
            ("Authorization: Basic s3cret12345==", "s3cret12345"),
            ("'Authorization'='Basic s3cret12345='", "s3cret12345"),
            ("mail to bob.s3cret@example.com now", "s3cret"),
            // rows and statements
            ("Value count does not match. Row: 1\tbob\ts3cret", "s3cret"),
            ("Struct{a=1,\nb=s3cret}", "s3cret"),
            ("+I[1, s3cret]", "s3cret"),
            ("Duplicate entry 's3cret' for key 'users.PRIMARY'", "s3cret"),
            ("Key (email)=(s3cret) already exists.", "s3cret"),
            ("{\"before\":null,\"after\":{\"id\":1,\"n\":\"s3cret\"}}", "s3cret"),
            ("INSERT INTO t (a, b) VALUES (1, 's3''cret')", "cret"),
            ("update t set a = 's3cret' where id = 4711", "4711"),
            ("SELECT * FROM t WHERE name = 's3cret'", "s3cret"),
            ("DETAIL:  parameters: $1 = 's3cret', $2 = '1'", "s3cret"),
            ("invalid input syntax for type integer: \"s3cret\"", "s3cret"),
        ] {
            let mut n = BTreeMap::new();
            let out = cut(text, &mut n);
            assert!(!out.contains(secret), "{text}\n{out}");
            assert!(n.values().sum::<u64>() >= 1, "{out}");
            assert_eq!(cut(&out, &mut BTreeMap::new()), out, "cutting twice is cutting once");
        }
    }

    #[test]
    fn patterns_compile() {
        for head in &super::HEADS {
            assert!(head.regex().is_some(), "{}", head.kind);
        }
    }

    #[test]
    fn what_stands_beside_a_secret_stays() {
        for (text, left) in [
            ("{database.password=s3cret, slot.name=x}", "{database.password=<cut>, slot.name=x}"),
            ("jdbc:x://h/d?user=u&password=s&ssl=true rest", "jdbc:x://h/d?user=u&password=<cut>&ssl=true rest"),
            ("\"password\":\"s\",\"user\":\"u\"", "\"password\":\"<cut>\",\"user\":\"u\""),
            ("'password' = 's',\n'slot.name' = 'x'", "'password' = '<cut>',\n'slot.name' = 'x'"),
            ("password=s\nuser=u", "password=<cut>\nuser=u"),
            ("https://a:b@h:1/x", "https://<cut>@h:1/x"),
            ("DELETE FROM t WHERE a = 'x' AND b = 2", "DELETE FROM t WHERE a = '<cut>' AND b = <cut>"),
        ] {
            assert_eq!(cut(text, &mut BTreeMap::new()), left);
        }
    }

    #[test]
    fn evidence_stays() {
        for text in [
            "FATAL: password authentication failed for user \"svc_flink\"",
            "Access denied for user 'cdc'@'10.0.0.7' (using password: YES)",
            "The server requested SCRAM-based authentication, but no password was provided.",
            "database.password = ********",
            "FATAL: no pg_hba.conf entry for host \"127.0.0.1\", user \"u\", database \"d\", no encryption",
            "DETAIL:  Connection matched pg_hba.conf line 3: \"host all all 127.0.0.1/32 scram-sha-256\"",
            "DETAIL:  User \"repl_cdc\" has an expired password.",
            "CREATE_REPLICATION_SLOT \"orders_slot\"  LOGICAL pgoutput",
            "SELECT pg_drop_replication_slot('orders_slot')",
            "select slot_name from pg_replication_slots where slot_name = 'flink'",
            "CREATE PUBLICATION dbz_publication FOR ALL TABLES;",
            "pekko.tcp://flink@tm-1.example.com:6122/user/rpc/taskmanager_0",
            "at io.debezium.connector.Foo@5ffd2b27",
            "http://jobmanager:8081/jobs/abc?x=a@b",
            "basic authentication is off",
            "No tokens obtained. Waiting for 3600000 ms",
            "Updated tokens: update from the resource manager",
        ] {
            assert_eq!(cut(text, &mut BTreeMap::new()), text);
        }
    }
}
