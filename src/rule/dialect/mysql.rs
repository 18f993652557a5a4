//! MySQL and what speaks its protocol, and the client mysql.
//!
//! A backslash escapes in a literal, or not, depending on the server's `NO_BACKSLASH_ESCAPES`, and StarRocks and Doris have no form
//! that is free of it and may stand wherever a literal may: so a value with a backslash is not written.

use super::plain_literal;
use crate::rule::template::unseen;

/// A string literal. Doubled quotes mean the same in every mode.
pub(super) fn literal(value: &str) -> Option<String> {
    (!value.contains('\\')).then(|| plain_literal(value)).flatten()
}

/// A name in backticks, which mean the same under `ANSI_QUOTES`. The client would read a backslash even there.
pub(super) fn ident(value: &str) -> Option<String> {
    let odd = |c: char| c == '\\' || unseen(c);
    (!value.is_empty() && !value.chars().any(odd)).then(|| format!("`{}`", value.replace('`', "``")))
}

/// A user variable may stand for a literal in expressions only: not in SHOW, GRANT, CREATE USER and the like.
pub(super) fn takes_variables(template: &str) -> bool {
    let first = template.split_ascii_whitespace().next().unwrap_or("");
    first.eq_ignore_ascii_case("select") || first.eq_ignore_ascii_case("with")
}
