//! Finds out why a Flink CDC or Debezium job failed, from its logs.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

#[cfg(feature = "attach")]
pub mod attach;
pub mod author;
#[path = "rule/builtin.rs"]
pub mod builtin;
#[cfg(feature = "bundle")]
pub mod bundle;
pub mod cli;
pub mod diagnosis;
pub mod diagnostic;
pub mod engine;
pub mod error;
pub mod examples;
pub mod input;
pub mod job;
pub mod pipeline;
pub mod record;
pub mod redact;
pub mod report;
pub mod rule;
pub mod trace;
pub mod unwrap;
#[cfg(feature = "watch")]
pub mod watch;
