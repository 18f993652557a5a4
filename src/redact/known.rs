//! What is no name: what every installation has, and the words of the rules.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::rule::RuleSet;

/// Names that tell nothing about an installation.
const COMMON: &[&str] = &[
    "all",
    "any",
    "arg",
    "current_user",
    "dbo",
    "dbz_publication",
    "debezium",
    "decoderbufs",
    "default",
    "default_catalog",
    "default_database",
    "empty",
    "false",
    "flink",
    "flink-metrics",
    "information_schema",
    "ip6-localhost",
    "localhost",
    "localhost.localdomain",
    "master",
    "msdb",
    "mysql",
    "n/a",
    "none",
    "null",
    "nobody",
    "performance_schema",
    "pg_catalog",
    "pgoutput",
    "postgres",
    "public",
    "replication",
    "root",
    "sa",
    "self",
    "session_user",
    "sys",
    "template0",
    "template1",
    "test_decoding",
    "true",
    "undefined",
    "unknown",
    "wal2json",
];

/// Sites that documents and log lines point to.
const SITES: &[&str] = &[
    "apache.org",
    "debezium.io",
    "slf4j.org",
    "postgresql.org",
    "mysql.com",
    "mariadb.com",
    "oracle.com",
    "github.com",
    "gitlab.com",
    "starrocks.io",
    "confluent.io",
    "mongodb.com",
    "elastic.co",
    "maven.org",
    "w3.org",
    "xml.org",
    "ververica.com",
    "microsoft.com",
    "google.com",
    "java.net",
    "openjdk.org",
    "cdc-doctor.dev",
];

/// Words beside those of the rules that logs are full of.
const MORE: &str = "about above added after again allocated allowed already also among another application applied are aborted attempt \
    available because been before begin beginning being below between both bytes call called can caused change changed changes check \
    checkpoint child class cleaned cleanup close closed closing cluster code committed completed component config configuration connect \
    connected consumer container context continue coordinator could create created creating cross current currently data default deleted \
    deployed deploying details did directory disconnected does doing done driver drop dropped due during each either empty enabled end \
    ended engine environment error event events every example exception executed executing execution existing exists exit failed failing \
    failure false field fields file final finish finished first flink following format found free from full function future get given \
    granted group had has have heap history http https idle ignored inactive incremental info information initial initialized inner insert \
    inside instance instead internal into invalid its java jvm key keys kill killed last later latest leader left level like limit line \
    list listener load loaded loading local lock log logical long lost main manager many map maximum may memory message metadata metrics \
    might missing mode monitor more most must name named names naming needs network never new next node not nothing null number object off offset offsets \
    old once one only open opened operation operator option options order other out over own owner page parallelism parameter parent part \
    partition password path pending permission plugin pool port position present previous primary problem process processed processing \
    producer properties provided query queue read reader reading ready reason received record records recovered recovery refused register \
    registered release released remote removed replica replicated replication request requested required reset resource response restart \
    restarted restarting result resumed retry returned root row rows run running same schedule scheduled second seconds see select send \
    sent server service session set several shared should shutdown shut shutting sink size skipped slot slots snapshot some source split \
    splits standby start started starting startup state status still stop stopped stopping storage store stream streaming string such \
    suspended switched sync system tables task tasks terminate terminated test text than that the their them then there these they this \
    thread those through time timeout timestamp too topic total transaction transition trigger triggered true try trying type types under \
    unknown until update updated usage use used using value values version via view wait waiting warn was were when where which while will \
    with within without worker would write writer writing written yet you your";

/// Words that are taken for names only where they stand as such.
#[derive(Debug, Clone)]
pub struct Dictionary {
    /// Words of patterns, and those that logs are full of: what they stand in must stay what it is.
    patterns: BTreeSet<String>,
    /// Words of texts.
    texts: BTreeSet<String>,
}

impl Dictionary {
    /// The words of all rules, patterns and texts, but not of their examples.
    #[must_use]
    pub fn of(rules: &RuleSet) -> Self {
        let mut patterns: BTreeSet<String> = MORE.split_whitespace().map(str::to_owned).collect();
        let mut words: BTreeSet<String> = BTreeSet::new();
        for (number, rule) in rules.rules().iter().enumerate() {
            add(&serde_json::to_string(&rule.alternatives_of_match).unwrap_or_default(), &mut patterns);
            add(&serde_json::to_string(&rule.refuted_by).unwrap_or_default(), &mut patterns);
            let mut texts = rules.texts(number);
            texts.examples.clear();
            add(&serde_json::to_string(&texts).unwrap_or_default(), &mut words);
        }
        for entry in rules.context.iter().chain(&rules.health) {
            add(&serde_json::to_string(entry).unwrap_or_default(), &mut patterns);
        }
        rules.vocabulary.parameters.keys().for_each(|name| add(name, &mut patterns));
        Self { patterns, texts: words }
    }

    /// A common word of patterns and logs, or too short to be told from one: a name only where it stands as such.
    #[must_use]
    pub fn is_common(&self, word: &str) -> bool {
        let number = word.chars().all(|c| c.is_ascii_digit());
        number || word.chars().count() < 3 || self.patterns.contains(&word.to_ascii_lowercase())
    }

    /// A word of patterns, logs or texts: behind `table` it may go on a sentence.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.is_common(word) || self.texts.contains(&word.to_ascii_lowercase())
    }
}

fn add(text: &str, words: &mut BTreeSet<String>) {
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|w| w.len() > 1) {
        words.insert(word.to_ascii_lowercase());
        words.extend(word.split('_').filter(|w| w.len() > 1).map(str::to_ascii_lowercase));
    }
}

/// True if this can be a name that must not be shown: not empty, no number, nothing that every installation has.
pub(super) fn is_name(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let plain = lower.trim_matches(|c: char| matches!(c, '[' | ']'));
    !(value.is_empty()
        || value.len() > 256
        || value.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '*' | '?' | '_' | '%' | ':' | '/'))
            && !is_address(plain)
        || value.contains(['\n', '\r', '\t', '<', '>', '{', '}', '$', '\0'])
        || COMMON.contains(&lower.as_str())
        || is_open_address(plain)
        || plain.len() >= 32 && plain.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
        || lower.contains("localhost")
        || is_site(&lower))
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// Loopback, "any" and netmasks.
fn is_open_address(text: &str) -> bool {
    text.parse::<Ipv4Addr>()
        .is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified() || ip.octets().first() == Some(&255))
        || text.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
}

fn is_site(host: &str) -> bool {
    SITES.iter().any(|site| host.strip_suffix(site).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}
