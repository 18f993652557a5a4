//! Packed archives: tar in zstd, in memory, written so that the same entries give the same bytes.
//!
//! Reading is bounded in every direction and extracts nothing: entries are names and bytes, and the names are only compared.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::decode::{self, Caps};

/// Most bytes of an archive, unpacked.
pub const MOST: u64 = 256 << 20;
/// Most entries.
const ENTRIES: usize = 10_000;

/// Packs entries in the order of their names. There are no times, owners or machines in the result.
///
/// # Errors
/// A name of more than 100 bytes.
pub fn pack(entries: &BTreeMap<String, Vec<u8>>) -> io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    tar.mode(tar::HeaderMode::Deterministic);
    for (name, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_path(name)?;
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        tar.append(&header, bytes.as_slice())?;
    }
    let bytes = tar.into_inner()?;
    Ok(compress_to_vec(bytes.as_slice(), CompressionLevel::Fastest))
}

/// Reads an archive. Entries that are no regular files, and names that are not plain relative paths, are refused.
///
/// # Errors
/// In words: it cannot be opened, is no archive, is damaged, is larger than [`MOST`], or holds what it must not.
pub fn unpack(path: &Path) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let caps = Caps { bytes: MOST, ..Caps::default() };
    let stream = decode::bytes(path, caps).map_err(|e| e.to_string())?;
    let mut archive = tar::Archive::new(stream.take(MOST));
    let damaged = |e: io::Error| format!("is no such archive, or a damaged one: {e}");
    let mut entries = BTreeMap::new();
    for entry in archive.entries().map_err(damaged)? {
        let entry = entry.map_err(damaged)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if entry.header().entry_type() != tar::EntryType::Regular || !is_plain(&name) {
            return Err("holds an entry that is no plain file".to_owned());
        }
        if entries.len() >= ENTRIES {
            return Err(format!("holds more than {ENTRIES} files"));
        }
        let mut bytes = Vec::new();
        let size = entry.size();
        entry.take(MOST).read_to_end(&mut bytes).map_err(damaged)?;
        if bytes.len() as u64 != size || entries.insert(name, bytes).is_some() {
            return Err("is cut off, or holds one name twice".to_owned());
        }
    }
    Ok(entries)
}

/// Names of this form lead nowhere else, whoever unpacks them.
fn is_plain(name: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    name.split('/').all(word)
}
