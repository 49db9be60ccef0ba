//! How much of a value is shown, whatever its shape: one set of limits for the process, which a notebook may change.

use std::sync::{PoisonError, RwLock};

/// The limits of what is shown. What is left out is counted in what is shown.
///
/// ```
/// use carnet::show::{Limits, limits, set_limits};
/// set_limits(Limits { rows: 20, ..limits() });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rows of a frame, from its beginning and its end; at most 1,000.
    pub rows: usize,
    /// Columns of a frame, from its beginning and its end; at most 100.
    pub columns: usize,
    /// Characters of a cell.
    pub cell: usize,
    /// Elements of a list of simple values.
    pub elements: usize,
    /// Values of a list or map that are tables, charts or other large things.
    pub parts: usize,
    /// Bytes of HTML after which no more of these values follow.
    pub bytes: usize,
    /// Characters of a `Debug` text.
    pub characters: usize,
    /// Lines of a `Debug` text.
    pub lines: usize,
}

impl Limits {
    /// What holds until it is changed.
    pub const DEFAULT: Self = Self {
        rows: 10,
        columns: 30,
        cell: 100,
        elements: 500,
        parts: 10,
        bytes: 400_000,
        characters: 20_000,
        lines: 200,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

static LIMITS: RwLock<Limits> = RwLock::new(Limits::DEFAULT);

/// The limits as they are.
pub fn limits() -> Limits {
    *LIMITS.read().unwrap_or_else(PoisonError::into_inner)
}

/// Takes and gives back the limits' lock.
pub(super) fn probe() {
    drop(LIMITS.write().unwrap_or_else(PoisonError::into_inner));
}

/// Changes the limits for all that is shown from now on.
pub fn set_limits(limits: Limits) {
    *LIMITS.write().unwrap_or_else(PoisonError::into_inner) = limits;
}
