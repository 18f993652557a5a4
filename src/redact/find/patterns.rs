//! The patterns of the finders, and the words without which none of them is tried.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

/// How a match is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An IPv4 address.
    Address4,
    /// An IPv6 address.
    Address6,
    /// `key = value`.
    Option,
    /// `user "name"`.
    Quoted,
    /// `user name`.
    Bare,
    /// The group `host`.
    Host,
    /// A name that ends like a domain.
    Domain,
    /// `name:port`.
    Port,
    /// Groups named after what they are.
    Groups,
    /// The table of a statement.
    Sql,
    /// What looks like a token of ours.
    Token,
}

/// A pattern and how it is read.
pub(super) struct Finder {
    pub(super) form: Form,
    /// Texts of which one must stand there, lower case; none: always.
    triggers: &'static [&'static str],
    pattern: &'static str,
    regex: OnceLock<Option<Regex>>,
}

impl Finder {
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Regex::new(self.pattern).ok()).as_ref()
    }
}

macro_rules! finder {
    ($form:ident, $triggers:expr, $pattern:literal) => {
        Finder { form: Form::$form, triggers: $triggers, pattern: $pattern, regex: OnceLock::new() }
    };
}

pub(super) static FINDERS: [Finder; 21] = [
    finder!(Address4, &[], r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}"),
    finder!(
        Address6,
        &[":"],
        r"(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){0,6}[0-9A-Fa-f]{0,4}::(?:[0-9A-Fa-f]{1,4}:){0,6}[0-9A-Fa-f]{0,4}"
    ),
    finder!(Groups, &["://"], r#"[A-Za-z][A-Za-z0-9+.\-]*://(?:[^\s/@"'<>]*@)?(?P<host>[^\s/"'@;?)\]}<>\\&|]+)"#),
    finder!(Groups, &["jdbc:"], r#"jdbc:[A-Za-z0-9:+.\-]+://[^\s/"']+/(?P<database>[A-Za-z0-9_%.\-]+)"#),
    finder!(
        Groups,
        &["jdbc:oracle", "jdbc:sqlserver"],
        r"(?i-u:jdbc:oracle:thin:@)(?://)?(?P<host>[A-Za-z0-9_.\-]+)(?::[0-9]+)?[:/](?P<database>[A-Za-z0-9_.\-]+)|(?i-u:;databasename=)(?P<database2>[A-Za-z0-9_.\-]+)"
    ),
    finder!(
        Option,
        &[
            "user",
            "login",
            "principal",
            "host",
            "server",
            "address",
            "nodes",
            "client",
            "db",
            "database",
            "schema",
            "table",
            "collection",
            "slot",
            "publication",
            "topic",
            "catalog",
        ],
        r#"(?P<key>(?i-u:user[._\-]?names?|user|login|principal|hosts|host[._\-]?names?|host|servers?|(?:[a-z]+[._\-])?address(?:es)?|(?:fe|be)?[._\-]?nodes|client|db[._\-]?names?|db|databases?(?:[._\-]?(?:names?|list|include[._\-]list))?|schemas?(?:[._\-]?(?:names?|list|include[._\-]list))?|tables?(?:[._\-]?(?:names?|list|whitelist|include[._\-]list|exclude[._\-]list))?|collections?|slot(?:[._\-]?name)?|publication(?:[._\-]?names?)?|topics?(?:[._\-]?(?:prefix|names?))?))\\*["']?\s*(?:=>|=|:)[ \t]*\\*["'\[]?(?P<value>(?:[^\s"'&;})\]\\<>=]|\\\.){1,600})"#
    ),
    finder!(
        Quoted,
        &[
            "user",
            "role",
            "login",
            "owner",
            "host",
            "address",
            "database",
            "schema",
            "relation",
            "table",
            "view",
            "slot",
            "publication",
            "topic",
            "principal",
            "keyspace"
        ],
        r#"\b(?P<word>(?i-u:user|role|login|owner|principal|host(?: name|name)?|address|database|schema|keyspace|relation|tables?|view|slot|publication|topic))(?: named| name)?\s*[:=]?\s*\\*["'`](?P<value>[^"'`\\\n]{1,200})\\*["'`]"#
    ),
    finder!(
        Bare,
        &[
            "user ",
            "role ",
            "database ",
            "schema ",
            "relation ",
            "table ",
            "slot ",
            "publication ",
            "topic ",
            "host ",
            "tables "
        ],
        r"\b(?P<word>(?i-u:user|role|database|schema|relation|tables?|slot|publication|topic|host))(?: named)? (?P<value>[A-Za-z_][A-Za-z0-9_$.\-]*)"
    ),
    finder!(Groups, &["'@'", "'@\\'", "`@`"], r"['`](?P<user>[^'`\n@]{1,128})['`]@['`](?P<host>[^'`\n]{1,255})['`]"),
    finder!(
        Host,
        &[
            "unknownhost",
            "connection to",
            "connect to",
            "connecting to",
            "connected to",
            "no route to host",
            "name or service",
            "from host",
            "for host",
            "to host",
            "resolve"
        ],
        r"(?:UnknownHostException: |(?i-u:connect(?:ion|ing|ed)? (?:to|with) (?:server |host |address )?|no route to host:? |(?:from|for|to) host |resolve (?:host )?))(?P<host>[A-Za-z0-9][A-Za-z0-9_.\-]*)"
    ),
    finder!(
        Host,
        &["/"],
        r"(?P<host>[A-Za-z][A-Za-z0-9_.\-]*)/(?:<unresolved>|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[?[0-9a-fA-F]{0,4}:[0-9a-fA-F:]+)(?::[0-9]+)?"
    ),
    finder!(Groups, &["ip-"], r"\b(?P<host>ip-[0-9]{1,3}-[0-9]{1,3}-[0-9]{1,3}-[0-9]{1,3}[A-Za-z0-9.\-]*)"),
    finder!(
        Domain,
        &[
            ".com",
            ".net",
            ".org",
            ".io",
            ".local",
            ".internal",
            ".lan",
            ".corp",
            ".intra",
            ".home",
            ".cloud",
            ".svc",
            ".cluster",
            ".gov",
            ".edu",
            ".info",
            ".biz",
            ".dev",
            ".app",
            ".ru",
            ".cn",
            ".de",
            ".uk",
            ".fr",
            ".eu",
            ".jp",
            ".nl",
            ".ch",
            ".br",
            ".in",
            ".us",
        ],
        r"[A-Za-z0-9](?:[A-Za-z0-9_\-]*\.)+(?i-u:com|net|org|io|local|localdomain|internal|lan|corp|intra|intranet|home|cloud|svc|cluster|gov|edu|info|biz|dev|app|ru|cn|de|uk|fr|eu|jp|nl|ch|br|in|us)"
    ),
    finder!(Port, &[":"], r"(?P<host>[A-Za-z][A-Za-z0-9]*(?:[.\-_][A-Za-z0-9]+)+):[0-9]{2,5}\b"),
    finder!(
        Groups,
        &["/home/", "/users/", "\\users\\"],
        r#"(?:/home/|/Users/|(?i-u:[a-z]:\\+users\\+))(?P<user>[^/\\\s"':;,()]+)"#
    ),
    finder!(
        Groups,
        &["flink-"],
        r"flink-(?P<user>[A-Za-z0-9_.]+)-(?:taskexecutor|standalonesession|standalonejob|jobmanager|taskmanager|client|sql-client|sql-gateway|historyserver|zookeeper|kubernetes-[a-z\-]+|yarn-[a-z\-]+)-(?:[0-9]+-)?(?P<host>[A-Za-z0-9][A-Za-z0-9.\-]*?)\.(?:log|out)\b"
    ),
    finder!(
        Groups,
        &["log:", "error:", "fatal:", "detail:", "statement:", "hint:", "warning:"],
        r"\] (?P<user>[A-Za-z0-9_.\-]+)@(?P<database>[A-Za-z0-9_.\-]+) (?:LOG|ERROR|FATAL|DETAIL|STATEMENT|HINT|WARNING|PANIC|CONTEXT):"
    ),
    finder!(
        Sql,
        &["from ", "into ", "join ", "update ", "table ", "only "],
        r#"(?:\b(?:FROM|INTO|JOIN|UPDATE|TABLE|ONLY|ON TABLE)\s+(?:ONLY\s+|IF\s+(?:NOT\s+)?EXISTS\s+)?|\b(?:select\s[^;\n]*?\sfrom|insert\s+into|delete\s+from|alter\s+table|drop\s+table|create\s+table)\s+)(?P<table>(?:"[^"\n]+"|`[^`\n]+`|[A-Za-z_][A-Za-z0-9_$]*)(?:\.(?:"[^"\n]+"|`[^`\n]+`|[A-Za-z_][A-Za-z0-9_$]*))*(?:,\s*(?:"[^"\n]+"|`[^`\n]+`|[A-Za-z_][A-Za-z0-9_$]*)(?:\.(?:"[^"\n]+"|`[^`\n]+`|[A-Za-z_][A-Za-z0-9_$]*))+)*)"#
    ),
    finder!(
        Token,
        &["host-", "user-", "database-", "schema-", "table-", "slot-", "publication-", "topic-", "job-"],
        r"(?i-u:host|user|database|schema|table|slot|publication|topic|job)-[1-9][0-9]{0,8}\b"
    ),
    finder!(Groups, &["job "], r"\b[Jj]ob '?(?P<job>[^'\n()]{1,120}?)'? \([0-9a-f]{32}\)"),
    finder!(
        Groups,
        &["publication", "replication_slot", "publication_names", "replication slot"],
        r#"\b(?:CREATE|ALTER|DROP) PUBLICATION (?:IF EXISTS )?"?(?P<publication>[A-Za-z0-9_$\-]+)"?|(?:CREATE_REPLICATION_SLOT|START_REPLICATION SLOT|DROP_REPLICATION_SLOT) "?(?P<slot>[A-Za-z0-9_]+)"?|(?:_replication_slot|_slot_[a-z_]+)\('(?P<slot2>[^'\n]+)'|publication_names '(?P<publication2>[^'\n]+)'"#
    ),
];

/// Which finders may find something, a bit each.
pub(super) fn triggered(text: &str) -> u32 {
    static TRIGGERS: OnceLock<Option<(AhoCorasick, Vec<u32>, u32)>> = OnceLock::new();
    let built = TRIGGERS.get_or_init(|| {
        let mut always = 0;
        let mut pairs: Vec<(&str, u32)> = Vec::new();
        for (number, finder) in (0_u32..).zip(&FINDERS) {
            if finder.triggers.is_empty() {
                always |= 1 << number;
            }
            pairs.extend(finder.triggers.iter().map(|t| (*t, 1 << number)));
        }
        let search = AhoCorasick::builder().ascii_case_insensitive(true).build(pairs.iter().map(|(t, _)| t)).ok()?;
        Some((search, pairs.into_iter().map(|(_, bit)| bit).collect(), always))
    });
    let Some((search, bits, always)) = built else { return u32::MAX };
    let mut found = *always;
    for hit in search.find_overlapping_iter(text) {
        found |= bits.get(hit.pattern().as_usize()).copied().unwrap_or(0);
    }
    found
}
