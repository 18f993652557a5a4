//! Where lines stand in the file, if what is read was taken out of a wrap.

use serde::{Deserialize, Serialize};

use super::Location;

/// From this line on, the text that is read stands so in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The beginning of a line of the text that is read.
    pub inner: Location,
    /// Where that line stands in the file.
    pub outer: Location,
    /// All lines up to the next place came out of this one line of the file; otherwise the text is the file's own, byte for byte.
    pub one: bool,
}

/// Most places kept of one unfinished record; of more, those in the middle are forgotten.
const MOST: usize = 1 << 16;

/// The places of a text, in its order. Empty for a text that is the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places(Vec<Place>);

impl Places {
    /// True if the text is the file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what follows.
    pub fn extend(&mut self, places: &[Place]) {
        self.0.extend_from_slice(places);
    }

    /// Forgets what lies before `line` of the inner text, and the middle of what is too much.
    pub fn forget(&mut self, line: u64) {
        let before = self.0.partition_point(|p| p.inner.line <= line);
        self.0.drain(..before.saturating_sub(1));
        if self.0.len() > MOST {
            self.0.drain(MOST / 2..self.0.len() - MOST / 2);
        }
    }

    /// Where a place of the inner text stands in the file.
    #[must_use]
    pub fn outer(&self, inner: Location) -> Location {
        let before = self.0.partition_point(|p| p.inner.line <= inner.line);
        match before.checked_sub(1).and_then(|n| self.0.get(n)) {
            None => inner,
            Some(place) if place.one => place.outer,
            Some(place) => Location {
                line: place.outer.line + (inner.line - place.inner.line),
                byte: place.outer.byte + inner.byte.saturating_sub(place.inner.byte),
            },
        }
    }
}
