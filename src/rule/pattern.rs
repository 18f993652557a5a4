//! Patterns: the regular expressions of rules, in the rules' own spelling.
//!
//! A blank stands for any run of white space, `"` for any quotation mark. A [`Pattern`] is compiled on first use; the
//! fixed texts that a match must contain are found when the rule is compiled, so that the prefilter can look for them.

mod fixed;

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use self::fixed::{required, starts};

/// Shortest fixed text that the prefilter takes.
pub const MIN_LITERAL: usize = 4;
/// Limit on one compiled pattern, bytes.
const SIZE_LIMIT: usize = 1 << 20;
/// Patterns up to this many bytes cannot reach the limit without a counted repetition.
const SHORT: usize = 300;

const QUOTES: &str = r#"(?:\\?["'`“”„‘’]|&quot;|«\s?|\s?»)"#;
const QUOTES_IN_CLASS: &str = r#""'`“”„‘’«»\\"#;

/// Letters of names, as ranges of a class: of Latin, Greek, Cyrillic, Arabic, Indian scripts and so on; kana, CJK and Hangul; not the marks
/// of any script that stand in blocks of their own. The exact class has seven hundred ranges, which takes long to compile.
const WORD: &str = r"0-9A-Za-z_\u{aa}\u{b5}\u{ba}\u{c0}-\u{1fff}\u{2c00}-\u{2dff}\u{3005}-\u{3007}\u{3040}-\u{d7ff}\u{f900}-\u{fdff}\u{fe70}-\u{fefe}\u{ff10}-\u{ff19}\u{ff21}-\u{ff3a}\u{ff41}-\u{ff5a}\u{10000}-\u{1efff}\u{20000}-\u{3ffff}";

/// A pattern of a rule.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pattern {
    /// As written in the rule.
    pub text: String,
    /// One of these must stand in every text that matches (ASCII case folded when looked for in candidates).
    pub literals: Vec<String>,
    /// Every match begins at the beginning of a line, behind white space, with one of these; empty if that is not so.
    pub starts: Vec<String>,
    #[serde(skip)]
    regex: OnceLock<Option<Regex>>,
}

impl Clone for Pattern {
    fn clone(&self) -> Self {
        Self {
            text: self.text.clone(),
            literals: self.literals.clone(),
            starts: self.starts.clone(),
            regex: OnceLock::new(),
        }
    }
}

/// What is wrong with a pattern.
#[derive(Debug)]
pub struct BadPattern {
    /// In words.
    pub what: String,
    /// Bytes of the pattern it is about.
    pub range: Range<usize>,
}

impl BadPattern {
    fn of(error: &regex_syntax::Error) -> Self {
        let (what, span) = match error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), *error.span()),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), *error.span()),
            other => return Self { what: other.to_string(), range: 0..usize::MAX },
        };
        Self { what, range: span.start.offset..span.end.offset }
    }
}

impl Pattern {
    /// Checks a pattern and finds its fixed texts.
    ///
    /// # Errors
    /// What is wrong, and where in the text.
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        if let Err(error) = regex_syntax::Parser::new().parse(text) {
            return Err(BadPattern::of(&error));
        }
        let whole = |what: String| BadPattern { what, range: 0..text.len() };
        let hir = regex_syntax::Parser::new().parse(&translate(text)).map_err(|e| whole(BadPattern::of(&e).what))?;
        let literals = required(&hir).unwrap_or_default();
        let starts = starts(&hir).unwrap_or_default();
        let pattern = Self { text: text.to_owned(), literals, starts, regex: OnceLock::new() };
        // compiling costs time, and only counted repetitions and long texts become too large
        let counted = text.as_bytes().windows(2).any(|pair| matches!(pair, [b'{', digit] if digit.is_ascii_digit()));
        if counted || text.len() > SHORT {
            pattern.compile().map_err(|_| whole("the compiled pattern is larger than 1 MiB".into()))?;
        }
        Ok(pattern)
    }

    /// Compiles the pattern now.
    ///
    /// # Errors
    /// If it is too large.
    pub fn compile(&self) -> Result<Regex, regex::Error> {
        regex::RegexBuilder::new(&translate(&self.text)).size_limit(SIZE_LIMIT).nest_limit(100).build()
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
            '\\' => match chars.next() {
                Some('d') => out.push_str(if in_class { "0-9" } else { "[0-9]" }),
                Some('w') if in_class => out.push_str(WORD),
                Some('w') => {
                    out.push('[');
                    out.push_str(WORD);
                    out.push(']');
                }
                other => {
                    out.push('\\');
                    out.extend(other);
                }
            },
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
                // ` ?` is an optional blank, not a lazy one
                let optional = chars.next_if(|c| matches!(c, '?' | '*')).is_some();
                out.push_str(if optional { r"\s*" } else { r"\s+" });
            }
            other => out.push(other),
        }
    }
    out
}

/// How seldom a healthy line holds one of these texts: long ones are rare, names of objects are rarer than words.
#[must_use]
pub fn rarity(set: &[String]) -> usize {
    /// Words that stand in many lines of a healthy job: where there is a choice, another one is looked for.
    const COMMON: &str = "\
        apache basesourcetask checkpoint checkpoint, checkpointcoordinator checkpointfailuremanager checkpoints \
        complete completed completing configuration connection connector consumer could current database \
        debezium exceed exceeded executed execution executiongraph finished information initialized jobmaster \
        messages mysql offset offsets operator org.apache.flink. partition position postgres previous \
        processing publication reader received receiving records recover recovered replication request resource \
        resourcemanager resources running snapshot source source: sourcecoordinator started starting state \
        streaming streamtask support supporte supported switched table tables task taskexecutor transaction \
        trigger triggering truncated upport";
    let one = |text: &String| {
        if COMMON.split(' ').any(|word| word.eq_ignore_ascii_case(text)) {
            return 1;
        }
        let name = text.bytes().skip(1).any(|b| b.is_ascii_uppercase() || matches!(b, b'.' | b'_' | b'='));
        text.len().min(24) + if name { 4 } else { 0 }
    };
    let rarest = set.iter().map(one).min().unwrap_or(0);
    rarest.saturating_sub(set.len().saturating_sub(1).min(6))
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
    fn beginnings_of_lines_are_known() {
        let starts = |p: &str| Pattern::new(p).unwrap().starts;
        assert_eq!(starts("^No previous offsets"), ["No"]);
        assert_eq!(starts(r"(?m)^\s*database\.user =[^\S\n]+(?<user>\S+)"), ["database.user"]);
        assert_eq!(starts("^(?:Starting|Stopping) task"), ["Starting", "Stopping"]);
        assert_eq!(starts("^Failed|^Lost"), ["Failed", "Lost"]);
        for unbound in
            ["Failed", r"(?:^|\s)slot\.name", "^(?:Failed)? to start", "^Failed|Lost", "(?i)^failed", r"^\d+ records"]
        {
            assert!(starts(unbound).is_empty(), "{unbound}");
        }
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
