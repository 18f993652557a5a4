//! Finds out why a Flink CDC or Debezium job failed, from its logs.
#![forbid(unsafe_code)]

#[path = "rule/builtin.rs"]
pub mod builtin;
pub mod cli;
pub mod diagnosis;
pub mod diagnostic;
pub mod engine;
pub mod error;
pub mod examples;
pub mod input;
pub mod pipeline;
pub mod record;
pub mod report;
pub mod rule;
pub mod trace;
