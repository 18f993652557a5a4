//! `explain`.
use super::args::ExplainArgs;
use super::exit::Exit;
use crate::error::Error;
/// Runs the verb.
pub fn run(_args: &ExplainArgs) -> Result<Exit, Error> {
    Ok(Exit::Fine)
}
