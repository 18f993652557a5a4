//! Text that was taken out of a wrap.

use super::ScanState;
use crate::engine::Engine;
use crate::record::Place;

impl Engine {
    /// Takes the next bytes of a text that is not the file's own; `places` say where lines that begin in them stand in the file.
    pub fn push_unwrapped(&self, state: &mut ScanState, chunk: &[u8], places: &[Place]) {
        state.places.extend(places);
        self.push(state, chunk);
    }
}

impl ScanState {
    /// The number of the line that the next byte belongs to, counted from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }
}
