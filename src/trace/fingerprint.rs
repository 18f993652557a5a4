//! A name for a failure that no rule knows: the same failure gets the same fingerprint in every log and release.
//!
//! Made of the canonical classes of the main chain, the root's message without its volatile parts, and the root's top three own
//! frames without line numbers. A change of the recipe is a new [`ALGORITHM`].

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::parse::frame;
use super::shading::Shading;
use super::{Relation, ThrowableChain};

/// Number of the recipe, printed before the digits.
pub const ALGORITHM: u8 = 1;

/// 48 bits of the hash of a failure, printed as `v1:` and twelve hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// The fingerprint of the chain parsed out of `text`.
    #[must_use]
    pub fn of(chain: &ThrowableChain<'_>, text: &str, shading: &Shading) -> Self {
        let mut hash = blake3::Hasher::new();
        let mut part = |kind: u8, text: &str| {
            hash.update(&[ALGORITHM, kind]);
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        let main =
            chain.links.iter().filter(|t| t.depth == 0 && matches!(t.relation, Relation::Top | Relation::CausedBy));
        for throwable in main {
            part(b'c', &normalize(&throwable.class));
        }
        if let Some(root) = chain.root() {
            part(b'm', &normalize(root.message.trim()));
            let own = root
                .frames
                .iter()
                .filter_map(|range| frame(text.get(range.clone())?))
                .filter(|f| !foreign(f.class))
                .take(3);
            for frame in own {
                part(b'f', &normalize(&format!("{}.{}", shading.canonical(frame.class), frame.method)));
            }
        }
        Self::take(&hash)
    }

    /// The fingerprint of any text, of the same form: ids of incidents.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let mut hash = blake3::Hasher::new();
        hash.update(&[ALGORITHM, b't']);
        hash.update(text.as_bytes());
        Self::take(&hash)
    }

    fn take(hash: &blake3::Hasher) -> Self {
        Self(hash.finalize().as_bytes().iter().take(6).fold(0, |n, b| n << 8 | u128::from(*b)))
    }
}

/// Frames of the platform, which say nothing of who failed.
fn foreign(class: &str) -> bool {
    ["java.", "javax.", "jdk.", "sun.", "com.sun.", "scala."].iter().any(|p| class.starts_with(p))
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{ALGORITHM}:{:012x}", self.0)
    }
}

/// Not a fingerprint of this recipe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint, which looks like v1:0123456789ab: {0}")]
pub struct BadFingerprint(String);

impl FromStr for Fingerprint {
    type Err = BadFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadFingerprint(text.chars().take(40).collect());
        let digits = text
            .strip_prefix("v1:")
            .filter(|d| d.len() == 12 && d.bytes().all(|b| b.is_ascii_hexdigit()))
            .ok_or_else(bad)?;
        u128::from_str_radix(digits, 16).map(Self).map_err(|_| bad())
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = BadFingerprint;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(f: Fingerprint) -> Self {
        f.to_string()
    }
}

/// The text with everything that differs from run to run replaced by `#`: numbers, addresses, times, LSNs, UUIDs, hexadecimal
/// ids, numbered lambdas and proxies, and what stands in quotation marks.
#[must_use]
pub fn normalize(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'"' | b'\'') || b >= 0x80)
        && !text.bytes().any(|b| b.is_ascii_hexdigit())
    {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let length = if let Some(n) = quoted(rest, before) {
            let close = rest.get(..n).and_then(|q| q.chars().next_back()).unwrap_or(c);
            out.push(c);
            out.push('#');
            out.push(close);
            n
        } else if is_word(c) {
            let n = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
            match uuid(rest) {
                Some(n) => {
                    out.push('#');
                    n
                }
                None => {
                    word(rest.get(..n).unwrap_or(""), before == '/' && out.ends_with("#/"), &mut out);
                    n
                }
            }
        } else {
            out.push(c);
            c.len_utf8()
        };
        let (done, left) = rest.split_at_checked(length.max(1)).unwrap_or((rest, ""));
        before = done.chars().next_back().unwrap_or(' ');
        rest = left;
    }
    if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// Length of a quoted value at the beginning of `rest`, marks included. Values end on their line and are not long.
fn quoted(rest: &str, before: char) -> Option<usize> {
    let open = rest.chars().next()?;
    let close = match open {
        '"' | '\'' | '`' if !is_word(before) => open,
        '“' => '”',
        '«' => '»',
        '»' => '«',
        _ => return None,
    };
    let inner = rest.get(open.len_utf8()..)?;
    let window = inner.get(..inner.floor_char_boundary(200))?;
    let end = window.find([close, '\n'])?;
    let left = inner.get(end..)?.strip_prefix(close)?;
    if left.chars().next().is_some_and(is_word) {
        return None;
    }
    Some(open.len_utf8() + end + close.len_utf8())
}

fn uuid(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes().first_chunk::<36>()?;
    let fits = |(n, b): (usize, &u8)| if matches!(n, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() };
    (bytes.iter().enumerate().all(fits) && !rest.get(36..).and_then(|r| r.chars().next()).is_some_and(is_word))
        .then_some(36)
}

/// One word: ids become `#`, numbers in it become `#` where they count something rather than name it (`UTF8`, `wal2json`).
fn word(word: &str, after_slash: bool, out: &mut String) {
    let digits = word.bytes().any(|b| b.is_ascii_digit());
    let hex = word.bytes().all(|b| b.is_ascii_hexdigit());
    if (digits && hex && (word.len() >= 6 || after_slash)) || word.strip_prefix("0x").is_some_and(|h| !h.is_empty()) {
        out.push('#');
        return;
    }
    let counted = word.starts_with(|c: char| c.is_ascii_digit())
        || ["Proxy", "proxy", "Lambda", "lambda$", "Accessor", "$$"].iter().any(|n| word.contains(n));
    if !digits || !counted {
        out.push_str(word);
        return;
    }
    let mut in_number = false;
    for c in word.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !in_number {
            out.push('#');
        }
        in_number = c.is_ascii_digit();
    }
}
