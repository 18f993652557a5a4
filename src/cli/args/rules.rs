//! What the user may type behind `rules`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Format, WhyNotArgs};

/// `rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// What to do with rules.
    #[command(subcommand)]
    pub command: RulesCommand,
}

/// Verbs of `rules`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List the rules, or those that a word fits
    List {
        /// Part of an id, a category, a role or a title
        word: Option<String>,
        /// How to print the list
        #[arg(short, long, value_enum, default_value = "text")]
        format: Format,
        /// Add rules, or override shipped ones
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// Check a directory of rules and all examples against all rules; all problems are shown
    Check {
        /// The directory
        dir: PathBuf,
        /// Check them alone, not on top of the shipped rules
        #[arg(long)]
        alone: bool,
        /// Folders of whole logs with a label.json: no rule but a harmless one may match a healthy one
        #[arg(long, value_name = "DIR")]
        samples: Option<PathBuf>,
    },
    /// Run all examples of the shipped rules, or of these on top of a directory's, through the whole engine
    Test {
        /// The directory
        dir: Option<PathBuf>,
        /// Folders of whole logs with an expected.json: the complete ranked result must be that
        #[arg(long, value_name = "DIR")]
        samples: Option<PathBuf>,
    },
    /// Scaffold a rule and its examples from an exception that no rule knows; without --id it is only printed
    New {
        /// The log, or LOG:LINE for the exception at that line; - is stdin
        #[arg(long, value_name = "LOG[:LINE]")]
        from: PathBuf,
        /// Id of the rule: writes DIR/<system>/<name>.yaml, and never over a file that is there
        #[arg(long, value_name = "SYSTEM/NAME")]
        id: Option<String>,
        /// The directory to write to
        #[arg(long, value_name = "DIR", default_value = "rules")]
        dir: PathBuf,
        /// Add rules, or override shipped ones
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// Print the JSON Schema of a rule file, for editors
    Schema,
    /// Write one Markdown page a rule, and an index by category and by message
    Docs {
        /// The directory to write to
        #[arg(long, value_name = "DIR", default_value = "docs/causes")]
        out: PathBuf,
        /// Write nothing; exit 1 if a page is not what the rules say
        #[arg(long)]
        check: bool,
        /// Add rules, or override shipped ones
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// How each rule is known, and which messages of connector jars no rule knows
    Coverage {
        /// Jars, or directories of jars
        #[arg(long, value_name = "JAR|DIR", num_args = 1..)]
        jar: Vec<PathBuf>,
        /// Only classes whose package begins so, such as io.debezium
        #[arg(long, value_name = "PACKAGE", num_args = 1.., value_delimiter = ',')]
        package: Vec<String>,
        /// List every message that no rule knows, not only the number of them
        #[arg(long)]
        all: bool,
        /// Add rules, or override shipped ones
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// The same as cdc-doctor why-not
    #[command(hide = true)]
    WhyNot(WhyNotArgs),
}
