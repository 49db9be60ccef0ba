//! [`Rejected`]: what did not fit, with all that a person needs to see why.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Characters of the raw text that are kept at most.
pub const RAW_CHARACTERS: usize = 2_000;

/// A record, or why there is none.
pub type Extracted<R> = Result<R, Rejected>;

/// A row or page that does not fit its declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Where in the body: `line 17`, `row 3 of table.runways tr`, `the page`.
    pub place: String,
    /// The declaration that was broken: the column or element, its format, what stands for null.
    pub rule: String,
    /// What was found instead.
    pub reason: String,
    /// The row or element as it came, lossily decoded, at most [`RAW_CHARACTERS`].
    pub raw: String,
}

impl Rejected {
    /// Keeps of `raw` what may be kept.
    pub fn new(
        place: impl Into<String>,
        rule: impl Into<String>,
        reason: impl Into<String>,
        raw: &[u8],
    ) -> Rejected {
        Rejected {
            place: place.into(),
            rule: rule.into(),
            reason: reason.into(),
            raw: bounded(raw),
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.place, self.reason, self.rule)
    }
}

impl std::error::Error for Rejected {}

/// The first characters, without line ends around them.
fn bounded(raw: &[u8]) -> String {
    // A character has four bytes at most; one that is cut by this comes after the last that is kept.
    let some = &raw[..raw.len().min(4 * RAW_CHARACTERS + 4)];
    let text = String::from_utf8_lossy(some);
    let text = text.trim_matches(['\r', '\n']);
    text.chars().take(RAW_CHARACTERS).collect()
}
