//! Whether two reports say the same.

use serde_json::Value;

/// A place where two reports differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `/diagnoses/0/cause`.
    pub at: String,
    /// What the bundle says, shortened; `None`: nothing.
    pub then: Option<String>,
    /// What the logs say now.
    pub now: Option<String>,
}

/// The places at which two reports differ, at most `most`. Which program made them is no difference.
#[must_use]
pub fn compare(then: &Value, now: &Value, most: usize) -> Vec<Difference> {
    let mut found = Vec::new();
    walk("", then, now, most, &mut found);
    found
}

fn walk(at: &str, then: &Value, now: &Value, most: usize, found: &mut Vec<Difference>) {
    if then == now || found.len() >= most || at == "/tool" {
        return;
    }
    match (then, now) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                walk(&format!("{at}/{key}"), value, b.get(key).unwrap_or(&Value::Null), most, found);
            }
            for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                walk(&format!("{at}/{key}"), &Value::Null, value, most, found);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for i in 0..a.len().max(b.len()) {
                let of = |list: &[Value]| list.get(i).cloned().unwrap_or_default();
                walk(&format!("{at}/{i}"), &of(a), &of(b), most, found);
            }
        }
        _ => found.push(Difference { at: at.to_owned(), then: short(then), now: short(now) }),
    }
}

fn short(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Object(map) => ["cause", "headline", "title", "path", "text"]
            .iter()
            .find_map(|k| map.get(*k)?.as_str().map(str::to_owned))
            .unwrap_or_else(|| value.to_string()),
        other => other.to_string(),
    };
    Some(if text.chars().count() > 100 { text.chars().take(99).chain(['…']).collect() } else { text })
}
