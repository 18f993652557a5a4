//! `{name}` and `{name:kind}` in the texts of rules, and how values are quoted.
//!
//! Values come out of logs and are hostile: in SQL a value is only ever a quoted literal or identifier of the dialect, in shell a
//! quoted word, in `pg_hba.conf` a quoted token. What cannot be quoted safely (NUL, over 1 KiB, not a number where a number is
//! wanted) counts as not known, and becomes a variable of the client or a marked place.

use std::borrow::Cow;
use std::ops::Range;

use super::dialect::{Dialect, Unknown};
use super::vocabulary::Vocabulary;

/// Values longer than this are not parameters.
pub const MAX_VALUE: usize = 1024;

/// What kind of text is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Words for people.
    Prose,
    /// SQL of a dialect.
    Sql(Dialect),
    /// A POSIX shell command.
    Shell,
    /// A line of `pg_hba.conf`.
    Hba,
    /// An option in Flink SQL or a configuration file.
    Option,
}

/// A brace of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brace {
    /// Where it stands, braces included.
    pub range: Range<usize>,
    /// Parameter.
    pub name: String,
    /// Kind after the colon.
    pub kind: Option<String>,
}

/// Kinds allowed after the colon.
pub const KINDS: &[&str] = &["ident", "regclass", "relation", "name", "number", "list", "literal"];

/// A filled template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    /// The text.
    pub text: String,
    /// Parts of it that are values: range and parameter.
    pub slots: Vec<(Range<usize>, String)>,
    /// Parameters that no value could be given for.
    pub missing: Vec<String>,
    /// Those of them that stand in the text as variables of the client.
    pub variables: Vec<String>,
}

/// All `{name}` braces that look like parameters, whether the vocabulary knows them or not.
#[must_use]
pub fn braces(template: &str) -> Vec<Brace> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = template.get(from..).and_then(|r| r.find('{')).map(|i| from + i) {
        from = open + 1;
        let Some(len) = template.get(from..).and_then(|r| r.find('}')) else { break };
        let Some(inner) = template.get(from..from + len) else { break };
        let (name, kind) = match inner.split_once(':') {
            Some((n, k)) => (n, Some(k)),
            None => (inner, None),
        };
        let word = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if word(name) && kind.is_none_or(word) {
            found.push(Brace { range: open..from + len + 1, name: name.to_owned(), kind: kind.map(str::to_owned) });
            from += len + 1;
        }
    }
    found
}

/// Fills a template. `value` gives the value of a parameter, if it is known.
#[must_use]
pub fn fill<'v>(
    template: &str,
    target: Target,
    vocabulary: &Vocabulary,
    value: &dyn Fn(&str) -> Option<Cow<'v, str>>,
) -> Filled {
    let mut filled = Filled::default();
    let mut at = 0;
    for brace in braces(template) {
        let Some(parameter) = vocabulary.get(&brace.name) else { continue };
        filled.text.push_str(template.get(at..brace.range.start).unwrap_or(""));
        at = brace.range.end;
        let start = filled.text.len();
        let quoted = value(&brace.name)
            .filter(|v| v.len() <= MAX_VALUE && !v.contains('\0') && !v.is_empty())
            .and_then(|v| quote(&v, target, brace.kind.as_deref()));
        match quoted {
            Some(text) => {
                filled.text.push_str(&text);
                filled.slots.push((start..filled.text.len(), brace.name.clone()));
            }
            None => {
                let unknown = placeholder(&brace, target, &parameter.unknown, template);
                filled.text.push_str(&unknown.text);
                if !filled.missing.contains(&brace.name) {
                    filled.missing.push(brace.name.clone());
                }
                if unknown.variable && !filled.variables.contains(&brace.name) {
                    filled.variables.push(brace.name.clone());
                }
            }
        }
    }
    filled.text.push_str(template.get(at..).unwrap_or(""));
    filled
}

/// Fills a headline: a part in `[…]` with a parameter that is not known is left out.
#[must_use]
pub fn headline<'v>(template: &str, vocabulary: &Vocabulary, value: &dyn Fn(&str) -> Option<Cow<'v, str>>) -> Filled {
    let known = |part: &str| {
        braces(part).iter().all(|b| vocabulary.get(&b.name).is_none() || value(&b.name).is_some_and(|v| !v.is_empty()))
    };
    let mut kept = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('[') {
        let (before, tail) = rest.split_at(open);
        kept.push_str(before);
        let inner_and_rest = tail.get(1..).unwrap_or("");
        match inner_and_rest.find(']') {
            Some(close) => {
                let inner = inner_and_rest.get(..close).unwrap_or("");
                if known(inner) {
                    kept.push_str(inner);
                }
                rest = inner_and_rest.get(close + 1..).unwrap_or("");
            }
            None => {
                kept.push_str(tail);
                rest = "";
            }
        }
    }
    kept.push_str(rest);
    fill(&kept, Target::Prose, vocabulary, value)
}

fn placeholder(brace: &Brace, target: Target, unknown: &str, template: &str) -> Unknown {
    let name = &brace.name;
    match target {
        Target::Prose => Unknown { text: unknown.to_owned(), variable: false },
        Target::Sql(dialect) => dialect.unknown(name, brace.kind.as_deref(), template),
        Target::Shell | Target::Hba | Target::Option => Unknown { text: format!("<{name}>"), variable: false },
    }
}

fn quote(value: &str, target: Target, kind: Option<&str>) -> Option<String> {
    match (target, kind) {
        (Target::Prose, _) => Some(printable(value)),
        (Target::Sql(dialect), _) => dialect.quote(value, kind),
        (_, Some("number")) => value.bytes().all(|b| b.is_ascii_digit()).then(|| value.to_owned()),
        (Target::Shell, _) => (!value.contains('\n')).then(|| shell_word(value)),
        (Target::Hba, _) => hba_token(value),
        (Target::Option, _) => {
            let bare = !value.is_empty() && !value.contains(['\n', '\r', '\'', '"', '\\']);
            bare.then(|| value.to_owned())
        }
    }
}

/// Control characters and bidirectional overrides out; for prose.
#[must_use]
pub fn printable(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if unseen(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Control characters and bidirectional overrides: a terminal does not show them, or shows the text in another order.
pub(super) fn unseen(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The plain table names of a `table.include.list`, or `None` if one of them is a pattern.
#[must_use]
pub fn plain_tables(value: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for name in value.split(',').map(str::trim).filter(|n| !n.is_empty()) {
        let name = name.replace("\\.", ".");
        let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '"'));
        if !plain {
            return None;
        }
        names.push(name);
    }
    (!names.is_empty()).then_some(names)
}

/// A word of a POSIX shell.
#[must_use]
pub fn shell_word(value: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '@' | '%' | '+' | '=' | ',');
    if !value.is_empty() && !value.starts_with('-') && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "'\\''"))
    }
}

fn hba_token(value: &str) -> Option<String> {
    if value.contains(['"', '\n', '\r', '#']) || value.chars().any(char::is_control) || value.is_empty() {
        return None;
    }
    let address = value.bytes().all(|b| b.is_ascii_hexdigit() || b == b'.' || b == b':');
    Some(if address { value.to_owned() } else { format!("\"{value}\"") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::vocabulary::{Kind, Parameter};

    fn vocabulary() -> Vocabulary {
        let p = |unknown: &str| Parameter {
            meaning: String::new(),
            unknown: unknown.into(),
            identity: true,
            endpoint: "source".into(),
            kind: Kind::Name,
            context: true,
        };
        Vocabulary {
            parameters: [("user", "the role"), ("table", "the table"), ("port", "its port"), ("tables", "the tables")]
                .map(|(n, u)| (n.to_owned(), p(u)))
                .into(),
        }
    }

    fn sql(template: &str, name: &'static str, v: &'static str) -> Filled {
        fill(template, Target::Sql(Dialect::Postgres), &vocabulary(), &|n| (n == name).then_some(Cow::Borrowed(v)))
    }

    #[test]
    fn sql_values_cannot_escape() {
        assert_eq!(sql("= {user}", "user", "'; DROP TABLE x; --").text, "= '''; DROP TABLE x; --'");
        assert_eq!(sql("= {user}", "user", r"a\'b").text, r"= E'a\\''b'");
        assert_eq!(sql("{user:ident}", "user", "\"a\"b").text, "\"\"\"a\"\"b\"");
        assert_eq!(sql("{table:regclass}", "table", "public.or'ders").text, "'\"public\".\"or''ders\"'");
        assert_eq!(sql("{port:number}", "port", "1; DROP").missing, ["port"]);
        assert_eq!(sql("{tables:list}", "tables", "public\\.a,public.b").text, "\"public\".\"a\", \"public\".\"b\"");
        assert_eq!(sql("{tables:list}", "tables", "public.*").missing, ["tables"]);
    }

    #[test]
    fn what_is_missing_becomes_a_variable() {
        let f = fill("{user} {user:ident} {x} {unknown_one}", Target::Sql(Dialect::Postgres), &vocabulary(), &|_| None);
        assert_eq!(f.text, ":'user' :\"user\" {x} {unknown_one}");
        assert_eq!(f.missing, ["user"]);
        assert_eq!(f.variables, ["user"]);
        let f = fill("{table:relation}, {table:regclass}", Target::Sql(Dialect::Postgres), &vocabulary(), &|_| None);
        assert_eq!(f.text, ":table, :'table'");
    }

    #[test]
    fn headlines_drop_parts_nobody_knows() {
        let h = |v: Option<&'static str>| {
            headline("the server refused[ {user}'s password] of {user}", &vocabulary(), &|n| {
                (n == "user").then_some(v).flatten().map(Cow::Borrowed)
            })
            .text
        };
        assert_eq!(h(Some("bob")), "the server refused bob's password of bob");
        assert_eq!(h(None), "the server refused of the role");
    }
}
