//! [`Provenance`]: where bytes came from, so that a record made of them can say so.

use super::archive::Body;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// One response as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The same for the same bytes from the same URL, whenever they come: the first 63 bits of the SHA-256 of the URL, a line
    /// break, and the hexadecimal SHA-256 of the body.
    pub id: i64,
    /// What was asked for.
    pub url: String,
    /// Where it was found, after redirects.
    pub final_url: String,
    /// The URLs that led there, each by a redirect to the next; none when `url` itself answered.
    #[serde(default)]
    pub redirects: Vec<String>,
    /// When the answer began.
    pub fetched_at: DateTime<Utc>,
    /// Its status.
    pub status: u16,
    /// Its headers, in the order they came; bytes that are not UTF-8 are replaced.
    pub headers: Vec<(String, String)>,
    /// Of the body, after `Content-Encoding` was undone; in hexadecimal.
    pub sha256: String,
    /// Bytes of the body, likewise.
    pub bytes: u64,
    /// Whether this is the whole body: that of a failed answer is kept up to a limit only.
    pub complete: bool,
}

impl Provenance {
    /// The key of these bytes from this URL; see [`Provenance::id`].
    pub fn id_of(url: &str, sha256: &str) -> i64 {
        let digest = Sha256::digest(format!("{url}\n{sha256}"));
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        // The sign bit is dropped, so that databases without unsigned numbers hold it.
        (u64::from_be_bytes(first) >> 1).cast_signed()
    }

    /// Fills in what the body says.
    pub(super) fn describe(&mut self, body: &Body) {
        self.id = Provenance::id_of(&self.url, &body.sha256);
        self.sha256.clone_from(&body.sha256);
        self.bytes = body.bytes;
    }

    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Bytes in hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_same_bytes_from_the_same_place_have_the_same_id_and_no_other() {
        let id = Provenance::id_of("https://a.example/x", "00ff");
        assert!(id > 0);
        assert_eq!(id, Provenance::id_of("https://a.example/x", "00ff"));
        assert_ne!(id, Provenance::id_of("https://a.example/y", "00ff"));
        assert_ne!(id, Provenance::id_of("https://a.example/x", "00fe"));
    }
}
