//! Secrets of a job file: recognised by their names, dropped, and overwritten where a diagnostic shows the text.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::Regex;

use crate::engine::secrets;

/// What stands where a secret stood.
pub const CUT: &str = secrets::CUT;

const NAMES: &str = r"(?i)password|passwd|\bpwd\b|pass_?phrase|secret|credential|token|jaas|access[._-]?key|api[._-]?key|private[._-]?key";

fn names() -> Option<&'static Regex> {
    static NAME: OnceLock<Option<Regex>> = OnceLock::new();
    NAME.get_or_init(|| Regex::new(NAMES).ok()).as_ref()
}

/// True if the value of an option of this name is never shown.
pub fn is_secret(key: &str) -> bool {
    names().is_none_or(|regex| regex.is_match(key))
}

/// Words that leave the file: credentials within URLs and whatever the log's cutter knows go.
pub fn evidence(words: &str) -> String {
    secrets::cut(words, &mut BTreeMap::new())
}

/// The text with every sign that may be of a secret overwritten by a star, byte for byte, so that places stay where they are.
///
/// Everything behind a secret's name goes, to the end of the line, and the following lines too while a quotation mark is open or
/// nothing but `=`, `:` or a block sign stood behind the name. Too much is overwritten rather than too little.
pub fn text(text: &str) -> String {
    overwrite(text, false)
}

/// The same for a file that cannot be read, where no name can be trusted (`'p'assword' = '...'`): every value goes, that is whatever
/// stands behind the first `=` or `:` of a line.
pub fn source(text: &str) -> String {
    overwrite(text, true)
}

fn overwrite(text: &str, values: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut go_on = 0_u8;
    for line in text.split_inclusive('\n') {
        let found = names().and_then(|regex| regex.find(line)).map(|m| m.end());
        let url = line.find("://").filter(|at| line.get(*at..).is_some_and(|rest| rest.contains('@')));
        let value = line.find(['=', ':']).filter(|_| values).map(|at| at + 1);
        let from = if go_on > 0 { Some(0) } else { [found, url.map(|at| at + 3), value].into_iter().flatten().min() };
        let Some(from) = from else {
            out.push_str(line);
            continue;
        };
        out.push_str(line.get(..from).unwrap_or_default());
        let rest = line.get(from..).unwrap_or_default();
        for c in rest.chars() {
            if c.is_whitespace() || matches!(c, '=' | ':' | ',' | ';' | '(' | ')' | '{' | '}' | '\'' | '"') {
                out.push(c);
            } else {
                (0..c.len_utf8()).for_each(|_| out.push('*'));
            }
        }
        let bare = !rest.chars().any(char::is_alphanumeric);
        let odd = line.matches('\'').count() % 2 == 1 || line.matches('"').count() % 2 == 1;
        let continued = rest.trim_end().ends_with('\\');
        go_on = if found.is_some() && (bare || odd || continued) { 3 } else { go_on.saturating_sub(1) };
        if value.is_some() && continued {
            go_on = go_on.max(1);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{is_secret, source, text};

    #[test]
    fn secrets_go_and_places_stay() {
        for given in [
            "'password' = 'sümm3r',\n'slot.name' = 'x'",
            "password:\n  sümm3r\n",
            "password = \\\n sümm3r",
            "'password' = 'a\nsümm3r",
            "jdbc:mysql://bob:sümm3r@h/db",
            "\"database.password\": \"sümm3r\"",
        ] {
            let shown = text(given);
            assert!(!shown.contains("mm3r"), "{shown}");
            assert_eq!(shown.len(), given.len());
        }
        for given in ["'p'assword' = 'sümm3r',\n'slot.name' = 'x'", "pass word: sümm3r", "passw=\\\n sümm3r\n"] {
            assert!(!source(given).contains("mm3r"), "{}", source(given));
            assert_eq!(source(given).len(), given.len());
        }
        assert!(is_secret("database.password") && is_secret("flink.starrocks.password") && !is_secret("slot.name"));
    }
}
