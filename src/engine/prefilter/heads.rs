//! How healthy lines of Flink's default layout begin: behind the time stamp, level and logger are the same bytes in all lines of one
//! logger. So these bytes are compared as a whole with those met before, instead of being taken apart in each of millions of lines.

use super::sweep::Look;
use crate::record::layout::{STAMP, is_healthy_flink};

/// Where a message begins behind a logger of at most sixty letters: the stamp, `INFO  `, the padded logger, ` [] - `.
const MESSAGE: usize = 96;
/// The bytes that are compared.
const KEY: usize = MESSAGE - STAMP;
/// What stands between logger and message.
const GAP: &[u8] = b" [] - ";
/// Most beginnings that are remembered.
const MAX_HEADS: usize = 256;
/// Slots for them, a power of two.
const SLOTS: usize = 4 * MAX_HEADS;

/// Beginnings of lines met in one source. None of them holds a line end or a control character.
#[derive(Debug, Clone, Default)]
pub(super) struct Heads {
    /// Number of the head plus one, at its hash or behind it; 0: none.
    slots: Vec<u16>,
    heads: Vec<Head>,
}

#[derive(Debug, Clone)]
struct Head {
    key: [u8; KEY],
    /// A longer logger goes on.
    rest: Box<[u8]>,
    /// `None`: no text is looked for in lines of this logger alone.
    texts: Option<u16>,
}

impl Heads {
    #[expect(clippy::inline_always)]
    #[inline(always)]
    fn place(key: &[u8; KEY]) -> usize {
        // level and package are alike in most; the differences are in the middle and at the end of the name
        let word = |at: usize| key.get(at..).and_then(|k| k.first_chunk::<8>()).map_or(0, |w| u64::from_le_bytes(*w));
        let sum = word(22) ^ word(30).rotate_left(13) ^ word(38).rotate_left(26);
        let sum = sum ^ word(46).rotate_left(39) ^ word(54).rotate_left(52);
        usize::try_from(sum.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SLOTS.trailing_zeros())).unwrap_or(0)
    }

    #[expect(clippy::inline_always)]
    #[inline(always)]
    fn known(&self, key: &[u8; KEY], behind: &[u8]) -> Result<&Head, usize> {
        let mut place = Self::place(key);
        loop {
            let Some(head) = self.slots.get(place).and_then(|n| self.heads.get(usize::from(*n).wrapping_sub(1))) else {
                return Err(place);
            };
            if same(&head.key, key) && (head.rest.is_empty() || behind.starts_with(&head.rest)) {
                return Ok(head);
            }
            place = (place + 1) & (SLOTS - 1);
        }
    }

    /// If `bytes` begin with a head met before: where the message begins, and the texts of the logger. There is no line end before the
    /// message.
    #[expect(clippy::inline_always)]
    #[inline(always)]
    pub(super) fn find<L: Look>(&self, look: &L, bytes: &[u8]) -> Option<(usize, Option<u16>)> {
        let (head, behind) = bytes.split_first_chunk::<MESSAGE>()?;
        let (_, key) = head.split_first_chunk::<STAMP>()?;
        if !look.stamped(head.first_chunk()?) {
            return None;
        }
        let head = self.known(key.first_chunk()?, behind).ok()?;
        Some((MESSAGE + head.rest.len(), head.texts))
    }

    /// Remembers this [`head`], and the texts of its logger.
    pub(super) fn learn(&mut self, head: &[u8], texts: Option<u16>) {
        let Some(key) = head.get(STAMP..).and_then(|h| h.first_chunk()) else { return };
        if self.heads.len() >= MAX_HEADS {
            return;
        }
        self.slots.resize(SLOTS, 0);
        let rest = head.get(MESSAGE..).unwrap_or_default();
        if let Err(place) = self.known(key, rest)
            && let (Some(slot), Ok(number)) = (self.slots.get_mut(place), u16::try_from(self.heads.len() + 1))
        {
            *slot = number;
            self.heads.push(Head { key: *key, rest: rest.into(), texts });
        }
    }
}

/// The head of a healthy line of Flink's default layout whose logger's name has this length: all up to the message.
pub(super) fn head(line: &[u8], name: usize) -> Option<&[u8]> {
    let head = line.get(..STAMP + 6 + name.max(60) + GAP.len())?;
    let plain = |b: &u8| (b' '..0x7f).contains(b);
    (is_healthy_flink(line) && head.ends_with(GAP) && head.iter().all(plain)).then_some(head)
}

/// Are they the same bytes? Word by word: a call for so few costs more than it does.
#[expect(clippy::inline_always)]
#[inline(always)]
fn same(a: &[u8; KEY], b: &[u8; KEY]) -> bool {
    let (a, _) = a.as_chunks::<8>();
    let (b, _) = b.as_chunks::<8>();
    a.iter().zip(b).fold(0, |differ, (a, b)| differ | u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b)) == 0
}
