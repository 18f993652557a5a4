//! Which rules may match the same log: those that name each other, and those whose roles explain it.

use crate::rule::{Role, Rule};

/// Why a rule may not match another rule's example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clash {
    /// Two causes, or a cause and a symptom on the same words, and neither names the other.
    Stranger,
    /// A harmless-line rule takes out the record that shows the failure.
    Silences,
    /// A failure is seen in a log that another rule calls harmless.
    Alarms,
}

/// One of the two names the other as an alternative, a consequence, a mask or a suspect.
#[must_use]
pub fn named(one: &Rule, other: &Rule) -> bool {
    let names = |a: &Rule, b: &Rule| {
        [&a.alternatives, &a.leads_to, &a.masks, &a.suspects].iter().any(|ids| ids.contains(&b.id))
    };
    names(one, other) || names(other, one)
}

/// Where two matches stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Distance {
    /// In different records.
    Apart,
    /// In one record: on different throwables, or one on its own text.
    SameRecord,
    /// On the same throwable, or both on the record's own text.
    SameWords,
}

/// May `other` match an example of `owner`? `rules/README.md`, "Rules that match the same log", says the same in words.
#[must_use]
pub fn clash(owner: &Rule, other: &Rule, distance: Distance) -> Option<Clash> {
    let shared = distance != Distance::Apart;
    match (owner.role, other.role) {
        (Role::Noise, Role::Noise) => None,
        // the harmless-line rule is the exception from a wider one: it takes the record out
        (Role::Noise, _) => (!shared).then_some(Clash::Alarms),
        (_, Role::Noise) => shared.then_some(Clash::Silences),
        (Role::Cause, Role::Cause) => (!named(owner, other)).then_some(Clash::Stranger),
        // wrappers stand above wrappers; whichever is shown, neither says why
        (Role::Symptom, Role::Symptom) => None,
        // a wrapper stands on another throwable than what it wraps; on the same words, one must know of the other, but for
        // Flink's wrappers, which repeat the text of whatever they wrap and follow from anything
        (Role::Cause, Role::Symptom) | (Role::Symptom, Role::Cause) => {
            let flink = [owner, other].iter().any(|r| r.role == Role::Symptom && r.system() == "flink");
            (distance == Distance::SameWords && !flink && !named(owner, other)).then_some(Clash::Stranger)
        }
    }
}
