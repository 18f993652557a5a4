//! The tables of a source beside those of its publication.

use super::{Finding, Seen, sources};
use crate::job::params::plain;
use crate::job::{JobDefinition, Setting, parameters};
use crate::rule::Confidence;

/// A table that is in none of the tables of its publication, as far as the given statements say.
pub(super) fn check(source: &Seen<'_>, files: &[JobDefinition], found: &mut Vec<Finding>) {
    let name = publication_of(source);
    for (number, file) in files.iter().enumerate() {
        let Some(publication) = file.publications.iter().find(|p| p.name == name && !p.all) else { continue };
        for (table, setting) in captured(source) {
            let schema = table.split('.').next().unwrap_or("");
            if !publication.tables.contains(&table) && !publication.schemas.iter().any(|s| s == schema) {
                let says = (format!("{name} is created without {table}"), number, publication.at.line);
                found.push(outside(source, setting, &name, &table, says));
            }
        }
    }
}

/// The publication that a source reads.
fn publication_of(source: &Seen<'_>) -> String {
    let given = parameters(source.endpoint).into_iter().find(|(n, ..)| *n == "publication");
    given.map_or_else(|| "dbz_publication".to_owned(), |(_, v, _)| v)
}

/// The tables that a source names; not those that a pattern stands for.
fn captured<'f>(source: &Seen<'f>) -> Vec<(String, &'f Setting)> {
    let given = parameters(source.endpoint);
    let value = |wanted: &str| given.iter().find(|(n, ..)| *n == wanted).map(|(_, v, s)| (v, *s));
    let Some((tables, setting)) = value("tables").or_else(|| value("table")) else { return Vec::new() };
    let named = |table: &&str| table.split('.').all(|part| plain(part).is_some());
    tables.split(',').map(str::trim).filter(named).map(|table| (table.to_owned(), setting)).collect()
}

fn outside(
    source: &Seen<'_>,
    setting: &Setting,
    publication: &str,
    table: &str,
    (text, file, line): (String, usize, u64),
) -> Finding {
    Finding::new("postgres/publication-table-not-included", Confidence::Possible, source.file, &setting.at)
        .about(source)
        .with("publication", publication)
        .with("table", table)
        .says(text, file, line)
}

/// Tables of the files' sources that are not among those of their publication, which a log or the user named. `publication`: its
/// name; `None` if nobody said it. `told`: who named the tables.
#[must_use]
pub fn published(files: &[JobDefinition], publication: Option<&str>, tables: &[String], told: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources(files).iter().filter(|s| s.endpoint.system == "postgres") {
        let name = publication_of(source);
        if publication.is_some_and(|p| p != name) {
            continue;
        }
        for (table, setting) in captured(source).into_iter().filter(|(table, _)| !tables.contains(table)) {
            let says = (format!("{told} has {}, not {table}", tables.join(", ")), source.file, setting.at.line);
            found.push(outside(source, setting, &name, &table, says));
        }
    }
    found
}
