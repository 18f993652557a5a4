//! The vocabulary of parameters, from `rules/parameters.yaml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::raw::RawParameters;
use super::yaml;
use crate::diagnostic::{Problem, SourceText};

/// What kind of value a parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Name of an object.
    Name,
    /// Digits.
    Number,
    /// Any text.
    Text,
    /// Several names, comma separated.
    List,
    /// A log sequence number.
    Lsn,
}

/// One parameter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Parameter {
    /// What it is.
    pub meaning: String,
    /// Words that stand for it in prose when it is not known.
    pub unknown: String,
    /// Incidents that differ in it are different incidents.
    pub identity: bool,
    /// `source`, `sink` or `any`.
    pub endpoint: String,
    /// Kind of its values.
    pub kind: Kind,
    /// It may be taken from other lines than the matched record.
    pub context: bool,
}

/// All parameters, by name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Vocabulary {
    /// Name → parameter.
    pub parameters: BTreeMap<String, Parameter>,
}

impl Vocabulary {
    /// Reads `parameters.yaml`.
    ///
    /// # Errors
    /// The problem, if it cannot be read.
    pub fn read(source: &Arc<SourceText>) -> Result<Self, Problem> {
        let raw: RawParameters = yaml::read(source)?;
        let mut parameters = BTreeMap::new();
        for (name, p) in raw.parameters {
            let kind = match p.kind.as_str() {
                "number" => Kind::Number,
                "text" => Kind::Text,
                "list" => Kind::List,
                "lsn" => Kind::Lsn,
                "name" => Kind::Name,
                other => {
                    return Err(Problem::error("RB004", format!("{name}: kind '{other}' is not known"), source)
                        .help("one of name, number, text, list, lsn"));
                }
            };
            parameters.insert(
                name,
                Parameter {
                    meaning: p.meaning,
                    unknown: p.unknown,
                    identity: p.identity,
                    endpoint: p.endpoint,
                    kind,
                    context: p.context.unwrap_or(true),
                },
            );
        }
        Ok(Self { parameters })
    }

    /// The parameter called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.parameters.get(name)
    }

    /// The name most like `name`.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&str> {
        self.parameters
            .keys()
            .map(String::as_str)
            .min_by_key(|k| strsim::damerau_levenshtein(k, name))
            .filter(|k| strsim::damerau_levenshtein(k, name) <= 3)
    }
}
