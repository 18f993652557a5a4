//! The shipped rules, packed by `build.rs`.

use std::sync::{Arc, OnceLock};

use crate::rule::RuleSet;

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rules.bin"));

/// The shipped rule set.
///
/// # Errors
/// Only if the build packed something that cannot be read, which the tests rule out.
pub fn rules() -> Result<Arc<RuleSet>, String> {
    static SET: OnceLock<Result<Arc<RuleSet>, String>> = OnceLock::new();
    SET.get_or_init(|| RuleSet::unpack(PACKED).map(Arc::new)).clone()
}
