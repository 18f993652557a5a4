//! One pass over the message of a healthy line: where it ends, whether it holds control characters, and whether one of a few texts may
//! stand in it.
//!
//! These three questions are asked of every byte of a gigabyte, so they share one walk of 32 bytes a step (AVX2, where the processor has
//! it). A text is recognised by two bytes in a row that are rare in healthy lines; whether it stands there is for others to see.

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

    /// Goes over the bytes up to the first line end. `None`: there is no line end, or it is too near to the end of the bytes.
    #[inline]
    pub(super) fn sweep(&self, bytes: &[u8]) -> Option<Swept> {
        #[cfg(target_arch = "x86_64")]
        if let Some(tables) = &self.simd {
            return tables.sweep(bytes);
        }
        self.plain(bytes)
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

    use super::{BUCKETS, ESCAPE, Swept};

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
        pub(super) fn sweep(&self, bytes: &[u8]) -> Option<Swept> {
            self.simd.vectorize(Walk { tables: self, bytes })
        }
    }

    struct Walk<'t, 'b> {
        tables: &'t Tables,
        bytes: &'b [u8],
    }

    impl pulp::NullaryFnOnce for Walk<'_, '_> {
        type Output = Option<Swept>;

        // what is not inlined here is not compiled for AVX2
        #[expect(clippy::inline_always)]
        #[inline(always)]
        fn call(self) -> Option<Swept> {
            let V3 { avx, avx2, .. } = self.tables.simd;
            let twice = |half: &[u8; 16]| -> __m256i { pulp::cast([*half, *half]) };
            let [low0, low1] = [twice(&self.tables.low[0]), twice(&self.tables.low[1])];
            let [high0, high1] = [twice(&self.tables.high[0]), twice(&self.tables.high[1])];
            let fifteen = avx._mm256_set1_epi8(15);
            let control = avx._mm256_set1_epi8(ESCAPE.cast_signed());
            let sets = |bytes: __m256i, low: __m256i, high: __m256i| {
                let upper = avx2._mm256_and_si256(avx2._mm256_srli_epi16::<4>(bytes), fifteen);
                let lower = avx2._mm256_and_si256(bytes, fifteen);
                let lower = avx2._mm256_shuffle_epi8(low, lower);
                avx2._mm256_and_si256(lower, avx2._mm256_shuffle_epi8(high, upper))
            };
            let (mut odd, mut hits) = (false, avx._mm256_setzero_si256());
            let mut at = 0;
            while let Some(three) = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<{ STEP + 1 }>()) {
                let first: __m256i = pulp::cast(*three.first_chunk::<STEP>()?);
                let second: __m256i = pulp::cast(*three.last_chunk::<STEP>()?);
                let both = avx2._mm256_and_si256(sets(first, low0, high0), sets(second, low1, high1));
                hits = avx2._mm256_or_si256(hits, both);
                // line ends, escapes and NUL; tabs, too
                let low = avx2._mm256_cmpeq_epi8(avx2._mm256_min_epu8(first, control), first);
                let mut marks = avx2._mm256_movemask_epi8(low).cast_unsigned();
                while marks != 0 {
                    let mark = at + marks.trailing_zeros() as usize;
                    match self.bytes.get(mark) {
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
    }
}

#[cfg(test)]
mod tests {
    use super::{Sweep, Swept};

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
            let (plain, found) = (sweep.plain(&bytes), sweep.sweep(&bytes));
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
