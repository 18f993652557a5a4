//! What makes a log the same log: its first bytes, and the bytes right before the place read up to.
//!
//! Inodes are reused, names are rotated, contents are copied and packed; bytes that were read do not change. Only hashes are stored.

use std::fs::Metadata;

use serde::{Deserialize, Serialize};

/// Bytes at the beginning of a log that tell it from others.
pub const HEAD: usize = 1024;
/// Bytes before the place read up to, which must be the same when reading goes on.
pub const TAIL: usize = 256;

/// A file, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Inode {
    /// Device.
    pub dev: u64,
    /// Number on it.
    pub ino: u64,
}

impl Inode {
    /// Of a file.
    #[must_use]
    #[cfg(unix)]
    pub fn of(data: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { dev: data.dev(), ino: data.ino() }
    }
}

/// Some bytes, without the bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Print {
    /// How many.
    pub len: usize,
    /// Their hash.
    pub hash: String,
}

impl Print {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let hash = blake3::hash(bytes).to_hex();
        Self { len: bytes.len(), hash: hash.as_str().chars().take(32).collect() }
    }

    /// These bytes begin so.
    #[must_use]
    pub fn begins(&self, bytes: &[u8]) -> bool {
        bytes.get(..self.len).is_some_and(|b| Self::of(b) == *self)
    }
}
