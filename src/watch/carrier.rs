//! One file that carries a stream, or may.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Instant;

use super::clock;
use super::find::Seen;
use super::identity::{HEAD, Inode, TAIL};
use super::judge::CROWDED;
use super::stream::{Packed, Stream};
use crate::input::follow::{self, Kind};
use crate::pipeline::Pipeline;

/// Bytes read at once where failures are.
const SMALL: usize = 64 << 10;

/// Words of events and of the first line that a watcher writes.
const OWN: [&[u8]; 2] = [b"\"cdc-doctor/event/v1\"", b" causes), new paths from the "];

/// What is known of the contents of a file.
pub enum Form {
    /// Not looked at yet, or to be looked at again.
    Unknown,
    /// Text.
    Plain,
    /// Packed; a reader that has given so many unpacked bytes.
    Packed(Option<(Box<dyn Read + Send>, u64)>),
    /// Nothing that is followed.
    Ignored,
}

/// A file.
pub struct Carrier {
    /// Its path, as last seen.
    pub path: PathBuf,
    /// Which file.
    pub inode: Inode,
    /// Its size, as last seen.
    pub size: u64,
    /// When it was written, as last seen.
    pub changed: i128,
    /// Its contents.
    pub form: Form,
    /// The stream that it carries.
    pub stream: Option<u64>,
    /// It is open.
    pub file: Option<File>,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// Something changed since it was last read.
    pub dirty: bool,
    /// No path leads to it any more, since then.
    pub gone: Option<Instant>,
    /// Its size when it was first seen; bytes before that are not to be judged.
    pub begin: Option<u64>,
    /// When its size last changed.
    pub grown: Instant,
}

/// What reading came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All that is there was read.
    Drained,
    /// There is more.
    More,
    /// It does not carry this stream any more.
    Other,
}

impl Carrier {
    /// A file that was seen.
    #[must_use]
    pub fn new(seen: &Seen) -> Self {
        Self {
            path: seen.path.clone(),
            inode: seen.inode,
            size: seen.size,
            changed: seen.changed,
            form: Form::Unknown,
            stream: None,
            file: None,
            problem: None,
            dirty: true,
            gone: None,
            begin: None,
            grown: clock::ago(seen.changed),
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// As a packed file that was read.
    #[must_use]
    pub fn packed(&self) -> Packed {
        Packed { inode: self.inode, size: self.size, changed: self.changed }
    }

    /// Opens it, unless it is open. The path may lead to another file by now: then this one is gone.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(&mut self) -> io::Result<&File> {
        if self.file.is_none() {
            let file = File::open(&self.path)?;
            if Inode::of(&file.metadata()?) != self.inode {
                return Err(ErrorKind::NotFound.into());
            }
            self.file = Some(file);
        }
        self.file.as_ref().ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Its first bytes, unpacked; sets the form.
    ///
    /// # Errors
    /// If it cannot be read, or is a packed file that is not whole.
    pub fn head(&mut self) -> io::Result<Vec<u8>> {
        let head = read_at(self.open()?, 0, 8 << 10)?;
        if head.is_empty() {
            return Ok(head);
        }
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match follow::kind(&head) {
            Kind::Text { .. } if follow::no_events(&name, &head).is_some() => {
                self.form = Form::Ignored;
                Err(io::Error::other("holds no events"))
            }
            // what a watcher told would be found again, and told again, for ever
            Kind::Text { .. } if OWN.iter().any(|own| memchr::memmem::find(&head, own).is_some()) => {
                self.form = Form::Ignored;
                Err(io::Error::other("what cdc-doctor itself told"))
            }
            Kind::Text { .. } => {
                self.form = Form::Plain;
                Ok(head.into_iter().take(HEAD).collect())
            }
            Kind::Packed(_) => {
                let mut reader = follow::unpacked(File::open(&self.path)?)?;
                let mut head = Vec::new();
                reader.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
                self.form = Form::Packed(None);
                Ok(head)
            }
            Kind::Other(reason) => {
                self.form = Form::Ignored;
                Err(io::Error::other(reason))
            }
        }
    }

    /// Reads on in a stream that it is believed to carry, at most about `budget` bytes.
    ///
    /// # Errors
    /// What reading answers.
    pub fn read(
        &mut self,
        stream: &mut Stream,
        buffer: &mut [u8],
        budget: u64,
        pipeline: &Pipeline,
    ) -> io::Result<Outcome> {
        match self.form {
            Form::Plain => self.read_plain(stream, buffer, budget, pipeline),
            Form::Packed(_) => self.read_packed(stream, buffer, budget, pipeline),
            Form::Unknown | Form::Ignored => Ok(Outcome::Drained),
        }
    }

    fn read_plain(
        &mut self,
        stream: &mut Stream,
        buffer: &mut [u8],
        budget: u64,
        pipeline: &Pipeline,
    ) -> io::Result<Outcome> {
        let file = self.open()?;
        if stream.unproven.is_some() || stream.again_from() < stream.pos {
            if file.metadata()?.len() < stream.pos || !proves(stream, |from, len| read_at(file, from, len))? {
                return Ok(Outcome::Other);
            }
            let from = stream.again_from();
            let len = TAIL.min(usize::try_from(from).unwrap_or(TAIL));
            let tail = read_at(file, from - len as u64, len)?;
            let head = read_at(file, 0, stream.print.len)?;
            if !stream.print.begins(&head) {
                return Ok(Outcome::Other);
            }
            stream.head = head;
            stream.rewind(&tail);
        }
        // records may end alike; files do not begin alike
        if !stream.print.begins(&read_at(file, 0, stream.print.len)?) {
            return Ok(Outcome::Other);
        }
        let mut taken = 0;
        while taken < budget {
            let overlap = stream.tail.len();
            // what is full of failures is judged in small pieces
            let size = if stream.fails() { SMALL } else { buffer.len() };
            let buffer = buffer.get_mut(..size).unwrap_or_default();
            let n = read_some(file, stream.pos - overlap as u64, buffer)?;
            let bytes = buffer.get(..n).unwrap_or_default();
            let Some(new) = bytes.strip_prefix(stream.tail.as_slice()) else {
                // cut short, or the bytes before are others than those that were read
                return Ok(if n == 0 && file.metadata()?.len() == stream.pos {
                    Outcome::Drained
                } else {
                    Outcome::Other
                });
            };
            if new.is_empty() {
                return Ok(Outcome::Drained);
            }
            taken += new.len() as u64;
            stream.push(new, pipeline);
            if stream.events() > CROWDED {
                break;
            }
        }
        Ok(Outcome::More)
    }

    fn read_packed(
        &mut self,
        stream: &mut Stream,
        buffer: &mut [u8],
        budget: u64,
        pipeline: &Pipeline,
    ) -> io::Result<Outcome> {
        let from = stream.again_from();
        let (mut reader, mut at) = match std::mem::replace(&mut self.form, Form::Packed(None)) {
            Form::Packed(Some((reader, at))) if at == stream.pos && from == stream.pos && stream.unproven.is_none() => {
                (reader, at)
            }
            _ => {
                let mut reader = follow::unpacked(File::open(&self.path)?)?;
                // the bytes before the place where reading goes on, and those up to the place read up to
                let begin = from.saturating_sub(TAIL as u64);
                let skipped = io::copy(&mut reader.by_ref().take(begin), &mut io::sink())?;
                let mut seen = Vec::new();
                reader.by_ref().take(stream.pos - begin).read_to_end(&mut seen)?;
                if skipped + (seen.len() as u64) < stream.pos {
                    return Ok(Outcome::Drained);
                }
                let get = |at: u64, len: usize| {
                    let at = usize::try_from(at.saturating_sub(begin)).unwrap_or(usize::MAX);
                    Ok(seen.get(at..at.saturating_add(len)).unwrap_or_default().to_vec())
                };
                if !proves(stream, get)? {
                    return Ok(Outcome::Other);
                }
                let split = usize::try_from(from - begin).unwrap_or(seen.len()).min(seen.len());
                let (tail, again) = seen.split_at(split);
                stream.rewind(tail);
                stream.push(again, pipeline);
                (reader, stream.pos)
            }
        };
        let mut taken = 0;
        while taken < budget {
            let n = match reader.read(buffer) {
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            };
            if n == 0 {
                stream.packed.push(self.packed());
                return Ok(Outcome::Drained);
            }
            stream.push(buffer.get(..n).unwrap_or_default(), pipeline);
            taken += n as u64;
            at += n as u64;
            if stream.events() > CROWDED {
                break;
            }
        }
        self.form = Form::Packed(Some((reader, at)));
        Ok(Outcome::More)
    }
}

/// The bytes before the place read up to are those that were read.
fn proves(stream: &Stream, get: impl Fn(u64, usize) -> io::Result<Vec<u8>>) -> io::Result<bool> {
    let known = stream.unproven.clone();
    let len = known.as_ref().map_or(stream.tail.len(), |p| p.len);
    let bytes = get(stream.pos.saturating_sub(len as u64), len)?;
    Ok(match known {
        Some(print) => print.begins(&bytes),
        None => bytes == stream.tail,
    })
}

/// Up to `len` bytes from `at`.
///
/// # Errors
/// What reading answers.
pub fn read_at(file: &File, at: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    let mut filled = 0;
    while filled < len {
        let n = read_some(file, at + filled as u64, bytes.get_mut(filled..).unwrap_or_default())?;
        if n == 0 {
            break;
        }
        filled += n;
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn read_some(file: &File, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, at) {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
