//! What begins a secret: the words to look for, and the pattern that stands before it.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

/// How far a secret reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The pattern's only group, or all that it matched.
    Group,
    /// The value behind a key and its sign.
    Assigned,
    /// A key in PEM form.
    Pem,
    /// A row: to its closing bracket, at least to the end of the line.
    Row,
    /// The literals of an SQL statement.
    Sql,
}

/// A kind of secret.
pub(super) struct Head {
    /// Name, as it is counted.
    pub(super) kind: &'static str,
    /// Texts of which one must stand there, lower case.
    triggers: &'static [&'static str],
    pattern: &'static str,
    pub(super) extent: Extent,
    regex: OnceLock<Option<Regex>>,
}

impl Head {
    /// The pattern, compiled when it is first needed.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Regex::new(self.pattern).ok()).as_ref()
    }
}

macro_rules! head {
    ($kind:literal, $extent:ident, $triggers:expr, $pattern:literal) => {
        Head { kind: $kind, triggers: $triggers, pattern: $pattern, extent: Extent::$extent, regex: OnceLock::new() }
    };
}

/// All kinds, in the order in which they are cut.
pub(super) static HEADS: [Head; 18] = [
    head!("key", Pem, &["private key"], r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"),
    head!(
        "key",
        Group,
        &["akia", "asia", "aroa", "aida", "age-secret-key"],
        r"\b(?:(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}|AGE-SECRET-KEY-1[A-Z0-9]{20,})"
    ),
    head!(
        "token",
        Group,
        &[
            "eyj",
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "glpat-",
            "gldt-",
            "glrt-",
            "xoxa-",
            "xoxb-",
            "xoxe-",
            "xoxo-",
            "xoxp-",
            "xoxr-",
            "xoxs-",
            "aiza",
            "ya29.",
            "sk_live_",
            "sk_test_",
            "rk_live_",
            "npm_",
            "hvs.",
            "hvb.",
            "sg.",
            "pypi-",
            "atatt",
            "dop_v1_",
            "hooks.slack.com",
            "/api/webhooks/",
            "webhook.office.com",
        ],
        r"\b(?:eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*)?|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|gl(?:pat|dt|rt)-[A-Za-z0-9_\-]{16,}|xox[abeoprs]-[A-Za-z0-9\-]{10,}|AIza[A-Za-z0-9_\-]{30,}|ya29\.[A-Za-z0-9_\-]{16,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|npm_[A-Za-z0-9]{30,}|hv[sb]\.[A-Za-z0-9_\-]{16,}|SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}|pypi-[A-Za-z0-9_\-]{16,}|ATATT[A-Za-z0-9_=\-]{16,}|dop_v1_[a-f0-9]{32,}|hooks\.slack\.com/[A-Za-z0-9/_\-]+|[A-Za-z]+\.com/api/webhooks/[A-Za-z0-9/_\-]+|[a-z0-9.]*webhook\.office\.com/[A-Za-z0-9/_@\-]+)"
    ),
    head!(
        "hash",
        Group,
        &["scram-sha-", "md5", "$2a$", "$2b$", "$2y$", "$argon2", "$5$", "$6$"],
        r"SCRAM-SHA-(?:1|256|512)(\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+)|\bmd5[0-9a-f]{32}\b|\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}|\$argon2[a-z]*\$\S+|\$[56]\$[./A-Za-z0-9$=]{16,}"
    ),
    head!(
        "url credentials",
        Group,
        &["://"],
        r#"[A-Za-z][A-Za-z0-9+.\-]*://([^\s/@:'"<>]*:(?:[0-9]+|(?:[^\s'"<>/0-9]|[0-9]+[^\s'"<>/0-9])[^\s'"<>]*)|[^\s/@:'"<>]{20,})@"#
    ),
    head!("url credentials", Group, &["jdbc:oracle:"], r#"(?i-u:jdbc:oracle:(?:thin|oci8?)):([^\s/@'"]+/[^\s'"]+)@"#),
    head!(
        "password",
        Assigned,
        &[
            "pass",
            "pwd",
            "secret",
            "credential",
            "api key",
            "apikey",
            "api_key",
            "api-key",
            "api.key",
            "accesskey",
            "access_key",
            "access-key",
            "access.key",
            "accountkey",
            "account_key",
            "account-key",
            "account.key",
            "sharedkey",
            "shared_key",
            "privatekey",
            "private_key",
            "private-key",
            "private.key",
            "encryptionkey",
            "encryption_key",
            "encryption-key",
            "encryption.key",
            "signing_key",
            "signing-key",
            "signingkey",
            "master_key",
            "master-key",
            "jaas",
        ],
        r#"(?i-u:passwords?|passwd|passphrase|passcode|passwort|\bpass\b|_pass\b|pwd|secret|credentials?|(?:api|access|account|shared|private|encryption|signing|master)[_.\- ]?key|jaas[_.\-]config)[A-Za-z0-9_.\-]*\\*["'`]?\s*(?:=>|:=|==?|:|,)"#
    ),
    head!(
        "password",
        Group,
        &["password>", "secret>", "token>", "passwd>", "pass>", "pwd>", "key>"],
        r"(?i-u:<[A-Za-z0-9_.:\-]*(?:password|passwd|pass|pwd|secret|token|key)[A-Za-z0-9_.\-]*)>([^<]+)"
    ),
    head!(
        "password",
        Group,
        &["name=\"", "name='", "name=\\\""],
        r#"(?i-u:\bname=\\?["'])[A-Za-z0-9_.\- ]*(?i-u:password|passwd|pwd|secret|token|key)[A-Za-z0-9_.\- ]*\\?["']\s+(?i-u:value=)\\?["']([^"'\n]*)"#
    ),
    head!(
        "password",
        Group,
        &[
            "password '",
            "password \"",
            "identified by",
            "password is '",
            "password is \"",
            "password was",
            "identified with"
        ],
        r#"(?i-u:\bpassword(?:\s+(?:is|was|of))?|\bidentified\s+(?:by(?:\s+password)?|with\s+[a-z0-9_'"]+\s+(?:by|as)))\s+(\\?'(?:[^'\\]|''|\\.)*'|\\?"(?:[^"\\]|\\.)*")"#
    ),
    head!(
        "argument",
        Group,
        &["--", " -p", "curl"],
        r#"(?i-u:\s--?[a-z0-9_.\-]*(?:password|passwd|pwd|secret|token|api-?key)[a-z0-9_.\-]*[= ]\s*|\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|sshpass)\s(?-i:[ -:<-{}~]*?)-p|\bcurl\s(?-i:[ -:<-{}~]*?)(?:-u|--user)[= ]?\s*)("[^"\n]*"|'[^'\n]*'|[^\s"']+)"#
    ),
    head!(
        "token",
        Assigned,
        &["token", "signature", "sig=", "x-amz-", "sessionid", "session_id", "session-id", "auth_key", "authkey"],
        r#"(?i-u:token|signature|\bsig|x-amz-credential|session[_\-]?id|auth[_\-]?key)\\*["'`]?\s*(?:=>|:=|=|:)"#
    ),
    head!(
        "authorization",
        Assigned,
        &["authorization", "cookie"],
        r#"(?i-u:authorization|cookie)\\*["'`]?\s*(?:[:=]|=>)"#
    ),
    head!(
        "authorization",
        Group,
        &["bearer ", "basic ", "negotiate ", "digest "],
        r"(?i-u:\b(?:bearer|basic|negotiate|digest)\s+)([A-Za-z0-9\-._~+/]{8,}=*)"
    ),
    head!(
        "row data",
        Row,
        &[
            "sourcerecord",
            "connectrecord",
            "struct{",
            "row:",
            "row contains",
            "key (",
            "handle row",
            "rowdata",
            "+i[",
            "-u[",
            "+u[",
            "-d[",
            "+i(",
            "before\"",
            "after\"",
            "before\\\"",
            "after\\\"",
            "src line",
            "parameters:",
            "change_event",
            "producerrecord",
            "consumerrecord",
        ],
        r#"\b(?:SourceRecord|ConnectRecord|ProducerRecord|ConsumerRecord|ChangeEvent)\b|\bStruct\{|\b(?i-u:row):|(?i-u:failing row contains)|\bKey \(|(?i-u:cannot handle row:? )\S+|\b(?:Generic|Binary|Joined)?RowData\b|[+\-][IUD][\[(]|\\*"(?:before|after)\\*"\s*:\s*\{|(?i-u:\bsrc line)|(?i-u:\bparameters:) \$1"#
    ),
    head!(
        "row data",
        Group,
        &["duplicate entry '", "value: '", "invalid input syntax", "incorrect ", ": \"", "out of range"],
        r#"(?:(?i-u:duplicate entry|(?:incorrect|invalid) (?:[a-z]+ )?value:) '|(?i-u:invalid input (?:syntax|value) for (?:type |enum )?[a-z0-9_ ]+|, line [0-9]+(?:, column [ -9;-~]+)?): ")([^\n]*?)(?:['"](?: for|,|\.|\n|$)|\n|$)"#
    ),
    head!(
        "sql literal",
        Sql,
        &["insert into", "update ", "delete from", "merge into", "replace into", "select ", "values", "call "],
        r"(?i-u:\b(?:insert\s+(?:ignore\s+)?into|replace\s+into|update\s+[!-~]+\s+set|delete\s+from|merge\s+into|select|call|values)\b)"
    ),
    head!(
        "e-mail",
        Group,
        &["@", "%40"],
        r"[A-Za-z0-9][A-Za-z0-9._%+\-]*(?:@|%40)[A-Za-z0-9](?:[A-Za-z0-9\-]*\.)+[A-Za-z]{2,}\b"
    ),
];

/// Which kinds may stand in the text, a bit a kind.
pub(super) fn triggered(text: &str) -> u32 {
    static TRIGGERS: OnceLock<Option<(AhoCorasick, Vec<u32>)>> = OnceLock::new();
    let built = TRIGGERS.get_or_init(|| {
        let pairs: Vec<(&str, u32)> = (0_u32..)
            .zip(&HEADS)
            .flat_map(|(number, head)| head.triggers.iter().map(move |t| (*t, 1 << number)))
            .collect();
        let search =
            AhoCorasick::builder().ascii_case_insensitive(true).build(pairs.iter().map(|(text, _)| text)).ok()?;
        Some((search, pairs.into_iter().map(|(_, bit)| bit).collect()))
    });
    // without the search every kind is looked for
    let Some((search, bits)) = built else { return u32::MAX };
    let mut found = 0;
    for hit in search.find_overlapping_iter(text) {
        found |= bits.get(hit.pattern().as_usize()).copied().unwrap_or(0);
    }
    found
}
