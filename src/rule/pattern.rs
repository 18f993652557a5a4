//! Patterns: the regular expressions of rules, in the rules' own spelling.
//!
//! A blank stands for any run of white space, `"` for any quotation mark. A [`Pattern`] is compiled on first use; the
//! fixed texts that a match must contain are found when the rule is compiled, so that the prefilter can look for them.

use std::sync::OnceLock;

use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};
use serde::{Deserialize, Serialize};

/// Shortest fixed text that the prefilter takes.
pub const MIN_LITERAL: usize = 4;
/// Most alternatives of fixed text for one pattern.
const MAX_ALTERNATIVES: usize = 24;
/// Limit on one compiled pattern, bytes.
const SIZE_LIMIT: usize = 1 << 20;

const QUOTES: &str = r#"(?:\\?["'`“”„‘’]|&quot;|«\s?|\s?»)"#;
const QUOTES_IN_CLASS: &str = r#""'`“”„‘’«»\\"#;

/// A pattern of a rule.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pattern {
    /// As written in the rule.
    pub text: String,
    /// One of these must stand in every text that matches (ASCII case folded when looked for in candidates).
    pub literals: Vec<String>,
    #[serde(skip)]
    regex: OnceLock<Option<Regex>>,
}

impl Clone for Pattern {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), literals: self.literals.clone(), regex: OnceLock::new() }
    }
}

/// What is wrong with a pattern.
#[derive(Debug)]
pub struct BadPattern(pub String);

impl Pattern {
    /// Checks a pattern and finds its fixed texts.
    ///
    /// # Errors
    /// The regex crate's message, with the spot marked.
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        if let Err(error) = regex_syntax::Parser::new().parse(text) {
            return Err(BadPattern(error.to_string()));
        }
        let translated = translate(text);
        let hir = regex_syntax::Parser::new().parse(&translated).map_err(|e| BadPattern(e.to_string()))?;
        let literals = required(&hir).unwrap_or_default();
        Ok(Self { text: text.to_owned(), literals, regex: OnceLock::new() })
    }

    /// Compiles the pattern now.
    ///
    /// # Errors
    /// If it is too large.
    pub fn compile(&self) -> Result<Regex, BadPattern> {
        regex::RegexBuilder::new(&translate(&self.text))
            .size_limit(SIZE_LIMIT)
            .nest_limit(100)
            .build()
            .map_err(|e| BadPattern(e.to_string()))
    }

    /// The compiled pattern; `None` only if it is over the size limit, which `rules check` refuses.
    pub fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| self.compile().ok()).as_ref()
    }

    /// Names of the captures, in order.
    #[must_use]
    pub fn captures(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut rest = self.text.as_str();
        while let Some((_, after)) = rest.split_once("(?") {
            let after_p = after.strip_prefix('P').unwrap_or(after);
            if let Some((name, tail)) = after_p.strip_prefix('<').and_then(|n| n.split_once('>')) {
                names.push(name.to_owned());
                rest = tail;
            } else {
                rest = after;
            }
        }
        names
    }
}

/// The rules' spelling becomes that of the regex crate.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() * 2);
    let mut in_class = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push('\\');
                if let Some(next) = chars.next() {
                    out.push(next);
                }
            }
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    out.push('^');
                    chars.next();
                }
                if chars.peek() == Some(&']') {
                    out.push_str("\\]");
                    chars.next();
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '"' if in_class => out.push_str(QUOTES_IN_CLASS),
            '"' => out.push_str(QUOTES),
            ' ' if !in_class => {
                while chars.peek() == Some(&' ') {
                    chars.next();
                }
                out.push_str(r"\s+");
            }
            other => out.push(other),
        }
    }
    out
}

/// Fixed texts of which at least one stands in every match; `None` if there is no such set.
fn required(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(lit) => one(String::from_utf8(lit.0.to_vec()).ok()?),
        HirKind::Capture(c) => required(&c.sub),
        HirKind::Repetition(r) if r.min >= 1 => required(&r.sub),
        HirKind::Concat(parts) => concat(parts),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(required(part)?);
            }
            all.sort();
            all.dedup();
            (all.len() <= MAX_ALTERNATIVES).then_some(all)
        }
        _ => None,
    }
}

fn one(text: String) -> Option<Vec<String>> {
    (text.len() >= MIN_LITERAL).then(|| vec![text])
}

fn concat(parts: &[Hir]) -> Option<Vec<String>> {
    let mut best: Option<Vec<String>> = None;
    let mut run = String::new();
    for part in parts {
        match part.kind() {
            HirKind::Literal(lit) => match std::str::from_utf8(&lit.0) {
                Ok(text) => run.push_str(text),
                Err(_) => flush(&mut run, &mut best),
            },
            HirKind::Class(class) => match folded(class) {
                Some(c) => run.push(c),
                None => flush(&mut run, &mut best),
            },
            HirKind::Look(_) => {}
            _ => {
                flush(&mut run, &mut best);
                if let Some(set) = required(part) {
                    better(&mut best, set);
                }
            }
        }
    }
    flush(&mut run, &mut best);
    best
}

/// The lower-case letter of a class that is one ASCII letter in both cases and nothing else: `[Uu]` from `(?i)u`.
/// (`k` and `s` have a third form outside ASCII, and break the text.)
fn folded(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else { return None };
    let mut chars = class.iter().flat_map(|r| r.start()..=r.end());
    let (upper, lower, end) = (chars.next()?, chars.next()?, chars.next());
    (end.is_none() && upper.is_ascii_uppercase() && upper.to_ascii_lowercase() == lower).then_some(lower)
}

fn flush(run: &mut String, best: &mut Option<Vec<String>>) {
    if let Some(set) = one(std::mem::take(run)) {
        better(best, set);
    }
}

fn better(best: &mut Option<Vec<String>>, set: Vec<String>) {
    let score = |s: &[String]| s.iter().map(String::len).min().unwrap_or(0) * 4 / (3 + s.len().min(9));
    if best.as_ref().is_none_or(|b| score(&set) > score(b)) {
        *best = Some(set);
    }
}

/// A glob on a dotted name: `*` stands for any text. Abbreviated names (`o.a.f.C`, logback) match segment by segment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Glob {
    /// As written.
    pub text: String,
}

impl Glob {
    /// True if `name` matches.
    #[must_use]
    pub fn is_match(&self, name: &str) -> bool {
        wildcard(self.text.as_bytes(), name.as_bytes()) || self.abbreviated(name)
    }

    fn abbreviated(&self, name: &str) -> bool {
        if self.text.starts_with('*') || !name.contains('.') {
            return false;
        }
        let mut wanted = self.text.split('.');
        let mut given = name.split('.').peekable();
        loop {
            match (wanted.next(), given.next()) {
                (Some("*"), Some(_)) => return true,
                (Some(w), Some(g)) => {
                    let last = given.peek().is_none();
                    let fits = if last { wildcard(w.as_bytes(), g.as_bytes()) } else { w.starts_with(g) || w == g };
                    if !fits {
                        return false;
                    }
                }
                (None, None) => return true,
                _ => return false,
            }
        }
    }

    /// The last segment's fixed text: what no relocation, rename or abbreviation touches.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        let last = self.text.rsplit(['.', '$']).next()?;
        let longest = last.split('*').max_by_key(|s| s.len())?;
        (longest.len() >= MIN_LITERAL).then(|| longest.to_owned())
    }

    /// The longest fixed segment anywhere, for names that end in a wildcard.
    #[must_use]
    pub fn any_literal(&self) -> Option<String> {
        self.literal().or_else(|| {
            let longest = self.text.split(['.', '$', '*']).max_by_key(|s| s.len())?;
            (longest.len() >= MIN_LITERAL).then(|| longest.to_owned())
        })
    }
}

/// Iterative wildcard match, linear in practice.
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let (mut star, mut mark) = (None, 0);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some(p);
                mark = t;
                p += 1;
            }
            Some(c) if Some(c) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some(s) => {
                    p = s + 1;
                    mark += 1;
                    t = mark;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|c| *c == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_is_any_white_space_and_a_quote_any_quotation_mark() {
        let p = Pattern::new(r#"role "(?<user>[^"]+)" does not exist"#).unwrap();
        for text in [
            "role \"x\" does not exist",
            "role «x» does  not\nexist",
            "role \\\"x\\\" does not exist",
            "role ‘x’ does not exist",
        ] {
            let c = p.regex().unwrap().captures(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(&c["user"], "x", "{text}");
        }
        assert_eq!(p.captures(), ["user"]);
    }

    #[test]
    fn literals_are_required_texts() {
        let lits = |p: &str| Pattern::new(p).unwrap().literals;
        assert_eq!(lits(r#"logical decoding requires "?wal_level"? >="#), ["wal_level"]);
        assert_eq!(lits("permission denied for (table|relation|view) x"), ["permission"]);
        assert_eq!(lits("(alpha|beta)"), ["alpha", "beta"]);
        assert_eq!(lits("(?i)unBORN"), ["unborn"]);
        assert!(lits("(?i)sks").is_empty());
        assert!(lits(r"\w+ \d+").is_empty());
        assert!(lits("(abcd)?").is_empty());
    }

    #[test]
    fn globs_match_names_and_abbreviations() {
        let glob = |t: &str, n: &str| Glob { text: t.into() }.is_match(n);
        assert!(glob("*PSQLException", "org.postgresql.util.PSQLException"));
        assert!(glob("io.debezium.connector.common.BaseSourceTask", "i.d.c.c.BaseSourceTask"));
        assert!(glob("io.debezium.*", "io.debezium.util.Threads"));
        assert!(!glob("io.debezium.connector.common.BaseSourceTask", "i.d.c.c.OtherTask"));
        assert!(!glob("java.net.ConnectException", "org.apache.kafka.connect.errors.ConnectException"));
    }
}
