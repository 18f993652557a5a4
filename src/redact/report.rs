//! A report without names.
//!
//! The report is walked as JSON, so that a field that is added passes the boundary too. What is an id of ours, a word of a fixed
//! list or a text of a rule that points elsewhere is left alone.

use serde_json::{Map, Value};

use super::replace::Edits;
use super::{Kind, Redactor};
use crate::engine::secrets;
use crate::report::{Evidence, Param, Report};

/// Fields that hold no names: ids, words of fixed lists, times, places in the documents of others.
const FIXED: &[&str] = &[
    "schema",
    "tool",
    "versions",
    "verdict_kind",
    "id",
    "cause",
    "basis",
    "category",
    "confidence",
    "state",
    "impact",
    "kind",
    "format",
    "status",
    "role",
    "level",
    "class",
    "raw_class",
    "logger",
    "see",
    "param",
    "on",
    "owner",
    "run_as",
    "fingerprint",
    "code",
    "rule",
    "surfaced_as",
    "folded",
    "may_hide",
    "risk",
    "then",
    "variables",
    "title",
    "system",
    "mode",
];

/// Fields that hold what stands in a log or names a file.
const LOGGED: &[&str] =
    &["record", "english", "message", "because", "sample", "path", "what", "from", "text", "candidates", "value"];

impl Redactor {
    /// The report without names, and without what secrets a text of it may still hold.
    ///
    /// # Errors
    /// Never in practice: a report always has a JSON form.
    pub fn report(&mut self, report: &Report) -> Result<Report, serde_json::Error> {
        self.learn_report(report);
        let mut value = serde_json::to_value(report)?;
        self.walk(&mut value, "");
        let mut redacted: Report = serde_json::from_value(value)?;
        for kind in Kind::ALL {
            let of_kind = |token: &str| token.rsplit_once('-').is_some_and(|(word, _)| word == kind.word());
            let number = self.names.iter().filter(|(value, token)| of_kind(token) && value != token).count();
            if number > 0 {
                redacted.redactions.insert(format!("{} names", kind.word()), u64::try_from(number).unwrap_or(u64::MAX));
            }
        }
        Ok(redacted)
    }

    /// Learns the names of a report: what its parameters say first, then what its texts of the log show.
    pub fn learn_report(&mut self, report: &Report) {
        let params = report.diagnoses.iter().map(|d| &d.params).chain(report.symptoms.iter().map(|s| &s.params));
        let missing =
            report.diagnoses.iter().flat_map(|d| &d.missing).chain(report.symptoms.iter().flat_map(|s| &s.missing));
        // in the order in which they are read: who, where, what
        for params in params {
            for name in ["user", "host", "database", "schema", "table", "tables", "slot", "publication"] {
                if let Some(param) = params.get(name) {
                    self.learn_param(name, &param.value);
                }
            }
            for (name, Param { value, .. }) in params {
                self.learn_param(name, value);
                self.learn(value);
            }
        }
        for param in missing {
            param.candidates.iter().for_each(|value| self.learn_param(&param.name, value));
        }
        for job in report.jobs.iter().filter_map(|job| job.name.as_deref()) {
            if super::known::is_name(job) && !self.dictionary.has(job) {
                self.names.token(Kind::Job, job);
            }
        }
        for d in &report.diagnoses {
            d.evidence.iter().for_each(|e| self.learn_evidence(e));
            d.ruled_out.iter().for_each(|r| self.learn(&r.because));
        }
        for s in &report.symptoms {
            s.evidence.iter().for_each(|e| self.learn_evidence(e));
            s.ruled_out.iter().for_each(|r| self.learn(&r.because));
        }
        for u in &report.unrecognised {
            self.learn(&u.message);
            u.evidence.iter().for_each(|e| self.learn_evidence(e));
        }
        for note in &report.notes {
            note.evidence.iter().for_each(|e| self.learn_evidence(e));
        }
        report.noise.iter().for_each(|n| self.learn(&n.sample));
        report.signs_of_life.iter().for_each(|s| self.learn(&s.text));
        report.inputs.iter().for_each(|i| self.learn(&i.path));
        report.problems.iter().for_each(|p| self.learn(&format!("{}\n{}", p.path, p.what)));
    }

    fn learn_evidence(&mut self, evidence: &Evidence) {
        for text in [Some(&evidence.text), evidence.record.as_ref(), evidence.english.as_ref()].into_iter().flatten() {
            self.learn(text);
        }
    }

    fn walk(&mut self, value: &mut Value, key: &str) {
        match value {
            Value::String(text) if !FIXED.contains(&key) => *text = self.line(text, key),
            Value::Array(items) if !FIXED.contains(&key) => {
                for item in items {
                    self.walk(item, key);
                }
            }
            Value::Object(fields) => self.walk_fields(fields, key),
            _ => {}
        }
    }

    fn walk_fields(&mut self, fields: &mut Map<String, Value>, of: &str) {
        self.slotted(fields, "headline", "headline_params");
        let done = self.slotted(fields, "text", "text_params").is_some() | self.highlighted(fields).is_some();
        for (key, value) in fields.iter_mut() {
            match (of, key.as_str()) {
                (_, "headline_params" | "text_params" | "highlight") => {}
                ("diagnoses", "headline") => {}
                (_, "text") if done => {}
                // managed variants of a step: texts of the rule with names filled in
                (_, "on") if value.is_object() => self.walk(value, "variants"),
                (_, "rule" | "tool" | "versions") => {}
                ("params", name) => self.param(name, value),
                _ => self.walk(value, key),
            }
        }
    }

    /// A parameter is a name as a whole.
    fn param(&mut self, name: &str, value: &mut Value) {
        let Some(fields) = value.as_object_mut() else { return };
        if let Some(Value::String(text)) = fields.get_mut("value") {
            let whole = 0..text.len();
            let strict = if super::find::of_param(name, text).is_empty() { &[] } else { std::slice::from_ref(&whole) };
            *text = self.replaced(text, &[], strict).0;
        }
        if let Some(from) = fields.get_mut("from") {
            self.walk(from, "from");
        }
    }

    fn line(&mut self, text: &str, key: &str) -> String {
        let whole = 0..text.len();
        let named = key == "candidates" || key == "name" && self.names.get(text).is_some();
        let strict = if named { std::slice::from_ref(&whole) } else { &[] };
        if !LOGGED.contains(&key) {
            return self.replaced(text, &[], strict).0;
        }
        let cut = secrets::cut_lazily(text, &mut self.cuts);
        let found = super::find::find(&cut, &self.dictionary);
        self.replaced(&cut, &found, strict).0
    }

    /// A text with the ranges of what was filled in: names there are names, whatever words they are.
    fn slotted(&mut self, fields: &mut Map<String, Value>, text_key: &str, slots_key: &str) -> Option<()> {
        let Some(Value::Array(slots)) = fields.get(slots_key) else { return None };
        let Some(Value::String(text)) = fields.get(text_key) else { return None };
        let ranges: Vec<_> =
            slots.iter().filter_map(|slot| Some(number(slot.get("start")?)?..number(slot.get("end")?)?)).collect();
        let (text, edits) = self.replaced(&text.clone(), &[], &ranges);
        if let Some(Value::Array(slots)) = fields.get_mut(slots_key) {
            for slot in slots.iter_mut().filter_map(Value::as_object_mut) {
                shift(slot, "start", &edits, false);
                shift(slot, "end", &edits, true);
            }
        }
        fields.insert(text_key.to_owned(), Value::String(text));
        Some(())
    }

    /// A piece of evidence: secrets that are left are cut, and the part that matched stays marked.
    fn highlighted(&mut self, fields: &mut Map<String, Value>) -> Option<()> {
        let range = fields.get("highlight")?;
        let range = range.as_array().and_then(|r| Some(number(r.first()?)?..number(r.get(1)?)?));
        let Some(Value::String(text)) = fields.get("text") else { return None };
        let text = text.clone();
        let cut = secrets::cut_lazily(&text, &mut self.cuts);
        let range = range.filter(|_| cut.as_ref() == text);
        let found = super::find::find(&cut, &self.dictionary);
        let (new, edits) = self.replaced(&cut, &found, &[]);
        let range = range.map(|r| vec![edits.at(r.start, false), edits.at(r.end, true)]);
        fields.insert("highlight".to_owned(), serde_json::json!(range));
        fields.insert("text".to_owned(), Value::String(new));
        Some(())
    }
}

fn number(value: &Value) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}

fn shift(slot: &mut Map<String, Value>, key: &str, edits: &Edits, end: bool) {
    if let Some(old) = slot.get(key).and_then(number) {
        slot.insert(key.to_owned(), Value::from(edits.at(old, end)));
    }
}
