//! Gzip, member after member, as a reader.
//!
//! Written over the bare inflater because flate2's own readers throw away what a read has produced when damage shows in the
//! same read: with a large buffer that can be the whole log. Here every byte before the damage is delivered, then the error.

use std::io::{self, BufRead, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::input::fault::Fault;

const NAME: &str = "gzip";

enum State {
    /// Before a member, or at the end.
    Between,
    /// Inside the packed bytes of a member.
    Body,
    /// All was given; this error is left to tell.
    Failed(io::Error),
    /// Nothing more comes.
    Done,
}

/// The unpacked text of `inner`.
pub(super) struct Gzip<R> {
    inner: R,
    inflate: Decompress,
    crc: Crc,
    first: bool,
    state: State,
}

impl<R: BufRead> Gzip<R> {
    /// Unpacks `inner`, which stands before the first member.
    pub(super) fn new(inner: R) -> Self {
        Self { inner, inflate: Decompress::new(false), crc: Crc::new(), first: true, state: State::Between }
    }

    /// Reads a member's header, or sees that there is none. Padding with NULs behind the last member is no member.
    fn header(&mut self) -> io::Result<State> {
        if !self.first && self.padded()? {
            return Ok(State::Done);
        }
        for magic in [0x1f, 0x8b, 8] {
            if self.bytes()? != [magic] {
                let what = if self.first { "no gzip header" } else { "something else follows the last member" };
                return Err(Fault::Damaged(NAME, what.into()).into());
            }
        }
        let [flags, _time @ .., _level, _system] = self.bytes::<7>()?;
        if flags & 4 != 0 {
            let length = u64::from(u16::from_le_bytes(self.bytes()?));
            if io::copy(&mut self.inner.by_ref().take(length), &mut io::sink())? < length {
                return Err(Fault::Truncated(NAME).into());
            }
        }
        for text in [8, 16] {
            if flags & text != 0 {
                while self.bytes()? != [0] {}
            }
        }
        if flags & 2 != 0 {
            self.bytes::<2>()?;
        }
        self.first = false;
        self.inflate.reset(false);
        self.crc.reset();
        Ok(State::Body)
    }

    /// Skips NULs; true if nothing else follows.
    fn padded(&mut self) -> io::Result<bool> {
        loop {
            let ahead = match self.inner.fill_buf() {
                Ok(ahead) => ahead,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            if ahead.is_empty() {
                return Ok(true);
            }
            let zeros = ahead.iter().take_while(|b| **b == 0).count();
            let more = zeros < ahead.len();
            self.inner.consume(zeros);
            if more {
                return Ok(false);
            }
        }
    }

    /// Compares the check sum and the length behind a member's data.
    fn trailer(&mut self) -> io::Result<State> {
        let sum = u32::from_le_bytes(self.bytes()?);
        let size = u32::from_le_bytes(self.bytes()?);
        if sum != self.crc.sum() || size != self.crc.amount() {
            return Err(Fault::Damaged(NAME, "the check sum does not fit".into()).into());
        }
        Ok(State::Between)
    }

    /// Exactly `N` bytes.
    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        match self.inner.read_exact(&mut bytes) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(Fault::Truncated(NAME).into()),
            other => other.map(|()| bytes),
        }
    }

    /// Inflates into `buf`: how many bytes came, and the next state if it changes.
    fn inflate(&mut self, buf: &mut [u8]) -> io::Result<(usize, Option<State>)> {
        let ahead = self.inner.fill_buf()?;
        let end = ahead.is_empty();
        let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
        let outcome = self.inflate.decompress(ahead, buf, FlushDecompress::None);
        let taken = usize::try_from(self.inflate.total_in() - before_in).unwrap_or(usize::MAX);
        let given = usize::try_from(self.inflate.total_out() - before_out).unwrap_or(usize::MAX);
        self.inner.consume(taken);
        self.crc.update(buf.get(..given).unwrap_or_default());
        let next = match outcome {
            Ok(Status::StreamEnd) => Some(self.trailer().unwrap_or_else(State::Failed)),
            Ok(_) if end && given == 0 => Some(State::Failed(Fault::Truncated(NAME).into())),
            Ok(_) => None,
            Err(_) => Some(State::Failed(Fault::Damaged(NAME, "bad packed data".into()).into())),
        };
        Ok((given, next))
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(0),
                State::Failed(error) => return Err(error),
                State::Between => self.state = self.header()?,
                State::Body => {
                    self.state = State::Body;
                    let (given, next) = self.inflate(buf)?;
                    if let Some(next) = next {
                        self.state = next;
                    }
                    if given > 0 {
                        return Ok(given);
                    }
                }
            }
        }
    }
}
