//! Decompression bombs: counts what goes in and what comes out, and stops a stream that unfolds too far.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Caps, Stream};
use crate::input::fault::{self, Fault};

/// Counts the packed bytes that are used, not those that are only buffered.
pub(super) struct Counted<R> {
    inner: R,
    taken: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    /// The counting reader, and the count.
    pub(super) fn new(inner: R) -> (Self, Arc<AtomicU64>) {
        let taken = Arc::new(AtomicU64::new(0));
        (Self { inner, taken: Arc::clone(&taken) }, taken)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.taken.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Ends a stream that unfolds too far with an error that names the cap.
pub(super) struct Capped {
    inner: Stream,
    taken: Arc<AtomicU64>,
    given: u64,
    caps: Caps,
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.taken.fetch_add(n as u64, Ordering::Relaxed);
        self.inner.consume(n);
    }
}

impl Capped {
    /// Caps the unpacked `inner`, for which `taken` packed bytes were read.
    pub(super) fn new(inner: Stream, taken: Arc<AtomicU64>, caps: Caps) -> Self {
        Self { inner, taken, given: 0, caps }
    }
}

impl Read for Capped {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Caps { bytes, ratio, grace } = self.caps;
        if self.given >= bytes {
            let text = format!("it unpacks to more than the {} that are read of one packed file", fault::amount(bytes));
            return Err(Fault::Capped(text).into());
        }
        if self.given > grace && self.given / ratio.max(1) > self.taken.load(Ordering::Relaxed) {
            let text = format!("it unpacks to more than {ratio} times its size");
            return Err(Fault::Capped(text).into());
        }
        let room = usize::try_from(bytes - self.given).unwrap_or(usize::MAX).min(buf.len());
        let n = self.inner.read(buf.get_mut(..room).unwrap_or_default())?;
        self.given += n as u64;
        Ok(n)
    }
}
