//! A source as one stream of text bytes: unpacked, in UTF-8 where it was UTF-16, without a byte order mark.
//!
//! The first bytes decide, never the name. Packed streams are capped ([`Caps`]), and a truncated or damaged one delivers all
//! that came before the damage and then one error. Contents that are no log at all are refused with the way out. What is
//! plain text passes through untouched, invalid bytes included.

#[cfg(feature = "compress")]
mod cap;
#[cfg(feature = "compress")]
mod gzip;
mod utf16;
#[cfg(feature = "compress")]
mod zstd;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::fault;
use super::sniff::{self, Content, Encoding};
use super::{Compression, Origin, Problem, Source};

/// A reader that may go to another thread.
pub type Stream = Box<dyn Read + Send>;

/// How far a packed stream may unfold.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Most bytes that one packed stream may give.
    pub bytes: u64,
    /// Most bytes that it may give for each packed byte, once [`Caps::grace`] is used up.
    pub ratio: u64,
    /// So many bytes come without a look at the ratio.
    pub grace: u64,
}

impl Default for Caps {
    /// 64 GiB; 1000:1 after the first 16 MiB.
    fn default() -> Self {
        Self { bytes: 64 << 30, ratio: 1000, grace: 16 << 20 }
    }
}

/// Opens `source` as a stream of decoded bytes, with the default [`Caps`].
///
/// `stdin` is needed only for [`Origin::Stdin`]. The stream is unbuffered: read large pieces. A later read error is a broken
/// disk, a stream that ends early, a damaged one, or a cap; [`super::read_all`] turns it into a [`Problem`].
///
/// # Errors
/// A [`Problem`] that names the source, if it cannot be opened, is empty, or holds no text (binary, an archive, packed in a
/// way that is not read here).
pub fn open(source: &Source, stdin: Option<Stream>) -> Result<Stream, Problem> {
    open_capped(source, stdin, Caps::default())
}

/// What a source turned out to be.
pub enum Opened {
    /// A stream of text.
    Text(Stream),
    /// An archive, unpacked from what it was packed in as a whole.
    #[cfg(feature = "archives")]
    Archive(super::archive::Kind, Stream),
}

/// [`open`], which opens archives, too.
///
/// # Errors
/// As [`open`].
pub fn opened(source: &Source, stdin: Option<Stream>) -> Result<Opened, Problem> {
    let (stream, content) = sorted(raw(source, stdin)?, Caps::default());
    #[cfg(feature = "archives")]
    if let Content::Archive(name @ ("tar" | "zip")) = content {
        let kind = if name == "tar" { super::archive::Kind::Tar } else { super::archive::Kind::Zip };
        return Ok(Opened::Archive(kind, Box::new(stream)));
    }
    text(stream, content).map(Opened::Text).map_err(|refusal| problem(source, refusal))
}

/// The text of a packed or UTF-16 stream and its first bytes, or in a few words what it is instead.
#[cfg(feature = "archives")]
pub(super) fn text_of(raw: Stream) -> Result<(Vec<u8>, Stream), String> {
    match decoded(raw, Caps::default()) {
        Ok(stream) => {
            let peeked = Peeked::new(stream);
            Ok((peeked.head.clone(), Box::new(peeked)))
        }
        Err(Refusal::Content(content)) => Err(refused(content, "").0.trim_start_matches("is ").to_owned()),
        Err(Refusal::Io(error)) => Err(error.to_string()),
    }
}

/// [`open`] with other caps.
///
/// # Errors
/// As [`open`].
pub fn open_capped(source: &Source, stdin: Option<Stream>, caps: Caps) -> Result<Stream, Problem> {
    decoded(raw(source, stdin)?, caps).map_err(|refusal| problem(source, refusal))
}

/// The bytes as they lie there.
fn raw(source: &Source, stdin: Option<Stream>) -> Result<Stream, Problem> {
    Ok(match (&source.origin, stdin) {
        (Origin::File(path), _) => Box::new(File::open(path).map_err(|e| fault::unopened(path, &source.name, &e))?),
        (Origin::Stdin, Some(stdin)) => stdin,
        (Origin::Stdin, None) | (Origin::Member, _) => Box::new(io::empty()),
    })
}

fn problem(source: &Source, refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Content(Content::Empty) => fault::empty(source),
        Refusal::Content(content) => {
            let (what, help) = refused(content, &source.name);
            Problem { path: source.name.clone(), what, help, fatal: true }
        }
        Refusal::Io(error) => fault::stopped(source, 0, &error),
    }
}

/// Opens a file that need not be text, unpacked if it is packed, with these caps.
///
/// # Errors
/// It cannot be opened.
#[cfg(feature = "bundle")]
pub(super) fn bytes(path: &Path, caps: Caps) -> io::Result<Stream> {
    let (stream, content) = peeked(Box::new(File::open(path)?));
    Ok(match content {
        Content::Gzip | Content::Zstd => Box::new(unpacked(stream, content, caps).0),
        _ => Box::new(stream),
    })
}

/// The first bytes of the text in a regular file, and how it is packed; or what it is, if it is no text.
///
/// # Errors
/// The file cannot be opened or read. A packed stream that is damaged from the start is no error here: its text is empty.
pub(super) fn head(path: &Path) -> io::Result<(Compression, Result<Vec<u8>, Content>)> {
    let (raw, outer) = peeked(Box::new(File::open(path)?));
    let compression = outer.compression();
    match decoded(Box::new(raw), Caps::default()) {
        Ok(stream) => Ok((compression, Ok(Peeked::new(stream).head))),
        Err(Refusal::Content(content)) => Ok((compression, Err(content))),
        Err(Refusal::Io(error)) if fault::is_fault(&error) => Ok((compression, Ok(Vec::new()))),
        Err(Refusal::Io(error)) => Err(error),
    }
}

/// The text in a packed stream.
///
/// # Errors
/// What reading it answers, or that it holds no text.
pub(super) fn unpack(raw: Stream, caps: Caps) -> io::Result<Stream> {
    match decoded(raw, caps) {
        // an empty log was packed, as logrotate does
        Err(Refusal::Content(Content::Empty)) => Ok(Box::new(io::empty())),
        other => other.map_err(|refusal| match refusal {
            Refusal::Io(error) => error,
            Refusal::Content(content) => io::Error::other(refused(content, "").0),
        }),
    }
}

/// Why there is no stream of text.
enum Refusal {
    /// It holds something else.
    Content(Content),
    /// It could not be read at all.
    Io(io::Error),
}

/// Unpacks (once) and transcodes.
fn decoded(raw: Stream, caps: Caps) -> Result<Stream, Refusal> {
    let (stream, content) = sorted(raw, caps);
    text(stream, content)
}

/// Unpacks (once), and says what is in it.
fn sorted(raw: Stream, caps: Caps) -> (Peeked, Content) {
    let (stream, content) = peeked(raw);
    match content {
        Content::Gzip | Content::Zstd => unpacked(stream, content, caps),
        other => (stream, other),
    }
}

/// Transcodes.
fn text(stream: Peeked, content: Content) -> Result<Stream, Refusal> {
    match content {
        Content::Text(Encoding::Bytes { mark }) => Ok(Box::new(stream.without(mark))),
        Content::Text(Encoding::Utf16Le { mark }) => {
            Ok(Box::new(utf16::Utf16::new(stream.without(mark), encoding_rs::UTF_16LE)))
        }
        Content::Text(Encoding::Utf16Be { mark }) => {
            Ok(Box::new(utf16::Utf16::new(stream.without(mark), encoding_rs::UTF_16BE)))
        }
        Content::Empty => Err(stream.failure.map_or(Refusal::Content(Content::Empty), Refusal::Io)),
        other => Err(Refusal::Content(other)),
    }
}

/// The unpacked, capped stream.
#[cfg(feature = "compress")]
fn unpacked(stream: Peeked, content: Content, caps: Caps) -> (Peeked, Content) {
    let (packed, taken) = cap::Counted::new(io::BufReader::with_capacity(64 << 10, stream));
    let inner: Stream = match content {
        Content::Zstd => Box::new(zstd::Zstd::new(packed)),
        _ => Box::new(gzip::Gzip::new(packed)),
    };
    peeked(Box::new(cap::Capped::new(inner, taken, caps)))
}

/// Built without decoders: nothing packed can be read.
#[cfg(not(feature = "compress"))]
fn unpacked(stream: Peeked, content: Content, _: Caps) -> (Peeked, Content) {
    match content {
        Content::Zstd => (stream, Content::Packed("zstd", "zstdcat")),
        _ => (stream, Content::Packed("gzip", "zcat")),
    }
}

/// What to say of contents that are not read, and the way out.
pub(super) fn refused(content: Content, name: &str) -> (String, Option<String>) {
    match content {
        Content::Archive(format @ "tar") => (
            format!("is a {format} archive, not a log"),
            Some(format!("unpack it first: mkdir logs && tar -xf {name} -C logs && cdc-doctor logs")),
        ),
        Content::Archive(format @ "zip") => (
            format!("is a {format} archive, not a log"),
            Some(format!("unpack it first: unzip {name} -d logs && cdc-doctor logs")),
        ),
        Content::Archive(format) => (format!("is a {format} archive, not a log"), Some("unpack it first".into())),
        Content::Packed(format, tool) => (
            format!("is packed with {format}, which is not read here"),
            Some(format!("unpack it first: {tool} {name} | cdc-doctor")),
        ),
        Content::Gzip | Content::Zstd => ("is packed twice".into(), Some("unpack it once and give the result".into())),
        Content::Utf32(encoding) => {
            (format!("is {encoding} text"), Some(format!("iconv -f {encoding} -t UTF-8 {name} | cdc-doctor")))
        }
        Content::Empty => ("is empty".into(), None),
        Content::Text(_) | Content::Binary => ("looks binary (not text, gzip or zstd)".into(), None),
    }
}

/// Looks at the first bytes of a stream.
fn peeked(inner: Stream) -> (Peeked, Content) {
    let stream = Peeked::new(inner);
    let content = sniff::content(&stream.head);
    (stream, content)
}

/// A stream whose first bytes were read already. An error met on the way comes after them.
struct Peeked {
    head: Vec<u8>,
    at: usize,
    failure: Option<io::Error>,
    inner: Stream,
}

impl Peeked {
    /// Reads until [`sniff::HEAD`] bytes are there or the stream ends, so that what is seen does not depend on how the bytes
    /// arrive.
    fn new(mut inner: Stream) -> Self {
        let mut head = Vec::with_capacity(sniff::HEAD);
        let failure = inner.by_ref().take(sniff::HEAD as u64).read_to_end(&mut head).err();
        Self { head, at: 0, failure, inner }
    }

    /// Leaves out the first `mark` bytes.
    fn without(mut self, mark: usize) -> Self {
        self.at = mark;
        self
    }
}

impl Read for Peeked {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.head.get(self.at..).unwrap_or_default().read(buf)?;
        self.at += n;
        if n > 0 || buf.is_empty() {
            return Ok(n);
        }
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => self.inner.read(buf),
        }
    }
}
