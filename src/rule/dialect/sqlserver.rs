//! SQL Server and sqlcmd, which puts variables in for `$(name)` even inside literals.

use super::plain_literal;
use crate::rule::template::unseen;

/// A Unicode literal.
pub(super) fn literal(value: &str) -> Option<String> {
    let text = (!value.contains("$(")).then(|| plain_literal(value)).flatten()?;
    Some(format!("N{text}"))
}

/// A name in brackets, which mean the same whatever `QUOTED_IDENTIFIER` is.
pub(super) fn ident(value: &str) -> Option<String> {
    let odd = value.is_empty() || value.contains("$(") || value.chars().any(unseen);
    (!odd).then(|| format!("[{}]", value.replace(']', "]]")))
}
