//! Who may import whom, and which names may stand only where, by reading `src/`.
//!
//! Data goes one way: input → record → trace → engine → diagnosis → report. The table is that of the design with these
//! differences, which came with the modules as they are: `engine::facts` (plain data) is what diagnosis imports of the engine,
//! and the report, which shows places, times and votes, takes plain data from `engine::facts` and `record` too; `record` asks
//! `trace` where a trace begins (`trace::find_trace`) and what a frame is, and nothing else; `builtin` is the packed rule base; `examples` runs the
//! pipeline on the examples of rules.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Module (the longest prefix that fits counts), and what it may import: `*` is anything, a path allows everything below it.
const IMPORTS: &[(&str, &[&str])] = &[
    ("error", &["diagnostic"]),
    ("diagnostic", &[]),
    ("builtin", &["rule"]),
    ("input", &[]),
    ("record", &["trace::find_trace", "trace::parse::frame", "trace::parse::is_bare_frame"]),
    ("trace", &["record"]),
    // compiled into build.rs too, which has only these two
    ("rule", &["diagnostic"]),
    ("rule::builtin", &["rule"]),
    ("unwrap", &["record"]),
    ("engine", &["record", "trace", "rule"]),
    (
        "diagnosis",
        &[
            "engine::facts",
            "job",
            "rule",
            "record::Timestamp",
            "record::Times",
            "record::Level",
            "record::Location",
            "record::Layout",
        ],
    ),
    // plain data, but for the one reader of YAML, and the cutter of secrets
    ("job", &["diagnostic", "rule", "engine::secrets"]),
    ("report", &["words", "rule", "trace::fingerprint"]),
    ("report::model", &["diagnosis", "engine::facts", "job", "record", "rule", "trace::fingerprint"]),
    // the boundary of what is shared: takes reports and texts, and the words of the rules
    ("redact", &["builtin", "engine::secrets", "report", "rule"]),
    // facts carry the job's files, and reading them says what is wrong where
    ("pipeline", &["input", "record", "unwrap", "trace", "rule", "engine", "diagnosis", "job", "diagnostic"]),
    // requests and answers as data, and the one file that sends them
    ("attach", &["record::Timestamp", "rule::template"]),
    ("bundle", &["engine::facts", "engine::secrets", "pipeline", "redact", "report", "rule"]),
    ("examples", &["pipeline", "engine", "diagnosis", "rule"]),
    // drives the pipeline like the command line does, on examples and samples; reads and prints nothing itself
    (
        "author",
        &["examples", "builtin", "pipeline", "engine", "diagnosis", "rule", "diagnostic", "record", "trace", "report"],
    ),
    // the same pipeline, on files that are still written
    (
        "watch",
        &[
            "pipeline",
            "input",
            "diagnosis",
            "report",
            "error",
            "engine::facts",
            "rule",
            "record::Location",
            "record::Timestamp",
            "trace::fingerprint",
        ],
    ),
    ("cli", &["*"]),
    ("main", &["*"]),
    ("lib", &["*"]),
];

/// What a name is, and where it may stand: path prefixes below `src/`.
const NAMES: &[(&str, &[&str])] = &[
    ("serde_saphyr", &["rule/yaml.rs"]),
    ("miette", &["diagnostic.rs", "main.rs", "cli/rules.rs"]),
    ("clap", &["cli/"]),
    ("anstream", &["cli/"]),
    ("terminal_size", &["cli/"]),
    ("io::stdin", &["cli/"]),
    ("io::stdout", &["cli/"]),
    ("io::stderr", &["cli/"]),
    ("println!", &[]),
    ("print!", &[]),
    ("eprintln!", &[]),
    ("eprint!", &[]),
    ("dbg!", &[]),
    ("process::exit", &["cli/", "main.rs"]),
    ("std::fs", &["input/", "cli/", "rule/set.rs", "watch/"]),
    ("File::open", &["input/", "cli/", "watch/"]),
    ("std::env", &["cli/", "main.rs"]),
    ("std::process", &["cli/", "main.rs", "watch/hook.rs", "watch/state.rs"]),
    // addresses as values; nothing there opens a connection
    (
        "std::net",
        &[
            "job/hba.rs",
            "redact/known.rs",
            "redact/find.rs",
            "attach/system.rs",
            "cli/watch.rs",
            "watch/mod.rs",
            "watch/serve.rs",
        ],
    ),
    // waits where a ticket system asks for it
    ("std::thread", &["cli/attach.rs", "watch/hook.rs", "watch/wake.rs"]),
    ("SystemTime", &["main.rs", "watch/clock.rs"]),
    ("Instant", &["main.rs", "watch/"]),
    ("Instant::now", &["watch/clock.rs"]),
    ("Zoned::now", &["main.rs"]),
    ("flate2", &["input/decode"]),
    ("ruzstd", &["input/decode", "input/packed.rs"]),
    ("tar", &["input/archive.rs", "input/packed.rs"]),
    ("encoding_rs", &["input/decode"]),
    ("walkdir", &["input/discover"]),
    ("zip::ZipArchive", &["author/coverage/jar.rs", "input/archive.rs"]),
    ("ureq", &["input/flink/http.rs", "attach/http.rs"]),
    ("jiff", &["record/zone.rs"]),
    ("notify::", &["watch/wake.rs"]),
    ("signal_hook", &["watch/wake.rs"]),
    ("oxhttp", &["watch/serve.rs"]),
    ("prometheus_client", &["watch/metrics.rs"]),
    ("rustix", &["watch/hook.rs", "watch/run/limits.rs"]),
    ("tempfile", &["watch/state.rs"]),
    ("todo!", &[]),
    ("unimplemented!", &[]),
    // `forbid(unsafe_code)` is in lib.rs and main.rs
    ("unsafe", &[]),
];

/// Largest number of lines of a file.
const LINES: usize = 400;
/// Files that are larger, with the size they may not outgrow. None may be added.
const LARGER: &[(&str, usize)] = &[
    // plain data with its documentation
    ("report/mod.rs", 740),
];

struct Source {
    /// Path below `src/`.
    path: String,
    /// `report::text::grid`.
    module: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all: Vec<Source> = walkdir::WalkDir::new(&top)
        .sort_by_file_name()
        .into_iter()
        .flatten()
        .filter(|e| e.path().extension().is_some_and(|x| x == "rs"))
        .map(|e| {
            let path = e.path().strip_prefix(&top).unwrap().to_str().unwrap().replace('\\', "/");
            let module = path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
            Source { path, module, text: fs::read_to_string(e.path()).unwrap() }
        })
        .collect();
    all.retain(|s| !s.path.is_empty());
    assert!(all.len() > 50, "the sources are not there");
    all
}

/// The text without comments and string literals.
fn code(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            raw.find("\"#").map_or(rest.len(), |i| i + 5)
        } else if c == '"' {
            let bytes = rest.as_bytes();
            let mut at = 1;
            while at < bytes.len() && bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            (at + 1).min(rest.len())
        } else if rest.starts_with("'\"'") {
            3
        } else if rest.starts_with("b'\"'") {
            4
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        out.push(' ');
        rest = &rest[skip..];
    }
    out
}

/// What ships of a source: its unit tests, always the last of a file, may use what they need.
fn shipped(text: &str) -> &str {
    text.find("\n#[cfg(test)]\nmod tests {").map_or(text, |at| &text[..at])
}

/// Paths behind `crate::` (and `super::` from the top of a module), groups written out: `rule::RuleSet`.
fn imports(source: &Source) -> BTreeSet<String> {
    let text = code(shipped(&source.text));
    let mut found = BTreeSet::new();
    let mut add = |base: &str, rest: &str| expand(base, rest, &mut found);
    for (at, _) in text.match_indices("crate::") {
        add("", &text[at + 7..]);
    }
    // a chain of `super::` climbs from the module of the file
    let mut from = 0;
    while let Some(at) = text[from..].find("super::").map(|i| from + i) {
        let mut module: Vec<&str> = source.module.split("::").collect();
        let mut rest = &text[at..];
        while let Some(behind) = rest.strip_prefix("super::") {
            module.pop();
            rest = behind;
        }
        add(&module.join("::"), rest);
        from = text.len() - rest.len();
    }
    found
}

fn expand(base: &str, rest: &str, found: &mut BTreeSet<String>) {
    let join = |a: &str, b: &str| if a.is_empty() { b.to_owned() } else { format!("{a}::{b}") };
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(rest.len());
    let path = rest[..end].trim_end_matches(':');
    let full = if path.is_empty() { base.to_owned() } else { join(base, path) };
    if !rest[end..].starts_with('{') {
        found.insert(full);
        return;
    }
    let mut depth = 0;
    let mut start = end + 1;
    for (i, c) in rest[end..].char_indices() {
        let at = end + i;
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 1 => {
                let item = rest[start..at].trim();
                if item == "self" {
                    found.insert(full.clone());
                } else if !item.is_empty() {
                    expand(&full, item, found);
                }
                start = at + 1;
                if c == '}' {
                    return;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
}

fn below(path: &str, top: &str) -> bool {
    path == top || path.strip_prefix(top).is_some_and(|r| r.starts_with("::"))
}

#[test]
fn the_reader_of_imports_reads() {
    let source = Source {
        path: "a/b/c.rs".into(),
        module: "a::b::c".into(),
        text: "use crate::x::{self, Y, z::{P, Q}};\n// use crate::no\nlet s = \"crate::no\"; super::super::k::f(); super::m()".into(),
    };
    let found: Vec<String> = imports(&source).into_iter().collect();
    assert_eq!(found, ["a::b::m", "a::k::f", "x", "x::Y", "x::z::P", "x::z::Q"]);
}

#[test]
fn modules_import_only_what_they_may() {
    let mut wrong = Vec::new();
    for source in sources() {
        let own = source.module.split("::").next().unwrap_or_default().to_owned();
        let Some((_, allowed)) = IMPORTS.iter().filter(|(m, _)| below(&source.module, m)).max_by_key(|(m, _)| m.len())
        else {
            wrong.push(format!("{}: the module is not in the table", source.path));
            continue;
        };
        for import in imports(&source) {
            let fine =
                import.is_empty() || below(&import, &own) || allowed.iter().any(|a| *a == "*" || below(&import, a));
            if !fine {
                wrong.push(format!("{} imports {import}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn nobody_imports_the_command_line() {
    for source in sources().iter().filter(|s| !s.module.starts_with("cli") && s.module != "main") {
        assert!(!imports(source).iter().any(|i| below(i, "cli")), "{}", source.path);
    }
}

#[test]
fn names_stand_only_where_they_may() {
    let mut wrong = Vec::new();
    for source in sources() {
        let text = code(shipped(&source.text));
        for (name, places) in NAMES {
            let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
            let stands = text
                .match_indices(name)
                .any(|(at, _)| edge(text[..at].chars().next_back()) && edge(text[at + name.len()..].chars().next()));
            if stands && !places.iter().any(|p| source.path.starts_with(p)) {
                wrong.push(format!("{} has {name}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_is_forbidden() {
    for file in ["src/lib.rs", "src/main.rs"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{file}");
    }
}

#[test]
fn files_stay_small() {
    let mut wrong = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        let most = LARGER.iter().find(|(p, _)| *p == source.path).map_or(LINES, |(_, n)| *n);
        if lines > most {
            wrong.push(format!("{}: {lines} lines, at most {most}", source.path));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn modules_say_what_they_are_for() {
    for source in sources() {
        let first = source.text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! "), "{}: begins with '{first}'", source.path);
    }
}
