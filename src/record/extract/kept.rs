//! [`Kept`]: a reader that remembers the bytes of the row that is being read, so that a rejected row is shown as it came.

use super::table::ROW_BYTES;
use std::fmt;
use std::io::{self, ErrorKind, Read};

/// What [`Kept`] says when a row has no end.
#[derive(Debug)]
pub(super) struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a row is longer than {ROW_BYTES} bytes")
    }
}

impl std::error::Error for TooLong {}

pub(super) struct Kept<D> {
    data: D,
    bytes: Vec<u8>,
    /// Where in the body `bytes` begin.
    from: u64,
    /// Where the row begins.
    row: u64,
}

impl<D> Kept<D> {
    pub(super) fn new(data: D) -> Kept<D> {
        Kept {
            data,
            bytes: Vec::new(),
            from: 0,
            row: 0,
        }
    }

    /// A row begins here; what was before is forgotten at the next read.
    pub(super) fn begin(&mut self, row: u64) {
        self.row = row;
    }

    /// The bytes from the row's beginning to `end`.
    pub(super) fn row(&self, end: u64) -> &[u8] {
        let at = |place: u64| {
            usize::try_from(place.saturating_sub(self.from))
                .map_or(self.bytes.len(), |at| at.min(self.bytes.len()))
        };
        let (start, end) = (at(self.row), at(end));
        self.bytes.get(start..end).unwrap_or_default()
    }
}

impl<D: Read> Read for Kept<D> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let done = usize::try_from(self.row.saturating_sub(self.from))
            .map_or(self.bytes.len(), |done| done.min(self.bytes.len()));
        self.bytes.drain(..done);
        self.from += done as u64;
        if self.bytes.len() > ROW_BYTES {
            return Err(io::Error::other(TooLong));
        }
        loop {
            match self.data.read(to) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(read) => {
                    self.bytes
                        .extend_from_slice(to.get(..read).unwrap_or_default());
                    return Ok(read);
                }
            }
        }
    }
}
