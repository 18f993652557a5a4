//! Large pieces of bytes out of any reader, through one reusable buffer.
//!
//! One `read(2)` into one 512 KiB buffer is as fast as anything; with smaller pieces, what is to be settled at the end of each
//! piece costs a part of the scan. A piece ends wherever a read ended: in the middle of a line, of a character, of `\r\n`.
//! Carrying over the seam is the caller's part; nothing here knows lines.

use std::io::{self, ErrorKind, Read};

use super::{Problem, Source, decode, fault};

/// Size of the buffer for normal use, in bytes.
pub const CHUNK: usize = 512 << 10;

/// One reusable buffer for reading any number of streams, one after the other.
#[derive(Debug)]
pub struct Chunks {
    buffer: Vec<u8>,
}

impl Default for Chunks {
    fn default() -> Self {
        Self::new(CHUNK)
    }
}

impl Chunks {
    /// A buffer of `size` bytes (at least 1). Tests take small ones; [`CHUNK`] is right otherwise.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self { buffer: vec![0; size.max(1)] }
    }

    /// Reads `reader` to its end and hands every piece to `f`; no piece is empty. Returns the number of bytes.
    ///
    /// # Errors
    /// The first error of the reader except `Interrupted`; `f` has got every byte that came before it.
    pub fn for_each(&mut self, reader: &mut dyn Read, f: &mut dyn FnMut(&[u8])) -> io::Result<u64> {
        let mut total = 0;
        loop {
            match reader.read(&mut self.buffer) {
                Ok(0) => return Ok(total),
                Ok(n) => {
                    total += n as u64;
                    f(self.buffer.get(..n).unwrap_or(&self.buffer));
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Opens `source` and hands its decoded bytes to `f`: their number, and what was wrong with it, if anything.
    ///
    /// `stdin` is read only if the source is [`super::Origin::Stdin`].
    pub fn read_source(
        &mut self,
        source: &Source,
        stdin: Option<Box<dyn Read + Send>>,
        f: &mut dyn FnMut(&[u8]),
    ) -> (u64, Option<Problem>) {
        match decode::open(source, stdin) {
            Ok(reader) => self.read_stream(source, reader, f),
            Err(problem) => (0, Some(problem)),
        }
    }

    /// Hands the bytes of a source that is open to `f`: see [`Self::read_source`].
    pub fn read_stream(
        &mut self,
        source: &Source,
        mut reader: decode::Stream,
        f: &mut dyn FnMut(&[u8]),
    ) -> (u64, Option<Problem>) {
        let mut total = 0;
        let outcome = self.for_each(&mut reader, &mut |piece| {
            total += piece.len() as u64;
            f(piece);
        });
        (total, outcome.err().map(|e| fault::stopped(source, total, &e)))
    }
}

/// Reads `reader` to its end through a new buffer of `size` bytes: see [`Chunks::for_each`].
///
/// # Errors
/// The first error of the reader except `Interrupted`; `f` has got every byte that came before it.
pub fn for_each_chunk(reader: &mut dyn Read, size: usize, f: &mut dyn FnMut(&[u8])) -> io::Result<u64> {
    Chunks::new(size).for_each(reader, f)
}

/// Opens `source` and reads it to its end through a new buffer of `size` bytes: see [`Chunks::read_source`].
///
/// Returns the number of decoded bytes that `f` got, and what was wrong with the source, if anything.
pub fn read_all(
    source: &Source,
    stdin: Option<Box<dyn Read + Send>>,
    size: usize,
    f: &mut dyn FnMut(&[u8]),
) -> (u64, Option<Problem>) {
    Chunks::new(size).read_source(source, stdin, f)
}
