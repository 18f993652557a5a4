//! The JSON Schema of a rule file, for editors: keys, words and what they mean.
//!
//! It is what `rules schema` prints and what lies in `docs/rule.schema.json`; a test compares its keys with those that the reader of
//! rules takes, and holds every shipped rule against it.

use serde_json::{Map, Value, json};

use crate::rule::compile::CATEGORIES;

/// The schema.
#[must_use]
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:cdc-doctor:rule:v1",
        "title": "A rule of cdc-doctor",
        "description": "One cause, symptom or harmless line. The language is described in rules/README.md.",
        "type": "object",
        "additionalProperties": false,
        "required": ["id", "title", "category", "role", "match", "source", "examples"],
        "properties": rule(),
        "$defs": {
            "entry": entry(),
            "check": check(),
            "expect": expect(),
            "fix": fix(),
        }
    })
}

/// The schema as it is printed.
#[must_use]
pub fn text() -> String {
    serde_json::to_string_pretty(&schema()).unwrap_or_default() + "\n"
}

fn text_of(what: &str) -> Value {
    json!({ "type": "string", "description": what })
}

fn words(what: &str, allowed: &[&str]) -> Value {
    json!({ "enum": allowed, "description": what })
}

fn list(what: &str, items: &Value) -> Value {
    json!({ "type": "array", "items": items, "description": what })
}

fn ids(what: &str) -> Value {
    list(what, &json!({ "type": "string", "pattern": "^[a-z0-9]+/[a-z0-9]+(-[a-z0-9]+)*$" }))
}

fn texts(what: &str) -> Value {
    list(what, &json!({ "type": "string" }))
}

fn refers(to: &str, what: &str) -> Value {
    list(what, &json!({ "$ref": format!("#/$defs/{to}") }))
}

/// A scalar of any kind: YAML's `on`, `7` and `true` are texts here.
fn scalar(what: &str) -> Value {
    json!({ "type": ["string", "number", "boolean"], "description": what })
}

fn object(what: &str, properties: &Value) -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": properties, "description": what })
}

fn map(what: &str) -> Value {
    json!({ "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] }, "description": what })
}

fn rule() -> Map<String, Value> {
    let rows = [
        (
            "id",
            json!({ "type": "string", "pattern": "^[a-z0-9]+/[a-z0-9]+(-[a-z0-9]+)*$", "description": "The path without .yaml: system/name. Stable for ever." }),
        ),
        (
            "title",
            text_of("Who cannot do what to which object, without names of a job; no colon, no full stop, no advice."),
        ),
        (
            "headline",
            text_of(
                "The one sentence with names filled in: {user}. A part in [...] is left out when one of its parameters is unknown.",
            ),
        ),
        ("category", words("What it is about.", CATEGORIES)),
        (
            "role",
            words(
                "cause: a root cause. symptom: what causes look like from outside. noise: a harmless line that shouts; its record is taken out.",
                &["cause", "symptom", "noise"],
            ),
        ),
        ("impact", words("What it means for the job while it lasts.", &["down", "stalled", "data-loss", "degraded"])),
        ("match", refers("entry", "Alternatives: any one of them is enough.")),
        ("alternatives", ids("Causes that print the very same text.")),
        ("leads_to", ids("What follows from it, in the log before or after; flink/* symptoms follow from anything.")),
        ("masks", ids("Causes whose message this one replaces after retries.")),
        ("transient", json!({ "type": "boolean", "description": "A retry survives it." })),
        (
            "clears",
            words(
                "health: it is over when the source moves again. never: it stays until the job is new.",
                &["health", "never"],
            ),
        ),
        ("suspects", ids("Symptoms only: causes it may stand for, likeliest first.")),
        ("refuted_by", refers("entry", "Entries that rule the cause out when they are seen in the same log.")),
        (
            "misleading",
            list(
                "Words of the log that lead astray, and the truth.",
                &object("", &json!({ "says": text_of("Words of the log."), "truth": text_of("What is true.") })),
            ),
        ),
        (
            "why",
            text_of(
                "Three to six lines of plain words, true for every log that matches: what was being done, why it cannot, why the log looks like this.",
            ),
        ),
        ("checks", refers("check", "In the order in which a person would run them.")),
        ("fix", refers("fix", "Steps in order; the last one says what must be restarted.")),
        ("never", texts("What must not be done: why.")),
        ("affects", texts("Versions a defect affects: 'flink_cdc <3.2'.")),
        ("fixed_in", texts("Versions it is cured in.")),
        ("see", texts("Where to read more, by title.")),
        (
            "source",
            texts("How each text is known: a run, a repository, file and version, a page of the documentation."),
        ),
        (
            "examples",
            list(
                "At least one log that must match, and one near miss.",
                &object(
                    "",
                    &json!({ "log": text_of("An excerpt of a log."), "not": { "type": "boolean", "description": "It must not match." } }),
                ),
            ),
        ),
    ];
    rows.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn entry() -> Value {
    object(
        "Everything said must hold. In a pattern (regex crate, unanchored) a blank is any white space and \" any quotation mark; captures are names of rules/parameters.yaml.",
        &json!({
            "message": text_of("Pattern on the message of one exception."),
            "exception": text_of("Glob on the same exception's class, shading taken off."),
            "raw_exception": text_of("Glob on the same exception's class as printed."),
            "frame": text_of("Glob on one frame (class.method) of the same exception."),
            "relation": words("The exception stands under Suppressed:.", &["suppressed"]),
            "log": text_of("Pattern on the record's own text, at every level. For lines at INFO only: its fixed texts cost speed."),
            "logger": text_of("Glob on the logger."),
            "level": words("This level or above.", &["info", "warn", "error"]),
            "from": words("Process that wrote the record.", &["taskmanager", "jobmanager", "postgres", "client"]),
            "chain": refers("entry", "Each must hold on another exception of the record."),
            "not": refers("entry", "None may hold in the record."),
            "sequence": refers("entry", "Entries in the order of the log, in one source."),
            "within": text_of("Longest time from the first to the last step: 60s, 5m."),
            "same": texts("Captures that must be equal."),
            "differ": texts("Captures that must not be equal."),
            "without": refers("entry", "None of these between the first and the last step."),
            "count": { "type": "integer", "minimum": 1, "description": "The last step this many times." },
            "then_nothing": object("Silence after the last step.", &json!({ "logger": text_of("Glob on the loggers that fall silent."), "for": text_of("For how long: 20s.") })),
            "confidence": words("certain: the sentence has this one meaning, known from a run or a source. Hearsay is likely at most.", &["certain", "likely", "possible"]),
            "english": text_of("Of a text in another language: the English original."),
            "for": text_of("Of a line in context.yaml: the source system it speaks of."),
        }),
    )
}

fn check() -> Value {
    object(
        "A question and what answers it: exactly one of sql, shell, look.",
        &json!({
            "id": text_of("Id within the rule."),
            "ask": text_of("The question."),
            "sql": text_of("One statement that reads, without a semicolon; {user} becomes a literal, {user:ident} an identifier."),
            "shell": text_of("A command; it is printed, never run."),
            "look": text_of("Where to look: the server's log, Flink's UI."),
            "expect": { "$ref": "#/$defs/expect" },
            "healthy": text_of("The healthy answer in words."),
            "reading": map("Answer: what it means."),
            "run_as": words("Who may run it.", &["any", "owner", "superuser", "cdc-user"]),
            "versions": text_of("Server versions: '>=10'."),
            "on": text_of("Dialect; the default is the rule's system."),
            "changes": { "type": "boolean", "description": "It changes the server: never run unasked." },
        }),
    )
}

fn expect() -> Value {
    object(
        "What holds on a healthy server; not holding confirms the cause. Exactly one comparison.",
        &json!({
            "column": text_of("Column that is compared."),
            "equals": scalar("Equal to."),
            "not": scalar("Not equal to."),
            "above": scalar("Greater than."),
            "at_least": scalar("At least."),
            "at_most": scalar("At most."),
            "matches": text_of("Matches this pattern."),
            "is_null": { "type": "boolean", "description": "Is NULL, or is not." },
            "rows": scalar("Number of rows."),
            "below_column": object("A column is below another.", &json!({ "column": text_of("The one."), "other": text_of("The other.") })),
        }),
    )
}

fn fix() -> Value {
    object(
        "A step: words, and at most one of sql, conf, shell, hba, flink.",
        &json!({
            "do": text_of("What to do, one sentence."),
            "sql": text_of("A statement."),
            "shell": text_of("A command."),
            "hba": text_of("A line of pg_hba.conf."),
            "flink": text_of("An option of the job."),
            "conf": object("Lines of a configuration file.", &json!({ "file": text_of("The file."), "set": map("Name: value.") })),
            "run_as": text_of("The right it needs: superuser, owner, ..."),
            "system": text_of("System the step is about; the default is the rule's. Its SQL is in that dialect."),
            "owner": words("Who must act.", &["dba", "network", "flink", "app", "cloud"]),
            "changes": { "type": "boolean", "description": "It changes the server; the default is true for sql, conf and hba." },
            "then": list("What must follow.", &words("", &["none", "reload-postgres", "restart-postgres", "restart-job", "restart-job-without-state"])),
            "on": map("Managed variants: rds, cloud_sql, azure and others."),
            "risk": words("What it may cost.", &["none", "downtime", "data-loss"]),
            "risk_note": text_of("What is lost."),
        }),
    )
}
