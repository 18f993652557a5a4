//! What the rules know of the connectors themselves: messages in the class files of jars, and how each rule is known.
//!
//! [`classfile`] reads what a class says when it fails, [`jar`] finds the classes, [`known`] counts how rules are known. A message
//! is known if the pattern of some rule matches it with its gaps filled in; a rule is suspected of rot if its `source:` names a
//! class of these jars and none of its patterns matches any string of theirs.

pub mod classfile;
pub mod jar;
pub mod known;

use std::collections::{BTreeMap, BTreeSet};

use crate::rule::{Entry, Glob, Pattern, Role, RuleSet};
use classfile::{Kind, Said};

/// What stands in the gaps of a message when patterns are tried on it.
const FILLERS: [&str; 3] = ["1", "some_name", "0/16B3748"];
/// What a gap looks like.
pub const GAP: char = '…';

/// What one jar says.
#[derive(Debug, Clone, Default)]
pub struct JarSays {
    /// File name, with that of the jar around it.
    pub name: String,
    /// Simple names of its classes.
    pub classes: BTreeSet<String>,
    /// All strings of its classes.
    pub strings: BTreeSet<String>,
    /// Its messages, without repeats, in order.
    pub messages: Vec<Said>,
}

/// A message, and the rules that know it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The message.
    pub said: Said,
    /// Ids of rules.
    pub known_as: Vec<String>,
}

/// Messages of one jar, judged.
#[derive(Debug, Clone, Default)]
pub struct JarCovered {
    /// Its name.
    pub name: String,
    /// Its messages.
    pub messages: Vec<Judged>,
}

/// Everything there is to say about some jars.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// One a jar that says anything.
    pub jars: Vec<JarCovered>,
    /// Rules whose `source:` names a class of the jars, and of whose patterns none matches a string of theirs: id and classes.
    pub gone: Vec<(String, Vec<String>)>,
    /// Number of rules whose `source:` names a class of the jars.
    pub named: usize,
}

/// A pattern that makes a message known.
struct Knows<'r> {
    rule: &'r str,
    pattern: Option<&'r Pattern>,
    class: Option<&'r Glob>,
    literals: Vec<String>,
}

/// Judges what jars say.
#[must_use]
pub fn cover(rules: &RuleSet, jars: &[JarSays]) -> Coverage {
    let knows = all_patterns(rules);
    let mut coverage = Coverage::default();
    for jar in jars.iter().filter(|j| !j.messages.is_empty()) {
        let mut covered = JarCovered { name: jar.name.clone(), messages: Vec::new() };
        for said in &jar.messages {
            let ids = who_knows(&knows, said);
            let known_as = ids.into_iter().map(str::to_owned).collect();
            covered.messages.push(Judged { said: said.clone(), known_as });
        }
        coverage.jars.push(covered);
    }
    let classes: BTreeSet<&str> = jars.iter().flat_map(|j| &j.classes).map(String::as_str).collect();
    for (index, rule) in rules.rules().iter().enumerate() {
        let source = rules.texts(index).source.join(" ");
        let named: BTreeSet<&str> = words(&source).filter(|w| classes.contains(w)).collect();
        if named.is_empty() || rule.role == Role::Noise {
            continue;
        }
        coverage.named += 1;
        let own: Vec<&Knows<'_>> = knows.iter().filter(|k| k.rule == rule.id && k.pattern.is_some()).collect();
        let there = jars.iter().flat_map(|j| &j.strings).any(|text| {
            // a string that is put together with others goes on behind its end
            let texts = filled(&format!("{text}{GAP}"));
            own.iter().any(|k| fits(k, &texts))
        });
        if !there && !own.is_empty() {
            coverage.gone.push((rule.id.clone(), named.into_iter().map(str::to_owned).collect()));
        }
    }
    coverage
}

/// Names of classes in a text: words with a capital inside.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|w| w.len() > 5 && w.starts_with(char::is_uppercase) && w.chars().skip(1).any(char::is_uppercase))
        .filter(|w| w.chars().any(char::is_lowercase))
}

fn all_patterns(rules: &RuleSet) -> Vec<Knows<'_>> {
    let mut all = Vec::new();
    for rule in rules.rules() {
        for alternative in &rule.alternatives_of_match {
            let steps = alternative.sequence.iter().flat_map(|s| &s.steps);
            for entry in alternative.entry.as_deref().into_iter().chain(steps) {
                all.extend(of_entry(&rule.id, entry));
            }
        }
    }
    all
}

fn of_entry<'r>(rule: &'r str, entry: &'r Entry) -> Vec<Knows<'r>> {
    let lower = |p: &Pattern| p.literals.iter().map(|l| l.to_ascii_lowercase()).collect();
    // a pattern without a fixed text says nothing by itself
    let patterns = [&entry.message, &entry.log].into_iter().flatten().filter(|p| !p.literals.is_empty());
    let mut all: Vec<Knows<'r>> =
        patterns.map(|p| Knows { rule, pattern: Some(p), class: None, literals: lower(p) }).collect();
    let bare = entry.message.is_none() && entry.log.is_none() && entry.frame.is_none();
    if bare && entry.chain.is_empty() && entry.logger.is_none() {
        let told = |g: &&Glob| g.literal().is_some_and(|l| l.len() > "Exception".len());
        all.extend(entry.exception.iter().filter(told).map(|g| Knows {
            rule,
            pattern: None,
            class: Some(g),
            literals: Vec::new(),
        }));
    }
    // a wrapper is known by what its chain says, too
    all.extend(entry.chain.iter().flat_map(|c| of_entry(rule, c)));
    all
}

/// A text with its gaps filled in, in each way; as it is, and in lower case.
fn filled(text: &str) -> Vec<(String, String)> {
    let fillers = if text.contains(GAP) { &FILLERS[..] } else { &FILLERS[..1] };
    let texts = fillers.iter().map(|f| text.replace(GAP, f));
    texts.map(|t| (t.to_ascii_lowercase(), t)).map(|(lower, t)| (t, lower)).collect()
}

fn fits(knows: &Knows<'_>, texts: &[(String, String)]) -> bool {
    let Some(regex) = knows.pattern.and_then(Pattern::regex) else { return false };
    texts.iter().any(|(text, lower)| knows.literals.iter().any(|l| lower.contains(l)) && regex.is_match(text))
}

fn who_knows<'r>(knows: &[Knows<'r>], said: &Said) -> Vec<&'r str> {
    let texts = filled(&said.text);
    let mut ids: BTreeSet<&'r str> = BTreeSet::new();
    for k in knows {
        let by_class = || k.class.is_some_and(|g| matches!(&said.kind, Kind::Thrown(class) if g.is_match(class)));
        if !ids.contains(k.rule) && (by_class() || fits(k, &texts)) {
            ids.insert(k.rule);
        }
    }
    ids.into_iter().collect()
}

/// Collects the messages of a class into those of its jar.
pub fn add(jar: &mut JarSays, class: &classfile::Class) {
    let simple = class.name.rsplit(['.', '$']).next().unwrap_or("").to_owned();
    jar.classes.insert(simple);
    jar.strings.extend(class.strings.iter().cloned());
    jar.messages.extend(class.says.iter().cloned());
}

/// Takes repeats out and orders the rest.
pub fn tidy(jar: &mut JarSays) {
    let mut seen: BTreeMap<String, Said> = BTreeMap::new();
    for said in jar.messages.drain(..) {
        seen.entry(said.text.clone()).or_insert(said);
    }
    jar.messages = seen.into_values().collect();
}
