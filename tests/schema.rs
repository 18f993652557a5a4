//! The schemas in `docs/` are what the types say. `SNAPSHOTS=overwrite` writes them anew.

#![cfg(feature = "schema")]

use std::fs;

use cdc_doctor::pipeline::{FACTS_SCHEMA, Facts};
use cdc_doctor::report::{Report, SCHEMA};

fn published(path: &str, id: &str, mut schema: schemars::Schema) {
    schema.insert("$id".to_owned(), format!("urn:{}", id.replace('/', ":")).into());
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var("SNAPSHOTS").is_ok_and(|v| v == "overwrite") {
        fs::write(path, &text).unwrap();
    }
    let published = fs::read_to_string(path).unwrap_or_default();
    assert!(published == text, "{path} is not what the types say: `just docs` writes it anew");
}

#[test]
fn the_published_schemas_are_those_of_the_types() {
    published("docs/report.schema.json", SCHEMA, schemars::schema_for!(Report));
    published("docs/facts.schema.json", FACTS_SCHEMA, schemars::schema_for!(Facts));
}
