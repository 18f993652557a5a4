//! What `explain` tells of a rule, without any log.

use serde::{Deserialize, Serialize};

use super::{Confidence, Diagnosis};

/// A rule in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// `cause`, `symptom` or `noise`.
    pub role: String,
    /// Title, why, checks, fix, never, see; nothing in it comes from a log.
    pub rule: Diagnosis,
    /// How it reads in a log.
    pub seen_as: Vec<Appearance>,
    /// How many more appearances are translations.
    pub translations: usize,
    /// What it is often buried under: id and title.
    pub buried_under: Vec<(String, String)>,
    /// What a symptom may stand for: id and title.
    pub suspects: Vec<(String, String)>,
    /// Other causes worth looking at.
    pub related: Vec<String>,
    /// Versions that a defect affects.
    pub affects: Vec<String>,
    /// Versions in which it is cured.
    pub fixed_in: Vec<String>,
    /// How the texts are known.
    pub source: Vec<String>,
}

/// One way a rule reads in a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Appearance {
    /// The words, with `…` for what differs.
    pub text: String,
    /// How sure it makes.
    pub confidence: Confidence,
}
