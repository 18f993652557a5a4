//! Where the value behind `password =` ends, and whether it is one.

use std::ops::Range;

use super::CUT;

/// Longest quoted value, bytes.
const MOST: usize = 8192;

/// The value behind a key and its sign, which stand at `head`.
///
/// Quoted values reach to their quotation mark, whatever depth of escapes they stand in. Others reach to the end of the line, or to
/// what begins the next option; a backslash at the end of a line goes on, and a value may stand on the next line alone.
/// The value of a header (`line`) has blanks, signs and options of its own.
pub(super) fn assigned(text: &str, head: Range<usize>, line: bool) -> Range<usize> {
    let rest = text.get(head.end..).unwrap_or_default();
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let mut start = head.end + blanks;
    let behind = text.get(start..).unwrap_or_default();
    let behind = behind.strip_prefix("\r\n").or_else(|| behind.strip_prefix('\n'));
    let block =
        ["|\n", "|-\n", ">\n", ">-\n"].iter().any(|sign| text.get(start..).is_some_and(|t| t.starts_with(sign)));
    if let Some(next) = behind.filter(|next| next.starts_with([' ', '\t', '"', '\''])) {
        // the value stands on the next line
        let line = next.lines().next().unwrap_or_default();
        if !is_option(line.trim_start()) {
            start = text.len() - next.trim_start_matches([' ', '\t']).len();
        }
    } else if block {
        return start..block_end(text, start);
    }
    let value = text.get(start..).unwrap_or_default();
    let marks = value.len() - value.trim_start_matches('\\').len();
    match value.get(marks..).and_then(|v| v.chars().next()) {
        Some(mark @ ('"' | '\'' | '`')) => start..quoted(text, start + marks + 1, mark, marks),
        _ => start..bare(text, start, &head, line),
    }
}

/// The end of a quoted value, closing mark included; without one, the end of the line.
fn quoted(text: &str, from: usize, mark: char, depth: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let mut escapes = 0;
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if at > MOST {
            break;
        }
        if c == mark {
            let closes = if depth == 0 { escapes % 2 == 0 } else { escapes <= depth };
            let doubled = mark == '\'' && escapes == 0 && chars.peek().is_some_and(|(_, next)| *next == mark);
            if doubled {
                chars.next();
            } else if closes {
                return from + at + c.len_utf8();
            }
        }
        escapes = if c == '\\' { escapes + 1 } else { 0 };
    }
    from + rest.find('\n').unwrap_or(rest.len())
}

/// The end of a value without quotation marks.
fn bare(text: &str, from: usize, head: &Range<usize>, line: bool) -> usize {
    let in_url = text.get(..head.start).is_some_and(|t| {
        let word = t.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        word.ends_with(['?', '&'])
    });
    let rest = text.get(from..).unwrap_or_default();
    for (at, c) in rest.char_indices() {
        let next = rest.get(at + c.len_utf8()..).unwrap_or_default();
        let over = |next: &str| {
            next.is_empty() || next.starts_with([' ', '\n', '\r', '\t', ',', ';', ')', ']', '}', '"', '\''])
        };
        let ends = match c {
            '\n' => !rest.get(..at).is_some_and(|t| t.trim_end_matches('\r').ends_with('\\')),
            // a line end or tab in a text that was escaped
            '\\' => {
                next.starts_with(['n', 'r', 't']) && !next.get(1..).is_some_and(|t| t.starts_with(is_word))
                    || next.starts_with('"')
            }
            '&' | ';' | ',' | ' ' | '\t' | '}' | ']' | ')' if line => false,
            '&' => is_option(next) || over(next),
            ';' => over(next) || is_option(next),
            ',' => over(next) && is_option(next.trim_start()) || is_option(next),
            ' ' | '\t' => in_url || is_option(next) || next.starts_with("at ") || next.starts_with("<-"),
            '}' | ']' | ')' => over(next) || next.starts_with('.') && over(next.get(1..).unwrap_or_default()),
            '"' | '\'' | '`' => over(next),
            '<' => next.starts_with('/') || next.starts_with("cut>") && at == 0,
            _ => false,
        };
        if ends {
            return if c == '<' && at == 0 && next.starts_with("cut>") { from + CUT.len() } else { from + at };
        }
        if at > MOST {
            return from + at;
        }
    }
    text.len()
}

/// The end of a YAML block: the lines that are indented more than nothing.
fn block_end(text: &str, from: usize) -> usize {
    let mut end = from;
    for (number, line) in text.get(from..).unwrap_or_default().split_inclusive('\n').enumerate() {
        if number > 0 && !line.starts_with([' ', '\t']) || number > 64 {
            break;
        }
        end += line.len();
    }
    end
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// `slot.name=`, `"user":`, `'x' =`: the next option begins here.
fn is_option(text: &str) -> bool {
    let text = text.trim_start_matches(['"', '\'', '\\', '`']);
    let name = text.len() - text.trim_start_matches(|c: char| is_word(c) || matches!(c, '.' | '-')).len();
    let rest = text.get(name..).unwrap_or_default().trim_start_matches(['"', '\'', '\\', '`']);
    let sign = rest.trim_start_matches(' ');
    name > 0
        && (sign.starts_with('=') || (rest.starts_with(':') && !rest.starts_with("://")) || rest.starts_with("%3D"))
}

/// The range without quotation marks, escapes and blanks around it.
pub(super) fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let said = text.get(range.clone()).unwrap_or_default();
    let outer = |c: char| matches!(c, '"' | '\'' | '`' | '\\') || c.is_whitespace();
    let end = range.start + said.trim_end_matches(outer).len();
    let start = range.end - said.trim_start_matches(outer).len();
    if start <= end { start..end } else { range.start..range.start }
}

/// Nothing is there to hide: stars, `null`, or what was cut already.
pub(super) fn is_hidden(value: &str) -> bool {
    let value = value.trim_matches(|c: char| matches!(c, '"' | '\'' | '\\' | ' '));
    value.is_empty()
        || value.chars().all(|c| matches!(c, '*' | '.' | '•'))
        || value.len() > 2 && value.chars().all(|c| c == 'x')
        || value.starts_with(CUT) && value.len() < CUT.len() + 3
        || matches!(
            value.to_ascii_lowercase().as_str(),
            "null" | "none" | "[hidden]" | "(hidden)" | "hidden" | "[redacted]" | "redacted" | "undefined"
        )
}

/// Words behind `password:` that make a sentence.
const SENTENCE: &[&str] = &[
    "authentication",
    "the",
    "a",
    "an",
    "not",
    "must",
    "is",
    "was",
    "are",
    "cannot",
    "can",
    "invalid",
    "missing",
    "required",
    "expired",
    "empty",
    "no",
    "yes",
    "wrong",
    "incorrect",
    "unknown",
    "true",
    "false",
    "failed",
    "please",
    "could",
    "value",
    "should",
    "access",
    "for",
    "from",
    "in",
    "of",
    "to",
    "this",
    "user",
    "scram",
    "scram-sha-256",
];

/// What stands behind a key and a sign is its value, and no sentence: `password, but no password was provided`.
pub(super) fn is_assigned(kind: &str, text: &str, head: Range<usize>, value: Range<usize>) -> bool {
    let said = text.get(value.clone()).unwrap_or_default();
    let bare = said.trim_matches(|c: char| matches!(c, '"' | '\'' | '\\' | '`') || c.is_whitespace());
    let key = text.get(head.clone()).unwrap_or_default();
    let before = text.get(..head.start).unwrap_or_default();
    let in_name = before.ends_with(|c: char| is_word(c) || matches!(c, '.' | '-' | '"' | '\'' | '\\'));
    let whole_key = key.trim_end_matches([' ', '=', ':', '>', ',', '"', '\'', '`', '\\', '\n', '\r']);
    let compound = in_name || whole_key.contains(['.', '_', '-']) || key.contains(['"', '\'']);
    let first = bare.split_whitespace().next().unwrap_or_default();
    let first = first.trim_end_matches(['.', ',', ';', ':', ')', ']']).to_ascii_lowercase();
    let sentence = SENTENCE.contains(&first.as_str()) || first.ends_with("exception") || first.contains("exception:");
    if whole_key.to_ascii_lowercase().contains("encryption")
        && matches!(first.as_str(), "scram-sha-256" | "md5" | "on" | "off")
    {
        return false;
    }
    match key.chars().next_back() {
        _ if kind == "authorization" => !sentence,
        // a token is no word, except where the name is an option's
        _ if kind == "token" => {
            let wordy = bare.chars().all(|c| c.is_ascii_lowercase() || c.is_whitespace());
            !sentence && if compound { !bare.is_empty() } else { bare.len() >= 8 && !wordy && !bare.contains(' ') }
        }
        Some('=' | '>') => true,
        Some(':') => !sentence,
        // a comma in running text is no sign: "…authentication, but the password is…"
        _ => compound && !sentence,
    }
}

/// Matches of a shape that are none: `basic authentication`, the user in `tcp://user@host`, `me@host:5432`.
pub(super) fn fits(kind: &str, text: &str, range: Range<usize>) -> bool {
    let said = text.get(range.clone()).unwrap_or_default();
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    match kind {
        "authorization" => !said.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '.' | '/')),
        "e-mail" => {
            let port = after.strip_prefix(':').is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit()));
            !before.ends_with("//") && !port && !after.starts_with("://")
        }
        "argument" => !said.starts_with('-'),
        _ => true,
    }
}
