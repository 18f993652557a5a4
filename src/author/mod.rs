//! Tools for those who write rules: what collides, what changed, what a log lacks a rule for, and how a rule is known.
//!
//! Everything here drives the same pipeline as a scan, on examples, samples and logs, and gives plain data; `cli` prints it.

pub mod collide;
pub mod coverage;
pub mod generalise;
pub mod kin;
pub mod sample;
pub mod scaffold;
pub mod schema;
pub mod trial;
pub mod whynot;

/// ` and once more`, ` and 7 times more`; nothing for none.
#[must_use]
pub fn times_more(more: usize) -> String {
    match more {
        0 => String::new(),
        1 => " and once more".to_owned(),
        n => format!(" and {n} times more"),
    }
}
