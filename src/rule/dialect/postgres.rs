//! PostgreSQL and psql.

use crate::rule::template::unseen;

/// A string literal on one line: `E''` as soon as a backslash or a sign nobody sees is in it.
#[must_use]
pub fn literal(value: &str) -> String {
    let escaped = value.chars().any(|c| c == '\\' || unseen(c));
    let mut out = String::with_capacity(value.len() + 3);
    out.push_str(if escaped { "E'" } else { "'" });
    for c in value.chars() {
        match c {
            '\'' => out.push_str("''"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if unseen(c) => {
                out.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// A quoted identifier; `None` for one that cannot stand on one line.
#[must_use]
pub fn ident(value: &str) -> Option<String> {
    (!value.is_empty() && !value.chars().any(unseen)).then(|| format!("\"{}\"", value.replace('"', "\"\"")))
}
