//! A small file as one text: definitions of jobs, configuration of servers.

use std::path::Path;

use super::{Chunks, Compression, Origin, Problem, Source, SourceId};

/// Reads a file of at most `most` bytes, unpacked; bytes that are no UTF-8 are replaced.
///
/// # Errors
/// A [`Problem`], if it cannot be read, is larger, or holds no text.
pub fn text(path: &Path, most: usize) -> Result<String, Problem> {
    let source = Source {
        id: SourceId(0),
        name: path.display().to_string(),
        origin: Origin::File(path.into()),
        explicit: true,
        series: None,
        compression: Compression::None,
    };
    let mut bytes: Vec<u8> = Vec::new();
    let mut larger = false;
    let (_, trouble) = Chunks::new(64 << 10).read_source(&source, None, &mut |piece| {
        larger |= bytes.len().saturating_add(piece.len()) > most;
        if !larger {
            bytes.extend_from_slice(piece);
        }
    });
    match trouble {
        Some(problem) => Err(problem),
        None if larger => {
            let what = format!("is larger than {} MiB, no configuration that is read", most >> 20);
            Err(Problem { path: source.name, what, help: None, fatal: true })
        }
        None => Ok(String::from_utf8_lossy(&bytes).into_owned()),
    }
}
