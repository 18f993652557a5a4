//! Lines with wraps around them.

use std::borrow::Cow;

use super::{Format, LONGEST, Sink, Unwrapper, document, event, json, peel, table};
use crate::record::Location;

/// Wraps in wraps that are taken off.
const NESTED: usize = 4;
/// After so many lines without a wrap the text is plain.
const BARE: u32 = 256;
/// Longest line joined of pieces, bytes.
const JOINED: usize = 1 << 20;
/// Longest entry of csvlog, in lines and bytes.
const ENTRY: (u32, usize) = (256, 64 << 10);

impl Unwrapper {
    /// Takes bytes line by line; returns those behind the place where the text is plain again.
    pub(super) fn lines<'b>(&mut self, bytes: &'b [u8], sink: &mut dyn Sink) -> &'b [u8] {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, behind) = rest.split_at(end + 1);
            rest = behind;
            if self.held.is_empty() {
                self.line(line);
            } else {
                let mut held = std::mem::take(&mut self.held);
                held.extend_from_slice(line);
                self.line(&held);
                held.clear();
                self.held = held;
            }
            if (self.bare >= BARE || self.begins_plain()) && self.only.is_none() && self.entry.is_none() {
                self.settle();
                self.enter(sink);
                return rest;
            }
        }
        self.held.extend_from_slice(rest);
        if self.held.len() > LONGEST {
            // no line of any format; its rest will be one of its own
            let held = std::mem::take(&mut self.held);
            self.bare_line(&held, self.at, held.len());
            self.at.byte += held.len() as u64;
        }
        &[]
    }

    /// The end of the source.
    pub(super) fn end_lines(&mut self) {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            self.line(&held);
        }
        self.settle();
    }

    /// What waited for more gets none.
    fn settle(&mut self) {
        if let Some((stream, at, _, text)) = self.entry.take() {
            self.emit(stream, text.as_bytes(), at, 0);
        }
        for stream in 0..self.streams.len() {
            if let Some((at, text)) = self.streams.get_mut(stream).and_then(|s| s.part.take()) {
                self.emit(stream, text.as_bytes(), at, 0);
            }
        }
    }

    /// Would a line begin the reading by lines?
    pub(super) fn is_wrapped(&self, line: &str) -> bool {
        let line = line.trim_end_matches(['\n', '\r']);
        let mut seen = self.seen;
        let peeled = peel::peel(line, &mut seen).is_some();
        peeled
            || (line.starts_with('{') && line.ends_with('}') && of_json(line).is_some())
            || (table::begins(line) && !matches!(table::entry(line), table::Entry::Other))
    }

    /// One line with its line end, at `self.at`.
    fn line(&mut self, raw: &[u8]) {
        let at = self.at;
        self.at = Location { line: at.line + 1, byte: at.byte + raw.len() as u64 };
        let decoded = String::from_utf8_lossy(raw);
        let text = decoded.trim_end_matches('\n');
        let text = text.strip_suffix('\r').unwrap_or(text);
        if self.goes_on(text, raw.len()) {
            return;
        }
        let mut key = String::new();
        let mut text: Cow<'_, str> = Cow::Borrowed(text);
        let mut first = at;
        let mut wrapped = false;
        for _ in 0..NESTED {
            let Some(found) = peel::peel(&text, &mut self.seen).filter(|p| self.wanted(p.format)) else { break };
            *self.formats.entry(found.format).or_insert(0) += 1;
            wrapped = true;
            if let Some(who) = found.key {
                if !key.is_empty() {
                    key.push('/');
                }
                key.push_str(&who);
            }
            let (part, inner) = (found.part, found.text.into_owned());
            let waiting = self.streams.iter_mut().find(|s| s.key == key).and_then(|s| s.part.take());
            let joined = match waiting {
                Some((at, before)) => {
                    first = at;
                    before + &inner
                }
                None => inner,
            };
            if part && joined.len() < JOINED {
                let stream = self.stream(&key);
                if let Some(stream) = self.streams.get_mut(stream) {
                    stream.part = Some((first, joined));
                    stream.extra.0 += i64::try_from(raw.len()).unwrap_or(0);
                    stream.extra.1 += 1;
                }
                self.bare = 0;
                return;
            }
            text = Cow::Owned(joined);
        }
        let json = text.starts_with('{') && text.ends_with('}');
        if let Some((format, who, texts)) = json.then(|| of_json(&text)).flatten().filter(|(f, ..)| self.wanted(*f)) {
            // what stands around it knows better
            let key = if key.is_empty() { who.unwrap_or_default() } else { key };
            let stream = self.stream(&key);
            *self.formats.entry(format).or_insert(0) += 1;
            self.bare = 0;
            for (n, text) in texts.iter().enumerate() {
                self.emit(stream, text.as_bytes(), first, if n == 0 { raw.len() } else { 0 });
            }
            return;
        }
        if self.wanted(Format::PostgresCsv) && table::begins(&text) {
            match table::entry(&text) {
                table::Entry::Whole(entry) => {
                    let stream = self.stream(&key);
                    return self.server_entry(stream, &entry, first, raw.len());
                }
                table::Entry::Open if key.is_empty() => {
                    let stream = self.stream(&key);
                    self.entry = Some((stream, first, 1, text.into_owned()));
                    if let Some(stream) = self.streams.get_mut(stream) {
                        stream.extra.0 += i64::try_from(raw.len()).unwrap_or(0);
                        stream.extra.1 += 1;
                    }
                    return;
                }
                _ => {}
            }
        }
        if wrapped {
            self.bare = 0;
            let stream = self.stream(&key);
            self.emit(stream, text.as_bytes(), first, raw.len());
        } else {
            self.bare_line(raw.strip_suffix(b"\n").unwrap_or(raw), at, raw.len());
        }
    }

    /// A line that goes on with an open entry of csvlog.
    fn goes_on(&mut self, line: &str, raw: usize) -> bool {
        let Some((stream, at, lines, mut text)) = self.entry.take() else { return false };
        text.push('\n');
        text.push_str(line);
        match table::entry(&text) {
            table::Entry::Whole(entry) => self.server_entry(stream, &entry, at, raw),
            table::Entry::Open if lines < ENTRY.0 && text.len() < ENTRY.1 => {
                if let Some(stream) = self.streams.get_mut(stream) {
                    stream.extra.0 += i64::try_from(raw).unwrap_or(0);
                    stream.extra.1 += 1;
                }
                self.entry = Some((stream, at, lines + 1, text));
            }
            _ => self.emit(stream, text.as_bytes(), at, raw),
        }
        true
    }

    fn server_entry(&mut self, stream: usize, entry: &str, at: Location, raw: usize) {
        *self.formats.entry(Format::PostgresCsv).or_insert(0) += 1;
        self.bare = 0;
        self.emit(stream, entry.as_bytes(), at, raw);
    }

    /// A line without any wrap.
    fn bare_line(&mut self, line: &[u8], at: Location, raw: usize) {
        self.bare += 1;
        // written by whoever writes without a name, or who is the only one
        let stream = if self.streams.len() == 1 { 0 } else { self.stream("") };
        self.emit(stream, line, at, raw);
    }

    fn wanted(&self, format: Format) -> bool {
        self.only.is_none_or(|only| only == format || only.is_wrap() != format.is_wrap())
    }
}

/// The texts that one JSON object stands for, and who wrote them.
fn of_json(text: &str) -> Option<(Format, Option<String>, Vec<String>)> {
    let node = json::object(text)?;
    if let Some((format, text)) = event::text(&node) {
        let who = if format == Format::PostgresJson { None } else { event::writer(&node) };
        return Some((format, who, vec![text]));
    }
    let records = document::exceptions(&node)?;
    Some((Format::FlinkRest, None, records.into_iter().map(|r| r.text).collect()))
}
