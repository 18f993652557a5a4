//! Which of the files met in a directory are no logs. Files named on the command line do not come here.

use super::decode;
use super::rotate;
use super::sniff::Content;

/// Why a file is left aside that may be a definition of the job.
pub const CONFIGURATION: &str = "configuration or data, not a log";

/// Names that end so hold no log: extension and reason.
const NO_LOGS: &[(&[&str], &str)] = &[
    (&["out"], "standard output of a process, not a log"),
    (&["jar", "war", "class", "so", "dll", "exe", "pyc"], "program code"),
    (&["json", "yaml", "yml", "properties", "conf", "cnf", "cfg", "ini", "toml", "xml", "sql", "env"], CONFIGURATION),
    (&["csv", "tsv", "parquet", "avro", "orc", "sst", "db", "sqlite", "dat"], "data, not a log"),
    (&["sh", "bat", "py", "java", "scala", "kt", "js", "css", "rs"], "source code"),
    (&["md", "html", "htm", "pdf", "svg", "png", "jpg", "jpeg"], "a document, not a log"),
    (&["pid", "lock", "lck", "swp", "tmp"], "a working file of a program"),
    (&["hprof", "jfr", "core"], "a dump or a profile, not a log"),
    (&["tar", "tgz", "zip"], "an archive; name it to have it read"),
    (&["7z"], "an archive; unpack it to have it read"),
];

/// Why a file of this name is no log; `None` if it may be one. Marks of rotation and compression do not count.
pub(super) fn by_name(name: &str) -> Option<&'static str> {
    if name.starts_with('.') {
        return Some("hidden");
    }
    let base = rotate::place(name).0.to_lowercase();
    let (stem, ending) = base.rsplit_once('.').unwrap_or((&base, ""));
    if ["gc.", "gc-", "gc_"].iter().any(|s| base.starts_with(s))
        || ["-gc", "_gc", ".gc"].iter().any(|s| stem.ends_with(s))
    {
        return Some("a garbage collector log");
    }
    NO_LOGS.iter().find(|(endings, _)| endings.contains(&ending)).map(|(_, reason)| *reason)
}

/// May a file of this name, which [`by_name`] refuses, hold events all the same: JSON lines, csvlog, a REST answer?
pub(super) fn may_hold_events(name: &str) -> bool {
    let base = rotate::place(name).0.to_lowercase();
    matches!(base.rsplit_once('.'), Some((_, "json" | "csv")))
}

/// Does a text begin with events: an object with a message in its first line, or a row that begins with a time?
pub(super) fn begins_with_events(text: &[u8]) -> bool {
    const KEYS: [&[u8]; 6] = [
        b"\"message\"",
        b"\"log\"",
        b"\"MESSAGE\"",
        b"\"short_message\"",
        b"\"root-exception\"",
        b"\"exceptionHistory\"",
    ];
    let text = text.trim_ascii_start();
    let first = text.split(|b| *b == b'\n').next().unwrap_or_default();
    let dated = first.first_chunk::<20>().is_some_and(|stamp| {
        stamp.iter().enumerate().all(|(n, b)| match n {
            4 | 7 => *b == b'-',
            10 => *b == b' ',
            13 | 16 => *b == b':',
            19 => *b == b'.',
            _ => b.is_ascii_digit(),
        })
    });
    let keyed = |line: &[u8]| KEYS.iter().any(|key| memchr::memmem::find(line, key).is_some());
    // a pretty answer has its keys in later lines
    let object = first.starts_with(b"{") && keyed(if first.len() > 2 { first } else { text });
    object || (dated && memchr::memchr(b',', first).is_some())
}

/// Why a file of this content is no log; `None` if it may be one.
pub(super) fn by_content(head: Result<&[u8], Content>) -> Option<String> {
    match head {
        Ok(text) => collector(text).then(|| "a garbage collector log".into()),
        Err(content) => Some(decode::refused(content, "").0.trim_start_matches("is ").to_owned()),
    }
}

/// At least half of the first lines are tagged as the JVM tags what its collector says.
fn collector(text: &[u8]) -> bool {
    const TAGS: [&[u8]; 3] = [b"[gc", b"[GC", b"[Full GC"];
    let lines = || text.split(|b| *b == b'\n').filter(|line| !line.is_empty()).take(20);
    let tagged = lines().filter(|line| TAGS.iter().any(|tag| line.windows(tag.len()).any(|w| w == *tag)));
    let tagged = tagged.count();
    tagged > 0 && tagged * 2 >= lines().count()
}
