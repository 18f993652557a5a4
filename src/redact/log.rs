//! A whole log, record by record, in bounded memory.

use std::io::{self, Write};

use super::Redactor;

/// Bytes looked at before the first are written, when the log cannot be read twice: names are mostly told at its beginning.
pub const BLOCK: usize = 4 << 20;

/// Longest record taken as one, bytes: secrets that go over lines are cut within it.
const RECORD: usize = 256 << 10;

/// Takes the bytes of a log in any pieces and writes them without secrets and names.
#[derive(Debug)]
pub struct LogRedactor<'r> {
    redactor: &'r mut Redactor,
    rest: Vec<u8>,
    /// Only learn, write nothing.
    learn: bool,
}

/// What a paused [`LogRedactor`] has not written yet.
#[derive(Debug, Default)]
pub struct Rest(Vec<u8>);

impl<'r> LogRedactor<'r> {
    /// One that goes on where another was paused.
    pub fn resume(redactor: &'r mut Redactor, rest: Rest) -> Self {
        Self { redactor, rest: rest.0, learn: false }
    }

    /// Gives the redactor free, and says what is not written yet.
    #[must_use]
    pub fn pause(self) -> Rest {
        Rest(self.rest)
    }

    /// One that writes.
    pub fn new(redactor: &'r mut Redactor) -> Self {
        Self { redactor, rest: Vec::new(), learn: false }
    }

    /// One that only learns names, for a first pass over a log that can be read twice.
    pub fn learning(redactor: &'r mut Redactor) -> Self {
        Self { redactor, rest: Vec::new(), learn: true }
    }

    /// Takes the next bytes and writes the records that are complete.
    ///
    /// # Errors
    /// What `out` answers.
    pub fn push(&mut self, bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
        self.rest.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(end) = record_end(self.rest.get(at..).unwrap_or_default()) {
            self.one(at..at + end, out)?;
            at += end;
        }
        self.rest.drain(..at);
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// What `out` answers.
    pub fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.one(0..self.rest.len(), out)?;
        self.rest.clear();
        Ok(())
    }

    fn one(&mut self, range: std::ops::Range<usize>, out: &mut dyn Write) -> io::Result<()> {
        let record = String::from_utf8_lossy(self.rest.get(range).unwrap_or_default());
        if self.learn {
            let cut =
                crate::engine::secrets::cut_in_lines(&record, &mut std::collections::BTreeMap::new()).into_owned();
            self.redactor.learn(&cut);
            return Ok(());
        }
        let text = self.redactor.text(&record);
        out.write_all(text.as_bytes())
    }
}

/// The length of the first record, if it is complete: the line after it begins another, or it is too long.
fn record_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let end = at + memchr::memchr(b'\n', bytes.get(at..)?).map_or_else(|| bytes.len() - at, |i| i + 1);
        if end > RECORD {
            // at a line end if there is one, else within the line
            return Some(if at > 0 { at } else { end.min(RECORD) });
        }
        if end == bytes.len() && bytes.last() != Some(&b'\n') {
            return None;
        }
        let next = bytes.get(end..)?;
        if next.len() < 48 && !next.contains(&b'\n') {
            return None;
        }
        if begins_record(next) {
            return Some(end);
        }
        at = end;
    }
}

/// A clock within the first bytes of the line, `14:11:47`.
fn begins_record(line: &[u8]) -> bool {
    let line = line.get(..line.len().min(48)).unwrap_or_default();
    let line = line.split(|b| *b == b'\n').next().unwrap_or_default();
    if line.first().is_none_or(u8::is_ascii_whitespace) {
        return false;
    }
    line.windows(8).any(|clock| {
        clock
            .iter()
            .zip(b"00:00:00")
            .all(|(byte, form)| if *form == b':' { *byte == b':' } else { byte.is_ascii_digit() })
    })
}
