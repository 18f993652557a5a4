//! What the terminal can show, and a writer that ends quietly when nobody reads.
//!
//! Width, colour and glyphs are decided once, from the environment and the options; nothing else in the program reads them.
//! The decisions are functions of an [`Environment`], so that they can be tested without one.

use std::io::{self, IsTerminal, Write};

use crate::diagnostic::Look;

/// Narrowest page.
pub const MIN_WIDTH: usize = 60;
/// Widest page, and the width when standard output is no terminal.
pub const MAX_WIDTH: usize = 100;

/// How a diagnostic of a file is drawn on standard error.
#[must_use]
pub fn look() -> Look {
    let environment = Environment::read();
    let terminal = io::stderr().is_terminal();
    Look {
        width: MAX_WIDTH,
        ascii: environment.ascii(false, terminal),
        color: environment.color(Color::Auto, terminal),
    }
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// On a terminal that can, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Reads `auto`, `always` or `never`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Self::Auto),
            "always" => Some(Self::Always),
            "never" => Some(Self::Never),
            _ => None,
        }
    }
}

/// The variables that decide; empty ones count as not set, except where their presence is the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `NO_COLOR`.
    pub no_color: Option<String>,
    /// `CLICOLOR`.
    pub clicolor: Option<String>,
    /// `CLICOLOR_FORCE`.
    pub clicolor_force: Option<String>,
    /// `TERM`.
    pub term: Option<String>,
    /// The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set and not empty.
    pub locale: Option<String>,
}

impl Environment {
    /// Reads the process's environment.
    #[must_use]
    pub fn read() -> Self {
        let get = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        let filled = |name: &str| get(name).filter(|value| !value.is_empty());
        Self {
            no_color: filled("NO_COLOR"),
            clicolor: filled("CLICOLOR"),
            clicolor_force: filled("CLICOLOR_FORCE"),
            term: get("TERM"),
            locale: filled("LC_ALL").or_else(|| filled("LC_CTYPE")).or_else(|| filled("LANG")),
        }
    }

    /// Whether to colour what goes to a stream that is (or is not) a terminal. An option beats the environment, `NO_COLOR`
    /// beats `CLICOLOR_FORCE`, and that beats the terminal.
    #[must_use]
    pub fn color(&self, when: Color, terminal: bool) -> bool {
        match when {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if self.no_color.is_some() => false,
            Color::Auto if self.clicolor_force.as_deref().is_some_and(|value| value != "0") => true,
            Color::Auto => terminal && self.clicolor.as_deref() != Some("0") && self.term.as_deref() != Some("dumb"),
        }
    }

    /// Whether to do without glyphs: the option, a dumb terminal, or a locale that is not UTF-8. Without any locale UTF-8 is
    /// taken for granted where there is no terminal to be spoilt (a pipe, a container) and on Windows.
    #[must_use]
    pub fn ascii(&self, option: bool, terminal: bool) -> bool {
        if option || self.term.as_deref() == Some("dumb") {
            return true;
        }
        match &self.locale {
            Some(locale) => {
                let name = locale.to_ascii_lowercase();
                !(name.contains("utf-8") || name.contains("utf8"))
            }
            None => terminal && !cfg!(windows),
        }
    }
}

/// Columns of the terminal that standard output is, within the limits; [`MAX_WIDTH`] if it is none.
#[must_use]
pub fn width(terminal: bool) -> usize {
    let size = if terminal { terminal_size::terminal_size() } else { None };
    clamp(size.map_or(MAX_WIDTH, |(width, _)| usize::from(width.0)))
}

/// A width within the limits.
#[must_use]
pub fn clamp(width: usize) -> usize {
    width.clamp(MIN_WIDTH, MAX_WIDTH)
}

/// A writer that takes a reader's going away for the end: after a broken pipe it swallows everything and reports success.
#[derive(Debug)]
pub struct Quiet<W> {
    inner: W,
    closed: bool,
}

impl<W: Write> Quiet<W> {
    /// Wraps a writer.
    pub fn new(inner: W) -> Self {
        Self { inner, closed: false }
    }

    /// True if nobody reads any more: work for this stream can stop.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    fn check<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(instead)
            }
            other => other,
        }
    }
}

impl<W: Write> Write for Quiet<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(buffer.len());
        }
        let result = self.inner.write(buffer);
        self.check(result, buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let result = self.inner.flush();
        self.check(result, ())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::{Color, Environment, Quiet, clamp, width};

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        let get = |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned());
        Environment {
            no_color: get("NO_COLOR"),
            clicolor: get("CLICOLOR"),
            clicolor_force: get("CLICOLOR_FORCE"),
            term: get("TERM"),
            locale: get("LANG"),
        }
    }

    #[test]
    fn the_option_beats_the_environment_and_that_the_terminal() {
        let auto = |pairs: &[(&str, &str)], terminal| environment(pairs).color(Color::Auto, terminal);
        assert!(auto(&[("TERM", "xterm")], true));
        assert!(!auto(&[("TERM", "xterm")], false));
        assert!(!auto(&[("TERM", "dumb")], true));
        assert!(!auto(&[("CLICOLOR", "0")], true));
        assert!(auto(&[("CLICOLOR_FORCE", "1")], false));
        assert!(!auto(&[("CLICOLOR_FORCE", "0")], false));
        assert!(!auto(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], true));
        assert!(environment(&[("NO_COLOR", "1")]).color(Color::Always, false));
        assert!(!environment(&[("CLICOLOR_FORCE", "1")]).color(Color::Never, true));
        assert_eq!(Color::from_word("colour"), None);
    }

    #[test]
    fn glyphs_need_utf8() {
        let ascii = |pairs: &[(&str, &str)]| environment(pairs).ascii(false, true);
        assert!(!ascii(&[("LANG", "en_US.UTF-8")]));
        assert!(!ascii(&[("LANG", "C.utf8")]));
        assert!(ascii(&[("LANG", "C")]));
        assert!(ascii(&[("LANG", "ru_RU.KOI8-R")]));
        assert!(ascii(&[("LANG", "en_US.UTF-8"), ("TERM", "dumb")]));
        assert!(environment(&[("LANG", "en_US.UTF-8")]).ascii(true, false));
    }

    #[test]
    fn widths_stay_in_their_limits() {
        assert_eq!([clamp(10), clamp(80), clamp(400)], [60, 80, 100]);
        assert_eq!(width(false), 100);
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_broken_pipe_is_a_quiet_end() {
        let mut out = Quiet::new(Closed);
        assert!(writeln!(out, "text").is_ok());
        assert!(out.is_closed());
        assert!(out.flush().is_ok());
    }
}
