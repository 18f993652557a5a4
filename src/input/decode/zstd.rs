//! Zstd, frame after frame, as a reader.
//!
//! Skippable frames are skipped and check sums compared, which ruzstd leaves to its caller. A frame that breaks off still
//! gives all that was unpacked of it: ruzstd holds back a window's worth (megabytes) until a frame has ended, so a broken
//! frame is ended with an empty last block of our own, and only then comes the error.

use std::error::Error;
use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::input::fault::Fault;

const NAME: &str = "zstd";

/// Largest window accepted, which bounds the memory: `zstd --long=27`, what `zstd -d` accepts unasked.
const WINDOW: u64 = 128 << 20;

/// An empty raw block, marked as the last one, and room for a check sum.
const END: &[u8] = &[1, 0, 0, 0, 0, 0, 0];

enum State {
    /// Before a frame, or at the end.
    Between,
    /// Inside a frame.
    Frame,
    /// The frame is over; what is left of it is to be given, then this error.
    Broken(io::Error),
    /// Nothing more comes.
    Done,
}

/// The unpacked text of `inner`.
pub(super) struct Zstd<R> {
    inner: R,
    frame: FrameDecoder,
    first: bool,
    state: State,
}

impl<R: BufRead> Zstd<R> {
    /// Unpacks `inner`, which stands before the first frame.
    pub(super) fn new(inner: R) -> Self {
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(WINDOW);
        Self { inner, frame, first: true, state: State::Between }
    }

    /// Reads a frame's header, skips what may be skipped, or sees that there is nothing more.
    fn header(&mut self) -> io::Result<State> {
        if self.ended()? {
            return Ok(State::Done);
        }
        match self.frame.reset(&mut self.inner) {
            Ok(()) => {
                self.first = false;
                Ok(State::Frame)
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let length = u64::from(length);
                if io::copy(&mut self.inner.by_ref().take(length), &mut io::sink())? < length {
                    return Err(Fault::Truncated(NAME).into());
                }
                Ok(State::Between)
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::BadMagicNumber(_))) if !self.first => {
                Err(Fault::Damaged(NAME, "something else follows the last frame".into()).into())
            }
            Err(error) => Err(fault(&error)),
        }
    }

    /// True if no packed byte is left.
    fn ended(&mut self) -> io::Result<bool> {
        loop {
            match self.inner.fill_buf() {
                Ok(ahead) => return Ok(ahead.is_empty()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Unpacks one more block; the next state if it changes.
    fn block(&mut self) -> Option<State> {
        if self.frame.is_finished() {
            let told = self.frame.get_checksum_from_data();
            let good = told.is_none() || told == self.frame.get_calculated_checksum();
            let bad = || Fault::Damaged(NAME, "the check sum does not fit".into()).into();
            return Some(if good { State::Between } else { State::Broken(bad()) });
        }
        let error = self.frame.decode_blocks(&mut self.inner, BlockDecodingStrategy::UptoBlocks(1)).err()?;
        let state = State::Broken(fault(&error));
        // Best effort: if even this fails, the part of the window that was held back stays lost.
        let _ = self.frame.decode_blocks(END, BlockDecodingStrategy::UptoBlocks(1));
        Some(state)
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            if self.frame.can_collect() > 0 {
                return self.frame.read(buf);
            }
            match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(0),
                State::Broken(error) => return Err(error),
                State::Between => self.state = self.header()?,
                State::Frame => self.state = self.block().unwrap_or(State::Frame),
            }
        }
    }
}

/// Tells a stream that ends from one that is damaged and from a disk that fails.
fn fault(error: &FrameDecoderError) -> io::Error {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(link) = cause {
        if let Some(io) = link.downcast_ref::<io::Error>() {
            return match io.kind() {
                io::ErrorKind::UnexpectedEof => Fault::Truncated(NAME).into(),
                kind => io::Error::new(kind, io.to_string()),
            };
        }
        cause = link.source();
    }
    let what = match error {
        FrameDecoderError::WindowSizeTooBig { .. } => "its window is over 128 MiB",
        FrameDecoderError::DictNotProvided { .. } => "it needs a dictionary",
        _ => "bad packed data",
    };
    Fault::Damaged(NAME, what.into()).into()
}
