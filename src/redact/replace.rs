//! Puts tokens in the places of names: at the bounds of words, in whatever quotes they stand.

use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::find::Found;
use super::known::Dictionary;
use super::names::{Names, cased};

/// What was replaced: ranges of the old text, in order, and the lengths of what stands there now.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<(Range<usize>, usize)>);

impl Edits {
    /// Where a byte of the old text is in the new one. Inside of a replaced name: at its start, or at its end if `end`.
    pub(super) fn at(&self, old: usize, end: bool) -> usize {
        let mut shift: i64 = 0;
        for (range, new) in &self.0 {
            let length = i64::try_from(*new).unwrap_or(0) - i64::try_from(range.len()).unwrap_or(0);
            if range.end <= old {
                shift += length;
            } else if range.start < old {
                let start = moved(range.start, shift);
                return if end { start + new } else { start };
            } else {
                break;
            }
        }
        moved(old, shift)
    }
}

fn moved(at: usize, by: i64) -> usize {
    usize::try_from(i64::try_from(at).unwrap_or(i64::MAX).saturating_add(by)).unwrap_or(0)
}

/// A form in which a name may stand in a text.
#[derive(Debug, Clone)]
struct Form {
    /// Number of the name.
    token: String,
    /// It is a common word: only where it stands as a name.
    common: bool,
}

/// Finds all known names at once. Names met later are searched for beside the others until they are many.
#[derive(Debug, Clone, Default)]
pub(super) struct Matcher {
    main: Automaton,
    recent: Automaton,
    /// Names in `main`, and in both.
    known: (usize, usize),
}

#[derive(Debug, Clone, Default)]
struct Automaton {
    search: Option<AhoCorasick>,
    forms: Vec<Form>,
}

impl Automaton {
    fn of<'n>(names: impl Iterator<Item = (&'n str, &'n str)>, dictionary: &Dictionary) -> Self {
        let mut texts: Vec<String> = Vec::new();
        let mut forms = Vec::new();
        for (value, token) in names {
            let common = dictionary.is_common(value);
            for text in written(value, common) {
                let token = if text == value { token.to_owned() } else { cased(&token.to_lowercase(), &text) };
                texts.push(text);
                forms.push(Form { token, common });
            }
        }
        // a set of names beyond all limits is searched for by the finders alone
        let search = (!texts.is_empty()).then(|| AhoCorasick::new(&texts).ok()).flatten();
        Self { search, forms }
    }

    fn hits<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (Range<usize>, &'a Form)> {
        let search = self.search.iter();
        search.flat_map(move |search| {
            search
                .find_overlapping_iter(text)
                .filter_map(move |hit| Some((hit.range(), self.forms.get(hit.pattern().as_usize())?)))
        })
    }
}

/// The ways in which a value is written: as it is, in quotes of SQL, in JSON, in a URL, in a regular expression, in capitals.
fn written(value: &str, common: bool) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    let mut add = |form: String| {
        if !forms.contains(&form) {
            forms.push(form);
        }
    };
    add(value.replace('\'', "''"));
    add(value.replace('"', "\"\""));
    add(value.replace('\'', "'\\''"));
    add(value.replace('\\', "\\\\").replace('\'', "''"));
    add(value.replace('\\', "\\\\").replace('"', "\\\""));
    add(value.replace('.', "\\."));
    if value.contains(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')) {
        let encoded = value.bytes().map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
            other => format!("%{other:02X}"),
        });
        add(encoded.collect());
        // what prose leaves out
        add(crate::rule::template::printable(value));
    }
    if !common && value.len() > 3 {
        add(value.to_uppercase());
        add(value.to_lowercase());
    }
    forms
}

impl Matcher {
    /// Takes in the names that are new.
    pub(super) fn update(&mut self, names: &Names, dictionary: &Dictionary) {
        let (main, all) = self.known;
        if names.len() == all {
            return;
        }
        // rebuilding costs what the set holds: the large one only when the small one has grown to a part of it
        if names.len() - main > 64.max(main / 4) {
            self.main = Automaton::of(names.iter(), dictionary);
            self.recent = Automaton::default();
            self.known = (names.len(), names.len());
        } else {
            self.recent = Automaton::of(names.since(main), dictionary);
            self.known = (main, names.len());
        }
    }

    /// The text with tokens in the places of names, and what was changed.
    pub(super) fn replace(
        &self,
        text: &str,
        names: &Names,
        found: &[Found],
        strict: &[Range<usize>],
    ) -> (String, Edits) {
        let mut spans: Vec<(Range<usize>, &str)> =
            found.iter().filter_map(|f| Some((f.range.clone(), names.get(text.get(f.range.clone())?)?))).collect();
        let mut common: Vec<(Range<usize>, &str)> = Vec::new();
        for (range, form) in self.main.hits(text).chain(self.recent.hits(text)) {
            let within = strict.iter().any(|s| s.start <= range.start && range.end <= s.end);
            if !is_bounded(text, &range) || !within && in_package(text, &range) {
                continue;
            }
            if within || !form.common || stands_as_name(text, &range) {
                spans.push((range, &form.token));
            } else {
                common.push((range, &form.token));
            }
        }
        // a part of a qualified name of which another part is a name: `sales.orders`
        for (range, token) in common {
            let is_dot = |at: usize| text.as_bytes().get(at) == Some(&b'.');
            let joined = |other: &Range<usize>| {
                other.end + 1 == range.start && is_dot(other.end) || range.end + 1 == other.start && is_dot(range.end)
            };
            if spans.iter().any(|(other, _)| joined(other)) {
                spans.push((range, token));
            }
        }
        spans.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut out = String::with_capacity(text.len());
        let mut edits = Edits::default();
        let mut at = 0;
        for (range, token) in spans {
            if range.start < at {
                continue;
            }
            out.push_str(text.get(at..range.start).unwrap_or_default());
            out.push_str(token);
            at = range.end;
            edits.0.push((range, token.len()));
        }
        out.push_str(text.get(at..).unwrap_or_default());
        (out, edits)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// No letter, digit or `_` on either side; the `n` of an escaped line end is none.
fn is_bounded(text: &str, range: &Range<usize>) -> bool {
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).and_then(|t| t.chars().next());
    let escape = before.ends_with("\\n") || before.ends_with("\\t") || before.ends_with("\\r");
    (escape || before.chars().next_back().is_none_or(|c| !is_word(c))) && after.is_none_or(|c| !is_word(c))
}

/// Words that say what the name behind them is.
const SAY: &[&str] = &[
    "user",
    "role",
    "database",
    "schema",
    "relation",
    "table",
    "tables",
    "view",
    "slot",
    "publication",
    "topic",
    "host",
];

/// It stands in quotation marks, or behind a word that says what it is.
fn stands_as_name(text: &str, range: &Range<usize>) -> bool {
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default().trim_start_matches('\\').chars().next();
    let quoted = matches!(
        (before.chars().next_back(), after),
        (Some('"'), Some('"')) | (Some('\''), Some('\'')) | (Some('`'), Some('`'))
    );
    let word = before
        .strip_suffix(' ')
        .map(|b| b.rfind(|c: char| !is_word(c)).map_or(b, |i| b.get(i + 1..).unwrap_or_default()));
    let said = word.is_some_and(|w| SAY.contains(&w.to_ascii_lowercase().as_str()));
    quoted || said
}

/// Roots of packages: what stands below one is a class.
const ROOTS: &[&str] = &["com.", "org.", "io.", "net.", "java.", "javax.", "jdk.", "sun.", "scala.", "akka."];

/// It is a part of the name of a class or package.
fn in_package(text: &str, range: &Range<usize>) -> bool {
    let before = text.get(..range.start).unwrap_or_default();
    let start = before.rfind(|c: char| !is_word(c) && c != '.' && c != '$').map_or(0, |i| i + 1);
    let Some(head) = text.get(start..range.start).filter(|h| h.ends_with('.') || h.ends_with('$')) else {
        return false;
    };
    if !ROOTS.iter().any(|root| head.starts_with(root)) {
        return false;
    }
    // a host below `io.` or `com.` has no class behind it
    let rest = text.get(range.end..).unwrap_or_default();
    let tail = rest.find(|c: char| !is_word(c) && c != '.' && c != '$').map_or(rest, |i| rest.get(..i).unwrap_or(rest));
    head.matches('.').count() + tail.matches('.').count() > 1
}
