//! UTF-16 to UTF-8, as a reader. Broken pairs become U+FFFD; nothing is an error.

use std::io::{self, Read};

use encoding_rs::{Decoder, Encoding};

/// Bytes of UTF-16 taken at a time.
const STEP: usize = 64 << 10;

/// The text of `inner` in UTF-8.
pub(super) struct Utf16<R> {
    inner: R,
    decoder: Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    /// The part of `text` that was not given yet.
    at: usize,
    end: usize,
    done: bool,
}

impl<R: Read> Utf16<R> {
    /// Transcodes `inner`, which stands behind its byte order mark.
    pub(super) fn new(inner: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_without_bom_handling();
        let room = decoder.max_utf8_buffer_length(STEP).unwrap_or(4 * STEP);
        Self { inner, decoder, raw: vec![0; STEP], text: vec![0; room], at: 0, end: 0, done: false }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.text.get(self.at..self.end).unwrap_or_default().read(buf)?;
            self.at += n;
            if n > 0 || buf.is_empty() || self.done {
                return Ok(n);
            }
            let got = self.inner.read(&mut self.raw)?;
            self.done = got == 0;
            let raw = self.raw.get(..got).unwrap_or_default();
            // The room is for the longest text that STEP bytes can give: one call takes all of them.
            let (_, _, written, _) = self.decoder.decode_to_utf8(raw, &mut self.text, self.done);
            (self.at, self.end) = (0, written);
        }
    }
}
