//! Takes relocation prefixes and package renames off class names.
//!
//! The table is data, `rules/shading.yaml`; whoever loads the rules makes a [`Shading`] of it. Only class names are touched,
//! never message text.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What fat jars and new releases did to class names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Table", into = "Table")]
pub struct Shading {
    /// Prefix of relocated classes, and what it becomes (mostly nothing).
    pub relocations: Vec<(String, String)>,
    /// Old package prefix, and the new one.
    pub renames: Vec<(String, String)>,
}

/// The shape of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    relocations: Vec<Relocation>,
    #[serde(default)]
    renames: Vec<Rename>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Relocation {
    prefix: String,
    #[serde(default)]
    becomes: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    from: String,
    to: String,
}

impl From<Table> for Shading {
    fn from(table: Table) -> Self {
        Self {
            relocations: table.relocations.into_iter().map(|r| (r.prefix, r.becomes)).collect(),
            renames: table.renames.into_iter().map(|r| (r.from, r.to)).collect(),
        }
    }
}

impl From<Shading> for Table {
    fn from(shading: Shading) -> Self {
        Self {
            relocations: shading
                .relocations
                .into_iter()
                .map(|(prefix, becomes)| Relocation { prefix, becomes })
                .collect(),
            renames: shading.renames.into_iter().map(|(from, to)| Rename { from, to }).collect(),
        }
    }
}

impl Shading {
    /// Relocations inside relocations; a table that goes round in circles ends here.
    const DEEPEST: usize = 8;

    /// The name the class has in its own sources: the longest prefix that fits is replaced, again until none fits, then the
    /// package is renamed.
    #[must_use]
    pub fn canonical<'t>(&self, class: &'t str) -> Cow<'t, str> {
        let mut name = Cow::Borrowed(class);
        for _ in 0..Self::DEEPEST {
            match replaced(&self.relocations, &name) {
                Some((length, "")) => name = without(name, length),
                Some((length, becomes)) => name = Cow::Owned(format!("{becomes}{}", name.get(length..).unwrap_or(""))),
                None => break,
            }
        }
        if let Some((length, to)) = replaced(&self.renames, &name) {
            name = Cow::Owned(format!("{to}{}", name.get(length..).unwrap_or("")));
        }
        name
    }
}

/// Length of the longest prefix that fits, and its replacement. A prefix that is all of the name does not fit.
fn replaced<'s>(table: &'s [(String, String)], name: &str) -> Option<(usize, &'s str)> {
    let fits = table
        .iter()
        .filter(|(prefix, _)| !prefix.is_empty() && name.len() > prefix.len() && name.starts_with(prefix.as_str()));
    fits.max_by_key(|(prefix, _)| prefix.len()).map(|(prefix, becomes)| (prefix.len(), becomes.as_str()))
}

fn without(name: Cow<'_, str>, length: usize) -> Cow<'_, str> {
    match name {
        Cow::Borrowed(name) => Cow::Borrowed(name.get(length..).unwrap_or(name)),
        Cow::Owned(name) => Cow::Owned(name.get(length..).unwrap_or(&name).to_owned()),
    }
}
