//! What the first bytes of a stream say it is.
//!
//! Pure functions on a slice: packed or not, text or binary, and in which encoding. The name of the file plays no part.

use super::Compression;

/// How many bytes are looked at.
pub(super) const HEAD: usize = 8 << 10;

/// How text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8, or any other superset of ASCII, after so many bytes of byte order mark.
    Bytes { mark: usize },
    /// UTF-16, little endian, after so many bytes of byte order mark.
    Utf16Le { mark: usize },
    /// UTF-16, big endian, after so many bytes of byte order mark.
    Utf16Be { mark: usize },
}

/// What a stream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing.
    Empty,
    /// Text.
    Text(Encoding),
    /// A gzip member.
    Gzip,
    /// A zstd frame, possibly a skippable one.
    Zstd,
    /// Several files in one: `tar` or `zip` (a jar is one).
    Archive(&'static str),
    /// Packed in a way that is not read here: the format's name and the command that unpacks it to stdout.
    Packed(&'static str, &'static str),
    /// UTF-32, by its name for iconv.
    Utf32(&'static str),
    /// None of these.
    Binary,
}

impl Content {
    /// How it is packed.
    pub(super) fn compression(self) -> Compression {
        match self {
            Self::Gzip => Compression::Gzip,
            Self::Zstd => Compression::Zstd,
            _ => Compression::None,
        }
    }
}

/// The formats known by their first bytes.
const MAGIC: [(&[u8], Content); 15] = [
    (b"\x1f\x8b\x08", Content::Gzip),
    (b"\x28\xb5\x2f\xfd", Content::Zstd),
    (b"PK\x03\x04", Content::Archive("zip")),
    (b"PK\x05\x06", Content::Archive("zip")),
    (b"\xfd7zXZ\0", Content::Packed("xz", "xzcat")),
    (b"\x04\x22\x4d\x18", Content::Packed("lz4", "lz4cat")),
    (b"7z\xbc\xaf\x27\x1c", Content::Archive("7z")),
    (b"\x7fELF", Content::Binary),
    (b"\xca\xfe\xba\xbe", Content::Binary),
    (b"\xff\xfe\0\0", Content::Utf32("UTF-32LE")),
    (b"\0\0\xfe\xff", Content::Utf32("UTF-32BE")),
    (b"\xef\xbb\xbf", Content::Text(Encoding::Bytes { mark: 3 })),
    (b"\xff\xfe", Content::Text(Encoding::Utf16Le { mark: 2 })),
    (b"\xfe\xff", Content::Text(Encoding::Utf16Be { mark: 2 })),
    (b"%PDF-", Content::Binary),
];

/// Says what a stream is that begins with `head`; the more of its first [`HEAD`] bytes, the surer.
pub(super) fn content(head: &[u8]) -> Content {
    if head.is_empty() {
        return Content::Empty;
    }
    if let Some((magic, known)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        let body = head.get(magic.len()..).unwrap_or_default();
        return match known {
            Content::Text(Encoding::Bytes { .. }) if binary(body) => Content::Binary,
            known => *known,
        };
    }
    let first = |range| head.get(range).unwrap_or_default();
    if first(0..4).starts_with(b"BZh") && matches!(first(4..10), b"1AY&SY" | b"\x17\x72\x45\x38\x50\x90") {
        return Content::Packed("bzip2", "bzcat");
    }
    if matches!(first(0..4), [0x50..=0x5f, 0x2a, 0x4d, 0x18]) {
        return Content::Zstd;
    }
    if first(257..262) == b"ustar" {
        return Content::Archive("tar");
    }
    if let Some(encoding) = utf16(head) {
        return Content::Text(encoding);
    }
    if binary(head) { Content::Binary } else { Content::Text(Encoding::Bytes { mark: 0 }) }
}

/// UTF-16 without a byte order mark: of mostly ASCII text, every second byte is NUL.
fn utf16(head: &[u8]) -> Option<Encoding> {
    let (pairs, _) = head.as_chunks::<2>();
    let count = |pick: fn(&[u8; 2]) -> bool| pairs.iter().filter(|pair| pick(pair)).count();
    let little = count(|[low, high]| *high == 0 && *low != 0);
    let big = count(|[high, low]| *high == 0 && *low != 0);
    let most = pairs.len() * 7 / 10;
    match pairs.len() {
        0..2 => None,
        _ if little > most => Some(Encoding::Utf16Le { mark: 0 }),
        _ if big > most => Some(Encoding::Utf16Be { mark: 0 }),
        _ => None,
    }
}

/// More than one byte in a hundred that no text has. A lone NUL in a long log is data of somebody's row (and often the very
/// reason of a failure), not a sign of a binary file.
fn binary(head: &[u8]) -> bool {
    let odd = |byte: &&u8| matches!(byte, 0..=6 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    head.iter().filter(odd).count() * 100 > head.len()
}
