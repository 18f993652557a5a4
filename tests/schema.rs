//! `docs/report.schema.json` is what the types say. `SNAPSHOTS=overwrite` writes it anew.

#![cfg(feature = "schema")]

use std::fs;

use cdc_doctor::report::{Report, SCHEMA};

const PUBLISHED: &str = "docs/report.schema.json";

#[test]
fn the_published_schema_is_that_of_the_types() {
    let mut schema = schemars::schema_for!(Report);
    schema.insert("$id".to_owned(), format!("urn:{}", SCHEMA.replace('/', ":")).into());
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var("SNAPSHOTS").is_ok_and(|v| v == "overwrite") {
        fs::write(PUBLISHED, &text).unwrap();
    }
    let published = fs::read_to_string(PUBLISHED).unwrap_or_default();
    assert!(published == text, "{PUBLISHED} is not what the types say: `just docs` writes it anew");
}
