//! Rows, statements and keys: secrets that have an inner structure.

use std::ops::Range;

/// Most lines of a row or a key.
const MOST_LINES: usize = 64;

/// The end of a key in PEM form that begins before `from`: its last line, or the last line that can be one of it.
pub(super) fn pem(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    if let Some(end) = rest.find("-----END ") {
        let behind = rest.get(end + 9..).unwrap_or_default();
        return from + end + 9 + behind.find("-----").map_or(0, |i| i + 5);
    }
    let mut end = from;
    for (number, line) in rest.split_inclusive('\n').enumerate() {
        let plain = line.trim();
        let of_key = |c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '\\' | '"' | '|' | ',' | ':' | '-' | ' ')
        };
        if number > 0 && (plain.contains(' ') || !plain.chars().all(of_key)) || number > MOST_LINES {
            break;
        }
        end += line.len();
    }
    end
}

/// The end of a row whose name ends at `from`: the end of its line, and of further lines while a bracket is open.
pub(super) fn row(text: &str, from: usize) -> usize {
    let mut depth = 0_i64;
    let before = text.get(..from).unwrap_or_default();
    // the bracket that belongs to the name
    depth += i64::from(before.ends_with(['{', '[', '(']));
    let mut end = from;
    for (number, line) in text.get(from..).unwrap_or_default().split_inclusive('\n').enumerate() {
        let of_trace = line.trim_start().starts_with("at ") || line.starts_with("Caused by: ");
        if number > 0 && (depth <= 0 || of_trace || number > MOST_LINES) {
            break;
        }
        for c in line.chars() {
            match c {
                '{' | '[' | '(' => depth += 1,
                '}' | ']' | ')' => depth -= 1,
                _ => {}
            }
        }
        end += line.len();
    }
    let cut = text.get(from..end).unwrap_or_default();
    from + cut.trim_end_matches(['\n', '\r']).len()
}

/// The literals of the statement whose first words are `head`, and where it ends.
///
/// A query of a catalog keeps them: they are names, and evidence.
pub(super) fn literals(text: &str, head: Range<usize>) -> (Vec<Range<usize>>, usize) {
    let rest = text.get(head.end..).unwrap_or_default();
    let statement = rest.get(..end_of_statement(rest)).unwrap_or_default();
    let end = head.end + statement.len();
    let word = text.get(head.clone()).unwrap_or_default().to_ascii_lowercase();
    let lower = statement.to_ascii_lowercase();
    let query = word == "select" || word == "call";
    let catalog = ["pg_", "information_schema", "current_setting", "performance_schema", "mysql.", "v$", "sys."];
    let sql = match word.as_str() {
        "select" => lower.contains(" from ") || lower.contains('('),
        "call" | "values" => lower.trim_start().starts_with('(') || lower.contains('('),
        _ => true,
    };
    // `cannot delete from table` is a sentence
    let said = text.get(..head.start).is_some_and(|t| t.trim_end().ends_with(|c: char| c.is_ascii_lowercase()));
    let sentence = said && word.chars().all(|c| !c.is_ascii_uppercase()) && !lower.contains(['\'', '(', '=']);
    if sentence || !sql || query && catalog.iter().any(|name| lower.contains(name)) {
        return (Vec::new(), head.end);
    }
    let mut found = Vec::new();
    let mut previous = ' ';
    let mut chars = statement.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let start = head.end + at;
        if c == '\'' {
            let mut to = start + 1;
            while let Some((at, c)) = chars.next() {
                to = head.end + at;
                if c == '\\' {
                    chars.next();
                } else if c == '\'' {
                    if chars.peek().is_some_and(|(_, next)| *next == '\'') {
                        chars.next();
                    } else {
                        break;
                    }
                }
            }
            found.push(start + 1..to);
        } else if c.is_ascii_digit() && matches!(previous, '=' | '<' | '>' | '(' | ',') {
            let mut to = start + 1;
            while let Some((_, next)) =
                chars.peek().filter(|(_, n)| n.is_ascii_alphanumeric() || matches!(n, '.' | '-' | '+' | ':'))
            {
                to += next.len_utf8();
                chars.next();
            }
            found.push(start..to);
        }
        let sign = c == '-' && previous == '=';
        if !sign && !c.is_whitespace() {
            previous = c;
        }
    }
    (found, end)
}

/// Its semicolon, an empty line, or what begins something else.
fn end_of_statement(text: &str) -> usize {
    let mut at = 0;
    let mut quoted = false;
    for line in text.split_inclusive('\n') {
        let begins = line.trim_start();
        if at > 0 && (begins.is_empty() || begins.starts_with("at ") || begins.starts_with("Caused by: ")) {
            return at;
        }
        for (i, c) in line.char_indices() {
            match c {
                '\'' => quoted = !quoted,
                ';' if !quoted => return at + i,
                _ => {}
            }
        }
        at += line.len();
    }
    text.len()
}
