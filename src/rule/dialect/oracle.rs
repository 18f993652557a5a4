//! Oracle and sqlplus, and what Db2 has in common with it: names that are not quoted are folded to capitals.
//!
//! A plain name is written as it is: the log has it as somebody typed it, in a configuration where it was not quoted either. Anything
//! else, and every reserved word (in capitals, which is what the plain name means), is quoted.

use super::plain_literal;
use crate::rule::template::unseen;

/// Words that cannot be a name unless they are quoted, and that tables and columns are called nevertheless.
const RESERVED: &str = "\
    access add all alter and any as asc audit between by char check cluster column comment compress connect create current \
    date decimal default delete desc distinct drop else exclusive exists file float for from grant group having identified \
    immediate in increment index initial insert integer intersect into is level like lock long mode modify nocompress not \
    nowait null number of offline on online option or order prior public raw rename resource revoke row rowid rownum rows \
    select session set share size smallint start successful synonym sysdate table then to trigger uid union unique update \
    user validate values varchar varchar2 view where with";

/// A string literal. sqlplus would ask for a value at `&`.
pub(super) fn literal(value: &str) -> Option<String> {
    (!value.contains('&')).then(|| plain_literal(value)).flatten()
}

/// A name, quoted if it must be.
pub(super) fn ident(value: &str) -> Option<String> {
    let plain = value.len() <= 128
        && value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'#'));
    if plain && RESERVED.split_ascii_whitespace().any(|w| w.eq_ignore_ascii_case(value)) {
        return Some(format!("\"{}\"", value.to_ascii_uppercase()));
    }
    if plain {
        return Some(value.to_owned());
    }
    // a quotation mark has no place in a name, doubled or not
    let odd = value.is_empty() || value.contains(['"', '&']) || value.chars().any(unseen);
    (!odd).then(|| format!("\"{value}\""))
}
