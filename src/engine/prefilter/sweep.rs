//! One pass over the message of a healthy line: where it ends, whether it holds control characters, and whether one of a few texts may
//! stand in it.
//!
//! These three questions are asked of every byte of a gigabyte, so they share one walk of 32 bytes a step (AVX2, where the processor has
//! it). A text is recognised by two bytes in a row that are rare in healthy lines; whether it stands there is for others to see.

use crate::record::layout::is_stamp;

/// Begins an escape sequence.
pub(super) const ESCAPE: u8 = 0x1b;
/// Sets of texts that are told apart.
const BUCKETS: usize = 8;

/// What a pass over a message shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Swept {
    /// Where the line end is.
    pub(super) end: usize,
    /// An escape sequence or NUL stands before it.
    pub(super) odd: bool,
    /// A text may stand before it, or over it.
    pub(super) hit: bool,
}

/// Looks at one line.
pub(super) trait Look {
    /// Goes over the bytes up to the first line end. `None`: there is no line end, or it is too near to the end of the bytes.
    fn sweep(&self, bytes: &[u8]) -> Option<Swept>;

    /// Do these bytes begin with a time stamp of Flink's default layout?
    fn stamped(&self, head: &[u8; 32]) -> bool;
}

/// Goes over lines. What its `walk` calls must be inlined, else it is not compiled for the processor's widest registers.
pub(super) trait Pass {
    /// What it comes to.
    type Output;

    fn walk<L: Look>(self, look: &L) -> Self::Output;
}

/// Looks at lines byte by byte.
struct Plain<'s>(&'s Sweep);

impl Look for Plain<'_> {
    fn sweep(&self, bytes: &[u8]) -> Option<Swept> {
        self.0.plain(bytes)
    }

    fn stamped(&self, head: &[u8; 32]) -> bool {
        head.first_chunk().is_some_and(is_stamp)
    }
}

/// Pairs of bytes that are looked for.
#[derive(Debug, Clone)]
pub(super) struct Sweep {
    pairs: Vec<[u8; 2]>,
    #[cfg(target_arch = "x86_64")]
    simd: Option<simd::Tables>,
}

impl Sweep {
    /// `pairs`: at least one of them stands in every text.
    pub(super) fn new(pairs: Vec<[u8; 2]>) -> Self {
        Self {
            #[cfg(target_arch = "x86_64")]
            simd: simd::Tables::new(&pairs),
            pairs,
        }
    }

    /// Does what goes over many lines, with what this processor has for it.
    #[inline]
    pub(super) fn walk<P: Pass>(&self, pass: P) -> P::Output {
        #[cfg(target_arch = "x86_64")]
        if let Some(tables) = &self.simd {
            return tables.walk(pass);
        }
        pass.walk(&Plain(self))
    }

    fn plain(&self, bytes: &[u8]) -> Option<Swept> {
        let end = memchr::memchr(b'\n', bytes)?;
        let line = bytes.get(..=end)?;
        let odd = memchr::memchr2(ESCAPE, 0, line).is_some();
        let hit = line.windows(2).any(|two| self.pairs.iter().any(|pair| pair == two));
        Some(Swept { end, odd, hit })
    }
}

#[cfg(target_arch = "x86_64")]
mod simd {
    use std::arch::x86_64::__m256i;

    use pulp::x86::V3;

    use super::{BUCKETS, ESCAPE, Look, Pass, Swept};
    use crate::record::layout::STAMP_SHAPE;

    /// Bytes a step.
    const STEP: usize = 32;

    /// For each half of each of two bytes, the sets of pairs it fits: a bit each.
    #[derive(Debug, Clone)]
    pub(super) struct Tables {
        simd: V3,
        low: [[u8; 16]; 2],
        high: [[u8; 16]; 2],
    }

    impl Tables {
        pub(super) fn new(pairs: &[[u8; 2]]) -> Option<Self> {
            let mut tables = Self { simd: V3::try_new()?, low: [[0; 16]; 2], high: [[0; 16]; 2] };
            for (n, pair) in pairs.iter().enumerate() {
                let bit = 1 << (n % BUCKETS);
                for (at, byte) in pair.iter().enumerate() {
                    let halves = [(&mut tables.low, byte & 15), (&mut tables.high, byte >> 4)];
                    for (table, half) in halves {
                        if let Some(sets) = table.get_mut(at).and_then(|t| t.get_mut(usize::from(half))) {
                            *sets |= bit;
                        }
                    }
                }
            }
            Some(tables)
        }

        #[inline]
        pub(super) fn walk<P: Pass>(&self, pass: P) -> P::Output {
            self.simd.vectorize(Vectorized { tables: self, pass })
        }
    }

    struct Vectorized<'t, P> {
        tables: &'t Tables,
        pass: P,
    }

    impl<P: Pass> pulp::NullaryFnOnce for Vectorized<'_, P> {
        type Output = P::Output;

        // what is not inlined here is not compiled for AVX2
        #[expect(clippy::inline_always)]
        #[inline(always)]
        fn call(self) -> P::Output {
            let avx = self.tables.simd.avx;
            let twice = |half: &[u8; 16]| -> __m256i { pulp::cast([*half, *half]) };
            let (mut least, mut span) = ([0; STEP], [u8::MAX; STEP]);
            for (at, byte) in STAMP_SHAPE.iter().enumerate() {
                let bounds = if byte.is_ascii_digit() { (b'0', 9) } else { (*byte, 0) };
                if let (Some(least), Some(span)) = (least.get_mut(at), span.get_mut(at)) {
                    (*least, *span) = bounds;
                }
            }
            self.pass.walk(&Wide {
                simd: self.tables.simd,
                low: [twice(&self.tables.low[0]), twice(&self.tables.low[1])],
                high: [twice(&self.tables.high[0]), twice(&self.tables.high[1])],
                fifteen: avx._mm256_set1_epi8(15),
                control: avx._mm256_set1_epi8(ESCAPE.cast_signed()),
                least: pulp::cast(least),
                span: pulp::cast(span),
            })
        }
    }

    /// Looks at 32 bytes at once.
    struct Wide {
        simd: V3,
        low: [__m256i; 2],
        high: [__m256i; 2],
        fifteen: __m256i,
        control: __m256i,
        /// The least byte at each place of a time stamp, and how many more than that fit.
        least: __m256i,
        span: __m256i,
    }

    impl Wide {
        #[expect(clippy::inline_always)]
        #[inline(always)]
        fn sets(&self, bytes: __m256i, low: __m256i, high: __m256i) -> __m256i {
            let avx2 = self.simd.avx2;
            let upper = avx2._mm256_and_si256(avx2._mm256_srli_epi16::<4>(bytes), self.fifteen);
            let lower = avx2._mm256_and_si256(bytes, self.fifteen);
            let lower = avx2._mm256_shuffle_epi8(low, lower);
            avx2._mm256_and_si256(lower, avx2._mm256_shuffle_epi8(high, upper))
        }
    }

    impl Look for Wide {
        #[expect(clippy::inline_always)]
        #[inline(always)]
        fn sweep(&self, bytes: &[u8]) -> Option<Swept> {
            let V3 { avx, avx2, .. } = self.simd;
            let (mut odd, mut hits) = (false, avx._mm256_setzero_si256());
            let mut at = 0;
            while let Some(three) = bytes.get(at..).and_then(|rest| rest.first_chunk::<{ STEP + 1 }>()) {
                let first: __m256i = pulp::cast(*three.first_chunk::<STEP>()?);
                let second: __m256i = pulp::cast(*three.last_chunk::<STEP>()?);
                let first_sets = self.sets(first, self.low[0], self.high[0]);
                let both = avx2._mm256_and_si256(first_sets, self.sets(second, self.low[1], self.high[1]));
                hits = avx2._mm256_or_si256(hits, both);
                // line ends, escapes and NUL; tabs, too
                let low = avx2._mm256_cmpeq_epi8(avx2._mm256_min_epu8(first, self.control), first);
                let mut marks = avx2._mm256_movemask_epi8(low).cast_unsigned();
                while marks != 0 {
                    let mark = at + marks.trailing_zeros() as usize;
                    match bytes.get(mark) {
                        Some(b'\n') => {
                            let none = avx._mm256_testz_si256(hits, hits) == 1;
                            return Some(Swept { end: mark, odd, hit: !none });
                        }
                        Some(&ESCAPE | 0) => odd = true,
                        _ => {}
                    }
                    marks &= marks - 1;
                }
                at += STEP;
            }
            None
        }

        #[expect(clippy::inline_always)]
        #[inline(always)]
        fn stamped(&self, head: &[u8; 32]) -> bool {
            let avx2 = self.simd.avx2;
            let above = avx2._mm256_sub_epi8(pulp::cast(*head), self.least);
            let within = avx2._mm256_cmpeq_epi8(avx2._mm256_min_epu8(above, self.span), above);
            avx2._mm256_movemask_epi8(within) == -1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Look, Pass, Sweep, Swept};
    use crate::record::layout::is_stamp;

    /// One line.
    struct Line<'b>(&'b [u8]);

    impl Pass for Line<'_> {
        type Output = Option<Swept>;

        fn walk<L: Look>(self, look: &L) -> Option<Swept> {
            look.sweep(self.0)
        }
    }

    /// One head.
    struct Head([u8; 32]);

    impl Pass for Head {
        type Output = bool;

        fn walk<L: Look>(self, look: &L) -> bool {
            look.stamped(&self.0)
        }
    }

    #[test]
    fn stamps_are_told_alike() {
        let sweep = Sweep::new(vec![*b"Ex"]);
        let line = *b"2026-11-22 14:11:39,264 INFO  or";
        assert!(sweep.walk(Head(line)));
        for at in 0..32 {
            for byte in 0..=255 {
                let mut changed = line;
                changed[at] = byte;
                assert_eq!(sweep.walk(Head(changed)), is_stamp(changed.first_chunk().unwrap()), "{at} {byte}");
            }
        }
    }

    /// Bytes that are looked for, and their neighbours by half-bytes.
    const PARTS: [&str; 16] =
        ["\n", "\n", "\x1b", "\0", "\t", "\r", "Ex", "OR", "R:", "E", "x", "O", "R", "Uh", "_B", "é"];

    #[test]
    fn one_pass_sees_what_three_see() {
        let sweep = Sweep::new(vec![*b"Ex", *b"OR", *b"R:"]);
        let mut seed = 7_usize;
        let mut next = |n: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        let mut seen = [0; 3];
        for _ in 0..20_000 {
            // mostly letters that mean nothing, so that there are long lines too
            let noise = next(60) + 1;
            let mut bytes = Vec::new();
            for _ in 0..next(300) {
                let part = if next(noise) == 0 { PARTS[next(PARTS.len())] } else { "z" };
                bytes.extend_from_slice(part.as_bytes());
            }
            bytes.extend([b' '; 64]);
            let (plain, found) = (sweep.plain(&bytes), sweep.walk(Line(&bytes)));
            let Some(Swept { end, odd, hit }) = plain else {
                assert_eq!(found, None);
                continue;
            };
            // a text near the line end may count, one before it must
            let found = found.unwrap();
            assert_eq!((found.end, found.odd), (end, odd), "{bytes:?}");
            assert!(found.hit || !hit, "{bytes:?}");
            seen[0] += usize::from(hit);
            seen[1] += usize::from(odd);
            seen[2] += usize::from(!hit && !found.hit);
        }
        assert!(seen.iter().all(|n| *n > 1000), "{seen:?}");
    }
}
