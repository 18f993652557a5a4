//! Checks and fixes with their texts filled in, in the dialect of the system that they are for.

use super::Maker;
use super::incident::slots;
use crate::diagnosis::Params;
use crate::report::{Check, Expect, Fix, MissingParam, Reading};
use crate::rule::dialect::Dialect;
use crate::rule::system::{self, Side};
use crate::rule::template::Target;
use crate::rule::{CheckText, FixText, RuleTexts};

impl Maker<'_> {
    /// The checks of a rule; of a shared rule (Flink, Debezium, network) those that fit the system that the incident is about.
    pub(super) fn checks(&self, id: &str, texts: &RuleTexts, params: &Params) -> Vec<Check> {
        texts.checks.iter().filter(|c| is_of(id, &c.on, params)).map(|c| self.check(c, params)).collect()
    }

    /// The steps of a rule. Of a shared rule, a step for another system is left out; where it only has SQL in another dialect the
    /// sentence stays, which is true of both.
    pub(super) fn fixes(&self, id: &str, texts: &RuleTexts, params: &Params) -> Vec<Fix> {
        let fit = |f: &FixText| match (is_of(id, &f.system, params), f.kind.as_str()) {
            (true, _) => Some(self.fix(f, params)),
            (false, "sql") => {
                let sentence = FixText { kind: "text".into(), text: String::new(), system: String::new(), ..f.clone() };
                Some(self.fix(&sentence, params))
            }
            (false, _) => None,
        };
        texts.fix.iter().filter_map(fit).collect()
    }

    fn check(&self, check: &CheckText, params: &Params) -> Check {
        let target = match check.kind.as_str() {
            "sql" => Target::Sql(dialect(&check.on)),
            "shell" => Target::Shell,
            _ => Target::Prose,
        };
        let mut filled = self.fill(&check.text, target, params);
        if check.kind == "sql" {
            filled.text.push(';');
        }
        Check {
            id: check.id.clone(),
            ask: self.prose(&check.ask, params),
            kind: check.kind.clone(),
            on: check.on.clone(),
            text: filled.text,
            text_params: slots(filled.slots),
            expect: check.expect.as_ref().map(|e| Expect {
                column: e.column.clone(),
                equals: e.equals.clone(),
                not: e.not_equal.clone(),
                above: e.above.clone(),
                at_least: e.at_least.clone(),
                at_most: e.at_most.clone(),
                matches: e.matches.clone(),
                is_null: e.is_null,
                rows: e.rows.clone(),
                below_column: e.below_column.clone(),
            }),
            healthy: check.healthy.as_ref().map(|h| self.prose(h, params)),
            reading: check
                .reading
                .iter()
                .map(|(a, m)| Reading { answer: a.clone(), means: self.prose(m, params) })
                .collect(),
            run_as: check.run_as.clone(),
            versions: check.versions.clone(),
            changes: check.changes,
            missing: if check.kind == "look" { Vec::new() } else { filled.missing },
            variables: filled.variables,
        }
    }

    fn fix(&self, fix: &FixText, params: &Params) -> Fix {
        let target = match fix.kind.as_str() {
            "sql" => Target::Sql(dialect(&fix.system)),
            "shell" => Target::Shell,
            "hba" => Target::Hba,
            _ => Target::Option,
        };
        let mut filled = self.fill(&fix.text, target, params);
        if fix.kind == "sql" && !filled.text.ends_with(';') {
            filled.text.push(';');
        }
        Fix {
            action: self.prose(&fix.action, params),
            owner: fix.owner.clone(),
            kind: fix.kind.clone(),
            system: fix.system.clone(),
            text: filled.text,
            text_params: slots(filled.slots),
            file: fix.file.clone(),
            run_as: fix.run_as.clone(),
            changes: fix.changes,
            then: fix.then.clone(),
            risk: fix.risk.clone(),
            risk_note: fix.risk_note.clone(),
            on: fix.on.clone(),
            missing: filled.missing,
            variables: filled.variables,
        }
    }

    pub(super) fn first_check(&self, id: &str, params: &Params) -> Option<Check> {
        let texts = self.rules.texts(self.rules.index_of(id)?);
        texts.checks.iter().find(|c| !c.changes && is_of(id, &c.on, params)).map(|c| self.check(c, params))
    }

    pub(super) fn missing<'n>(&self, params: &Params, names: impl Iterator<Item = &'n String>) -> Vec<MissingParam> {
        let mut missing: Vec<MissingParam> = Vec::new();
        for name in names {
            if missing.iter().any(|m| m.name == *name) {
                continue;
            }
            missing.push(MissingParam {
                name: name.clone(),
                meaning: self.rules.vocabulary.get(name).map(|p| p.meaning.clone()).unwrap_or_default(),
                candidates: params.ambiguous.get(name).cloned().unwrap_or_default(),
            });
        }
        missing
    }
}

fn dialect(on: &str) -> Dialect {
    // `rules check` refuses SQL of a system that has none
    system::dialect(on).unwrap_or(Dialect::Postgres)
}

/// A shared rule's check in the dialect of one system is nothing for an incident of another.
fn is_of(rule: &str, on: &str, params: &Params) -> bool {
    let shared = rule.split('/').next().is_none_or(|s| system::side(s) == Side::Shared);
    let theirs = system::get(on).filter(|s| s.side != Side::Shared);
    match (&params.endpoint.system, theirs) {
        (Some(ours), Some(theirs)) if shared => *ours == theirs.id,
        _ => true,
    }
}

/// True unless a cause is one of a source that this job does not read from.
pub(super) fn of_this_job(of: &str, params: &Params) -> bool {
    match &params.endpoint.system {
        Some(ours) if system::side(ours) == Side::Source => system::side(of) != Side::Source || of == ours,
        _ => true,
    }
}
