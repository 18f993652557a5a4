//! Limits of the process.

/// How many files may be open at a time; the limit of the process is raised as far as it goes.
pub(super) fn most_open() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(u64::MAX).min(8192);
    let now = limit.current.unwrap_or(u64::MAX);
    let got = if now < wanted
        && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }).is_ok()
    {
        wanted
    } else {
        now
    };
    usize::try_from(got.min(8192)).unwrap_or(256).saturating_sub(64).max(64)
}
