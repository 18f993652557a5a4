//! Checks and packs the shipped rules, with the same code that reads a user's rules at run time.

#![allow(dead_code, unused_imports, reason = "the modules are shared with the program; the build uses a part of them")]

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

#[path = "src/diagnostic.rs"]
mod diagnostic;
#[path = "src/rule/mod.rs"]
mod rule;

use rule::RuleSet;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=src/rule");
    println!("cargo::rerun-if-changed=src/diagnostic.rs");
    match pack() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn pack() -> Result<(), String> {
    let loaded = RuleSet::load(Path::new("rules"), None).map_err(|e| format!("rules: {e}"))?;
    if rule::set::has_errors(&loaded.problems) {
        let mut text = String::new();
        for problem in loaded.problems {
            let look = diagnostic::Look { width: 100, ascii: false, color: false };
            text.push_str(&format!("{}\n", diagnostic::render(&problem, look)));
        }
        return Err(text);
    }
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    let bytes = loaded.set.pack().map_err(|e| e.to_string())?;
    fs::write(Path::new(&out).join("rules.bin"), bytes).map_err(|e| e.to_string())
}
