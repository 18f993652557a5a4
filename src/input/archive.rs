//! Archives of logs, tar (plain or packed) and zip, read member by member and in one go.
//!
//! Nothing is written to disk, so no name in an archive leads anywhere; names are for people, and made harmless. What is no log
//! is left aside as in a directory. Everything is bounded: members, bytes, and how far they unfold.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};

use super::decode::{self, Caps, Stream};
use super::discover::{Place, arrange};
use super::{Chunks, Compression, Origin, Problem, Skipped, Source, SourceId, fault, filter, sniff};

/// Most members that are looked at.
const MEMBERS: usize = 100_000;
/// Most members that are read.
const LOGS: usize = 4_000;
/// Largest packed member, or zip from a pipe, bytes: it is held in memory.
const HELD: u64 = 256 << 20;
/// Longest name kept, and longest that is read at all, bytes.
const NAME: (usize, u64) = (300, 64 << 10);
/// What is wrong with an archive that holds no log.
const NO_LOG: &str = "no log in this archive";

/// Which kind of archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// tar.
    Tar,
    /// zip.
    Zip,
}

/// Who takes the text of the members.
pub trait Taker {
    /// A member begins: its name, and when it was last changed (seconds since 1970, UTC). Returns a number for it.
    fn begin(&mut self, name: &str, changed: Option<i64>) -> usize;
    /// Its next bytes.
    fn push(&mut self, number: usize, bytes: &[u8]);
    /// It ends.
    fn end(&mut self, number: usize);
}

/// What an archive came to.
#[derive(Debug, Default)]
pub struct Contents {
    /// Its logs in their order, rotated ones oldest first: the number that [`Taker::begin`] gave, and the number of the series
    /// within this archive.
    pub logs: Vec<(usize, Option<u32>)>,
    /// What is no log.
    pub skipped: Vec<Skipped>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Reads the logs of an archive.
pub fn read(source: &Source, kind: Kind, stream: Stream, chunks: &mut Chunks, taker: &mut dyn Taker) -> Contents {
    let caps = Caps::default();
    let mut reading = Reading {
        source,
        chunks,
        taker,
        left: caps.bytes,
        given: 0,
        found: Vec::new(),
        heads: BTreeMap::new(),
        out: Contents::default(),
    };
    let outcome = match kind {
        Kind::Tar => reading.tar(stream),
        Kind::Zip => reading.zip(stream, caps),
    };
    let (given, found, heads, mut out) = (reading.given, reading.found, reading.heads, reading.out);
    if let Err(error) = outcome {
        out.problems.push(fault::stopped(source, given, &error));
    }
    let nothing = found.is_empty() && out.problems.is_empty();
    let (sources, copies) = arrange(found, &|source| heads.get(&source.id).cloned());
    out.logs = sources.into_iter().map(|s| (s.id.0 as usize, s.series)).collect();
    out.skipped.extend(copies);
    if nothing {
        let help = out.skipped.first().map(|s| format!("it holds {} ({})", s.path, s.reason));
        out.problems.push(Problem { path: source.name.clone(), what: NO_LOG.into(), help, fatal: true });
    }
    out
}

/// An archive that is being read.
struct Reading<'r> {
    source: &'r Source,
    chunks: &'r mut Chunks,
    taker: &'r mut dyn Taker,
    /// Bytes that may still come.
    left: u64,
    /// Bytes that came.
    given: u64,
    /// The logs so far; their ids are the numbers that the taker gave.
    found: Vec<(Source, Option<Place>)>,
    /// The beginnings of their texts.
    heads: BTreeMap<SourceId, Vec<u8>>,
    out: Contents,
}

impl Reading<'_> {
    fn tar(&mut self, stream: Stream) -> io::Result<()> {
        let mut archive = tar::Archive::new(stream);
        // long names are read here, bounded
        let mut long: Option<Vec<u8>> = None;
        for (n, entry) in archive.entries()?.raw(true).enumerate() {
            let mut entry = entry?;
            if n >= MEMBERS {
                return Err(too_many());
            }
            let kind = entry.header().entry_type();
            if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
                let mut bytes = Vec::new();
                entry.by_ref().take(NAME.1).read_to_end(&mut bytes)?;
                long = if kind.is_gnu_longname() { Some(bytes) } else { in_pax(&bytes).or(long) };
                continue;
            }
            let named = long.take();
            if !(kind.is_file() || kind.is_contiguous()) {
                continue;
            }
            let path = named.unwrap_or_else(|| entry.path_bytes().into_owned());
            let changed = entry.header().mtime().ok().and_then(|t| i64::try_from(t).ok());
            self.member(&path, changed, &mut entry)?;
        }
        Ok(())
    }

    fn zip(&mut self, stream: Stream, caps: Caps) -> io::Result<()> {
        if let Origin::File(path) = &self.source.origin
            && self.source.compression == Compression::None
        {
            let file = File::open(path)?;
            let size = file.metadata()?.len();
            return self.zipped(file, size, caps);
        }
        let mut held = Vec::new();
        let size = stream.take(HELD + 1).read_to_end(&mut held)? as u64;
        if size > HELD {
            let limit = fault::amount(HELD);
            return Err(fault::Fault::Capped(format!("a zip over {limit} is not read from a pipe")).into());
        }
        self.zipped(Cursor::new(held), size, caps)
    }

    fn zipped<R: Read + Seek>(&mut self, reader: R, size: u64, caps: Caps) -> io::Result<()> {
        let mut archive = zip::ZipArchive::new(reader).map_err(io::Error::from)?;
        // members may lie on top of each other, so what is packed counts once
        self.left = self.left.min(size.saturating_mul(caps.ratio).max(caps.grace));
        if archive.len() > MEMBERS {
            return Err(too_many());
        }
        for number in 0..archive.len() {
            let name = archive.name_for_index(number).unwrap_or("?").to_owned();
            let mut member = match archive.by_index(number) {
                Ok(member) => member,
                Err(error) => {
                    self.problem(&shown(&self.source.name, name.as_bytes()), &error.to_string());
                    continue;
                }
            };
            if !member.is_file() {
                continue;
            }
            let path = member.name_raw().to_vec();
            self.member(&path, None, &mut member)?;
        }
        Ok(())
    }

    /// One regular file.
    fn member(&mut self, path: &[u8], changed: Option<i64>, mut bytes: &mut dyn Read) -> io::Result<()> {
        let name = shown(&self.source.name, path);
        let file = name.rsplit('/').next().unwrap_or(&name);
        let mut reason = filter::by_name(file).map(str::to_owned);
        let doubtful = reason.is_some() && filter::may_hold_events(file);
        if reason.is_some() && !doubtful {
            self.skip(name, reason);
            return Ok(());
        }
        let mut head = Vec::with_capacity(sniff::HEAD);
        Read::by_ref(&mut bytes).take(sniff::HEAD as u64).read_to_end(&mut head)?;
        let content = sniff::content(&head);
        let compression = content.compression();
        let mut rest = Cursor::new(head.clone()).chain(bytes);
        let stream: Option<Stream> = match content {
            sniff::Content::Text(sniff::Encoding::Bytes { mark }) => {
                rest.by_ref().take(mark as u64).read_to_end(&mut Vec::new())?;
                head.drain(..mark.min(head.len()));
                None
            }
            sniff::Content::Gzip | sniff::Content::Zstd | sniff::Content::Text(_) => {
                let mut held = Vec::new();
                if rest.by_ref().take(HELD + 1).read_to_end(&mut held)? as u64 > HELD {
                    self.problem(&name, "too large to be unpacked inside an archive; unpack the archive first");
                    return Ok(());
                }
                match decode::text_of(Box::new(Cursor::new(held))) {
                    Ok((first, stream)) => {
                        head = first;
                        Some(stream)
                    }
                    Err(why) => {
                        self.skip(name, Some(why));
                        return Ok(());
                    }
                }
            }
            _ => {
                self.skip(name, filter::by_content(Err(content)));
                return Ok(());
            }
        };
        if !doubtful {
            reason = filter::by_content(Ok(&head));
        } else if filter::begins_with_events(&head) {
            reason = None;
        }
        if reason.is_some() {
            self.skip(name, reason);
            return Ok(());
        }
        if self.found.len() >= LOGS {
            return Err(too_many());
        }
        let number = self.taker.begin(&name, changed);
        let outcome = match stream {
            Some(mut stream) => self.pour(number, &mut stream),
            None => self.pour(number, &mut rest),
        };
        self.taker.end(number);
        let id = SourceId(u32::try_from(number).unwrap_or(u32::MAX));
        let place = Place::of_member(&name);
        let source = Source { id, name, origin: Origin::Member, explicit: false, series: None, compression };
        head.truncate(HEAD);
        self.heads.insert(id, head);
        match outcome {
            // a damaged member does not end the archive
            Err(error) if compression != Compression::None && fault::is_fault(&error) && self.left > 0 => {
                self.out.problems.push(fault::stopped(&source, 1, &error));
            }
            other => other?,
        }
        self.found.push((source, Some(place)));
        Ok(())
    }

    fn pour(&mut self, number: usize, reader: &mut dyn Read) -> io::Result<()> {
        let (taker, left, given) = (&mut *self.taker, &mut self.left, &mut self.given);
        let mut capped = reader.take(*left);
        self.chunks.for_each(&mut capped, &mut |bytes| {
            *left -= (bytes.len() as u64).min(*left);
            *given += bytes.len() as u64;
            taker.push(number, bytes);
        })?;
        if *left == 0 {
            return Err(fault::Fault::Capped("the archive unfolds too far".into()).into());
        }
        Ok(())
    }

    fn skip(&mut self, path: String, reason: Option<String>) {
        self.out.skipped.push(Skipped { path, reason: reason.unwrap_or_default() });
    }

    fn problem(&mut self, path: &str, what: &str) {
        let what = what.trim_end_matches('.').to_lowercase();
        self.out.problems.push(Problem { path: path.to_owned(), what, help: None, fatal: true });
    }
}

/// Bytes kept of the beginning of a member's text: its first time stamp.
const HEAD: usize = 512;

fn too_many() -> io::Error {
    fault::Fault::Capped("the archive holds too many files".into()).into()
}

/// The path in a pax header.
fn in_pax(bytes: &[u8]) -> Option<Vec<u8>> {
    let found = tar::PaxExtensions::new(bytes).flatten().find(|e| e.key_bytes() == b"path");
    found.map(|e| e.value_bytes().to_vec())
}

/// The name of a member for people: behind that of the archive, without what leads out of it, in one line of bounded length.
fn shown(archive: &str, path: &[u8]) -> String {
    let text = String::from_utf8_lossy(path);
    let text = text.trim_end_matches('\0').replace('\\', "/");
    let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let whole: String = parts.join("/").chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let from = whole.ceil_char_boundary(whole.len().saturating_sub(NAME.0));
    format!("{archive}/{}", whole.get(from..).unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn names_lead_nowhere() {
        assert_eq!(shown("a.tar", b"./log/tm.log"), "a.tar/log/tm.log");
        assert_eq!(shown("a.tar", b"../../etc/passwd"), "a.tar/etc/passwd");
        assert_eq!(shown("a.tar", b"/abs\x1b[2J\n.log"), "a.tar/abs\u{fffd}[2J\u{fffd}.log");
        assert_eq!(shown("a.zip", b"C:\\log\\..\\x.log"), "a.zip/C:/log/x.log");
        assert!(shown("a.tar", "é".repeat(10_000).as_bytes()).len() < 320);
    }
}
