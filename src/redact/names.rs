//! Names and their tokens, and the way back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Name of the JSON contract of a map file.
pub const SCHEMA: &str = "cdc-doctor/names/v1";

/// Most names kept: of more, the token is `host-0`, and there is no way back.
const MOST: usize = 200_000;

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Host name or address.
    Host,
    /// User, role or login.
    User,
    /// Database.
    Database,
    /// Schema.
    Schema,
    /// Table, collection or index.
    Table,
    /// Replication slot.
    Slot,
    /// Publication.
    Publication,
    /// Kafka topic, or the prefix of topics.
    Topic,
    /// Name of a job.
    Job,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Host,
        Self::User,
        Self::Database,
        Self::Schema,
        Self::Table,
        Self::Slot,
        Self::Publication,
        Self::Topic,
        Self::Job,
    ];

    /// The word in its tokens.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::User => "user",
            Self::Database => "database",
            Self::Schema => "schema",
            Self::Table => "table",
            Self::Slot => "slot",
            Self::Publication => "publication",
            Self::Topic => "topic",
            Self::Job => "job",
        }
    }
}

/// Names, by value and by token. One value has one token, whatever it names elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Names {
    tokens: BTreeMap<String, String>,
    values: BTreeMap<String, String>,
    /// The values in the order in which they were met.
    order: Vec<String>,
    /// The token of a name written small, by the name written small.
    folded: BTreeMap<String, String>,
    last: BTreeMap<&'static str, u64>,
}

/// The form of a map file.
#[derive(Serialize, Deserialize)]
struct MapFile {
    schema: String,
    names: BTreeMap<String, String>,
}

impl Names {
    /// Number of names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Values and tokens, in the order in which they were met.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.order.iter().filter_map(|value| Some((value.as_str(), self.tokens.get(value)?.as_str())))
    }

    /// Those met after the first `known`.
    pub(super) fn since(&self, known: usize) -> impl Iterator<Item = (&str, &str)> {
        let new = self.order.get(known..).unwrap_or_default();
        new.iter().filter_map(|value| Some((value.as_str(), self.tokens.get(value)?.as_str())))
    }

    /// The token of a value, if it has one.
    #[must_use]
    pub fn get(&self, value: &str) -> Option<&str> {
        self.tokens.get(value).map(String::as_str)
    }

    /// The token of a value; it is given one if it has none. What looks like a token stands for itself, as far as that is free.
    ///
    /// A token is written as its name is, small, in capitals or with both, because names without quotation marks are folded by SQL:
    /// `flinkpub` and `FlinkPub` are `publication-1` and `Publication-1`.
    pub fn token(&mut self, kind: Kind, value: &str) -> String {
        if let Some(token) = self.tokens.get(value) {
            return token.clone();
        }
        let token = if is_token(value) && !self.values.contains_key(value) {
            value.to_owned()
        } else if self.order.len() >= MOST {
            return format!("{}-0", kind.word());
        } else {
            self.free(kind, value)
        };
        self.values.insert(token.clone(), value.to_owned());
        self.order.push(value.to_owned());
        self.tokens.insert(value.to_owned(), token.clone());
        token
    }

    fn free(&mut self, kind: Kind, value: &str) -> String {
        let folded = value.to_lowercase();
        if let Some(same) = self.folded.get(&folded) {
            let token = cased(same, value);
            if !self.values.contains_key(&token) {
                return token;
            }
        }
        let last = self.last.entry(kind.word()).or_insert(0);
        loop {
            *last += 1;
            let token = format!("{}-{last}", kind.word());
            let taken = [token.clone(), token.to_uppercase(), cased(&token, "aA")];
            if !taken.iter().any(|t| self.values.contains_key(t)) {
                self.folded.insert(folded, token.clone());
                return cased(&token, value);
            }
        }
    }

    /// The value of a token. A token in capitals that was not given is that of a name in capitals.
    #[must_use]
    pub fn value(&self, token: &str) -> Option<String> {
        let other = || {
            let value = self.values.get(&token.to_lowercase())?;
            Some(if token.chars().any(char::is_lowercase) { value.clone() } else { value.to_uppercase() })
        };
        self.values.get(token).cloned().or_else(other)
    }

    /// The text of a map file.
    ///
    /// # Errors
    /// Never in practice: texts always have a JSON form.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        let file = MapFile { schema: SCHEMA.to_owned(), names: self.values.clone() };
        Ok(serde_json::to_string_pretty(&file)? + "\n")
    }

    /// Reads what [`Names::json`] wrote.
    ///
    /// # Errors
    /// If the text is not a map, or holds what is no token.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: MapFile =
            serde_json::from_str(text).map_err(|_| format!("it does not begin with the schema '{SCHEMA}'"))?;
        if file.schema != SCHEMA {
            return Err(format!("its schema is '{}', not '{SCHEMA}'", file.schema));
        }
        let mut names = Self::default();
        for (token, value) in file.names {
            if !is_token(&token) {
                return Err(format!("'{token}' is no token"));
            }
            names.order.push(value.clone());
            names.folded.insert(value.to_lowercase(), token.to_lowercase());
            names.tokens.insert(value.clone(), token.clone());
            names.values.insert(token, value);
        }
        Ok(names)
    }
}

/// A token written as a name is: small, in capitals, or with both.
pub(super) fn cased(token: &str, name: &str) -> String {
    let small = name.chars().any(char::is_lowercase);
    match (small, name.chars().any(char::is_uppercase)) {
        (_, false) => token.to_owned(),
        (false, true) => token.to_uppercase(),
        (true, true) => token.get(..1).unwrap_or_default().to_uppercase() + token.get(1..).unwrap_or_default(),
    }
}

/// `host-1`, `table-12`, `TABLE-12`, `Table-12`.
pub(super) fn is_token(text: &str) -> bool {
    text.rsplit_once('-').is_some_and(|(word, number)| {
        let rest = word.get(1..).unwrap_or_default();
        let one_case = rest.chars().all(char::is_lowercase) || word.chars().all(char::is_uppercase);
        one_case
            && Kind::ALL.iter().any(|kind| kind.word().eq_ignore_ascii_case(word))
            && !number.starts_with('0')
            && number.len() < 10
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

/// The text with the values back in the places of their tokens. Tokens that the map does not have stay.
#[must_use]
pub fn reveal(text: &str, names: &Names) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before: Option<char> = None;
    while !rest.is_empty() {
        let bounded = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let token = if bounded { token_at(rest) } else { None };
        if let Some((token, value)) = token.and_then(|t| Some((t, names.value(t)?))) {
            out.push_str(&value);
            before = token.chars().next_back();
            rest = rest.get(token.len()..).unwrap_or_default();
            continue;
        }
        before = rest.chars().next();
        let len = before.map_or(rest.len(), char::len_utf8);
        out.push_str(rest.get(..len).unwrap_or_default());
        rest = rest.get(len..).unwrap_or_default();
    }
    out
}

/// The token that a text begins with.
fn token_at(text: &str) -> Option<&str> {
    let kind = Kind::ALL.iter().find(|kind| {
        let word = kind.word();
        text.get(..word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word))
            && text.as_bytes().get(word.len()) == Some(&b'-')
    })?;
    let from = kind.word().len() + 1;
    let digits = text.get(from..)?.bytes().take_while(u8::is_ascii_digit).count();
    let after = text.get(from + digits..)?.chars().next();
    (digits > 0 && after.is_none_or(|c| !c.is_alphanumeric() && c != '_')).then(|| text.get(..from + digits))?
}

#[cfg(test)]
mod tests {
    use super::{Kind, Names, reveal};

    #[test]
    fn one_value_one_token_and_back() {
        let mut names = Names::default();
        assert_eq!(names.token(Kind::Host, "db1"), "host-1");
        assert_eq!(names.token(Kind::User, "db1"), "host-1");
        assert_eq!(names.token(Kind::Host, "host-2"), "host-2");
        assert_eq!(names.token(Kind::Host, "db2"), "host-3");
        assert_eq!(names.token(Kind::Host, "host-1"), "host-4");
        assert_eq!(names.token(Kind::Host, "DB1"), "HOST-1");
        assert_eq!(names.token(Kind::Table, "Orders"), "Table-1");
        assert_eq!(names.token(Kind::Table, "orders"), "table-1");
        assert_eq!(names.token(Kind::Table, "ORDERS"), "TABLE-1");
        assert_eq!(names.token(Kind::Table, "oRders"), "Table-2");
        let back = Names::parse(&names.json().unwrap()).unwrap();
        assert_eq!(back.iter().count(), 9);
        assert_eq!(reveal("TABLE-1 Table-2 table-1 USER-1", &back), "ORDERS oRders orders USER-1");
        assert_eq!(
            reveal("Host-1:5 host-10, xhost-1 \"host-3\". host-4-a", &back),
            "db1:5 host-10, xhost-1 \"db2\". host-1-a"
        );
        assert!(Names::parse("{\"schema\":\"x\",\"names\":{}}").is_err());
    }
}
