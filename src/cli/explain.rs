//! `explain`: a cause by its id, a word of it, a problem code, or a message pasted from a log.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use super::args::{ExplainArgs, Format};
use super::exit::Exit;
use super::scan::when;
use super::terminal::{self, Environment, Quiet};
use crate::diagnosis::{self, Params, Value};
use crate::engine::Engine;
use crate::error::Error;
use crate::pipeline::Pipeline;
use crate::report::{model, text};
use crate::rule::RuleSet;
use crate::{diagnostic, examples};

/// Runs the verb.
///
/// # Errors
/// Nothing fits what was asked, bad rules, or an output that cannot be written.
pub fn run(args: &ExplainArgs) -> Result<Exit, Error> {
    let asked = args.what.join(" ");
    if let Some(meaning) = diagnostic::explain(asked.trim()) {
        let mut out = Quiet::new(io::stdout());
        writeln!(out, "{}: {meaning}", asked.trim().to_uppercase())?;
        return Ok(Exit::Fine);
    }
    let rules = super::rule_set(&args.rules)?;
    if let Some(now) = rules.retired.get(asked.trim()) {
        writeln!(Quiet::new(io::stderr()), "note: {} is now called {now}", asked.trim())?;
    }
    if rules.get(asked.trim()).is_some() {
        show(args, &rules, asked.trim(), &Params::default())?;
        return Ok(Exit::Fine);
    }
    if looks_like_message(&asked) {
        return message(args, &rules, &asked);
    }
    word(&rules, asked.trim())
}

/// More than one word, or signs that stand in no id.
fn looks_like_message(asked: &str) -> bool {
    asked.split_whitespace().count() > 1 || asked.contains([':', '"', '.'])
}

fn show(args: &ExplainArgs, rules: &RuleSet, id: &str, params: &Params) -> Result<(), Error> {
    let Some(explanation) = model::explain(rules, id, params) else { return Err(unknown(rules, id)) };
    let terminal = io::stdout().is_terminal();
    let mut out = Quiet::new(io::BufWriter::new(io::stdout()));
    if args.format == Format::Json {
        let json = serde_json::to_string_pretty(&explanation).map_err(|e| Error::Internal(e.to_string()))?;
        writeln!(out, "{json}")?;
    } else {
        let environment = Environment::read();
        let options = text::Options {
            width: args.width.map_or_else(|| terminal::width(terminal), terminal::clamp),
            ascii: environment.ascii(args.ascii, terminal),
            color: environment.color(when(args.color), terminal),
            verbose: true,
            ..text::Options::default()
        };
        text::explain::render(&explanation, &options, &mut out)?;
    }
    out.flush()?;
    Ok(())
}

/// A pasted message is scanned like a log; the best rule is explained with the names that the message gives.
fn message(args: &ExplainArgs, rules: &Arc<RuleSet>, asked: &str) -> Result<Exit, Error> {
    let engine = Arc::new(Engine::new(Arc::clone(rules), true));
    let mut pipeline = Pipeline::with(Arc::clone(&engine));
    let source = pipeline.begin("<message>", None);
    pipeline.push(source, asked.as_bytes());
    pipeline.end(source);
    let diagnosis = pipeline.diagnose(&diagnosis::Options::default());
    let best = diagnosis.causes.first().or(diagnosis.symptoms.first());
    let Some(best) = best else {
        // a harmless line has a rule too
        return match examples::matching(&engine, asked).first() {
            Some(id) => show(args, rules, id, &Params::default()).map(|()| Exit::Fine),
            None => Err(Error::Usage {
                what: "no rule knows this message".into(),
                hint: Some("cdc-doctor rules list WORD    lists the rules that a word fits".into()),
            }),
        };
    };
    let mut params = Params::default();
    for (name, value) in &best.captures {
        let value = Value { value: value.clone(), source: None, line: 0, key: "<message>".into() };
        params.values.insert(name.clone(), value);
    }
    show(args, rules, &best.rule, &params)?;
    let others: Vec<&str> = diagnosis.causes.iter().skip(1).map(|i| i.rule.as_str()).collect();
    if !others.is_empty() {
        writeln!(Quiet::new(io::stderr()), "also in this message: {}", others.join(", "))?;
    }
    Ok(Exit::Fine)
}

/// A word lists the ids that fit.
fn word(rules: &RuleSet, asked: &str) -> Result<Exit, Error> {
    let word = asked.to_lowercase();
    let fits: Vec<_> = rules
        .rules()
        .iter()
        .filter(|r| r.id.contains(&word) || r.category == word || r.title.to_lowercase().contains(&word))
        .collect();
    if fits.is_empty() || word.contains('/') {
        return Err(unknown(rules, asked));
    }
    let mut out = Quiet::new(io::BufWriter::new(io::stdout()));
    let width = fits.iter().map(|r| r.id.len()).max().unwrap_or(0);
    for rule in fits {
        writeln!(out, "{:<width$}  {}", rule.id, rule.title)?;
    }
    out.flush()?;
    Ok(Exit::Fine)
}

fn unknown(rules: &RuleSet, id: &str) -> Error {
    let hint = rules.nearest_id(id).map(|near| format!("did you mean {near}?"));
    Error::Usage {
        what: format!("no cause is called '{id}'"),
        hint: hint.or_else(|| Some("cdc-doctor rules list    names them all".into())),
    }
}
