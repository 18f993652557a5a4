//! Arguments in, exit status out.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::SystemTime;

fn main() -> ExitCode {
    // the only look at the clock: what `--since 2h` means
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    cdc_doctor::cli::run(std::env::args_os(), i64::try_from(now).unwrap_or(i64::MAX)).into()
}
