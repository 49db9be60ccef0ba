//! The binary COPY format: a signature, rows of lengths and bytes, a trailer (PostgreSQL's documentation of COPY, "Binary
//! Format"). Messages of the protocol may cut it anywhere; the server cuts it between rows, and that is the fast way here.

use std::fmt;
use thiserror::Error;

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// The head of a stream: the signature, no flags, no extension.
#[cfg(any(test, fuzzing))]
pub(crate) const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Flags that a reader must know or refuse, and none is known here: the one there has been, for object identifiers before each
/// row, is gone since PostgreSQL 12. The lower half may be ignored.
const CRITICAL: u32 = 0xffff_0000;

/// Why bytes are not a COPY stream.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum CopyError {
    #[error("the stream does not begin as a binary COPY does")]
    Signature,
    #[error("the stream has flags {0:#x}, which this version does not know")]
    Flags(u32),
    #[error("a row of {found} values came where {wanted} were asked for")]
    Values { wanted: usize, found: i16 },
    #[error("a value says that it is {0} bytes long")]
    Length(i32),
    #[error("the stream ends in the middle, after {rows} rows")]
    Cut { rows: usize },
    #[error("bytes follow the end of the stream")]
    Beyond,
}

/// One row's values in the bytes they came in; `None` is null.
pub(crate) struct RowValues<'a> {
    bytes: &'a [u8],
    /// Start and length of each value; a negative length is null.
    places: &'a [(usize, i32)],
    number: usize,
}

impl<'a> RowValues<'a> {
    /// Its place in the stream, from 1.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn get(&self, column: usize) -> Option<&'a [u8]> {
        let (start, length) = *self.places.get(column)?;
        let length = usize::try_from(length).ok()?;
        self.bytes.get(start..start + length)
    }

    /// Bytes of all values.
    pub(crate) fn size(&self) -> u64 {
        self.places
            .iter()
            .map(|(_, length)| u64::try_from(*length).unwrap_or(0))
            .sum()
    }
}

impl fmt::Debug for RowValues<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries((0..self.places.len()).map(|column| self.get(column)))
            .finish()
    }
}

enum State {
    Header,
    Rows,
    End,
}

/// Takes the stream apart as it arrives. Nothing is allocated by what a length claims, only for bytes that have come.
pub(crate) struct Reader {
    columns: usize,
    state: State,
    /// What came and is not yet a whole row.
    rest: Vec<u8>,
    places: Vec<(usize, i32)>,
    rows: usize,
}

impl Reader {
    pub(crate) fn new(columns: usize) -> Reader {
        Reader {
            columns,
            state: State::Header,
            rest: Vec::new(),
            places: Vec::with_capacity(columns),
            rows: 0,
        }
    }

    /// Takes the next bytes and hands on every row that is whole.
    pub(crate) fn feed<E: From<CopyError>>(
        &mut self,
        message: &[u8],
        mut each: impl FnMut(&RowValues<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.rest.is_empty() {
            let used = self.take(message, &mut each)?;
            self.rest.extend_from_slice(&message[used..]);
        } else {
            let mut all = std::mem::take(&mut self.rest);
            all.extend_from_slice(message);
            let used = self.take(&all, &mut each)?;
            all.drain(..used);
            self.rest = all;
        }
        Ok(())
    }

    /// The number of rows, if the stream came to its end.
    pub(crate) fn finish(self) -> Result<usize, CopyError> {
        match self.state {
            State::End => Ok(self.rows),
            State::Header | State::Rows => Err(CopyError::Cut { rows: self.rows }),
        }
    }

    /// Takes what is whole from the front; returns how many bytes that was.
    fn take<E: From<CopyError>>(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(&RowValues<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut at = 0;
        loop {
            match self.state {
                State::Header => match header(&bytes[at..])? {
                    Some(length) => {
                        at += length;
                        self.state = State::Rows;
                    }
                    None => return Ok(at),
                },
                State::Rows => {
                    let Some(count) = number::<2>(bytes, at).map(i16::from_be_bytes) else {
                        return Ok(at);
                    };
                    if count == -1 {
                        at += 2;
                        self.state = State::End;
                        continue;
                    }
                    if usize::try_from(count) != Ok(self.columns) {
                        let wanted = self.columns;
                        return Err(E::from(CopyError::Values {
                            wanted,
                            found: count,
                        }));
                    }
                    let Some(end) = self.row(bytes, at + 2)? else {
                        return Ok(at);
                    };
                    self.rows += 1;
                    let row = RowValues {
                        bytes,
                        places: &self.places,
                        number: self.rows,
                    };
                    each(&row)?;
                    at = end;
                }
                State::End if at < bytes.len() => return Err(E::from(CopyError::Beyond)),
                State::End => return Ok(at),
            }
        }
    }

    /// Notes the places of a row's values and returns where it ends; `None` when it has not come whole.
    fn row(&mut self, bytes: &[u8], mut at: usize) -> Result<Option<usize>, CopyError> {
        self.places.clear();
        for _ in 0..self.columns {
            let Some(length) = number::<4>(bytes, at).map(i32::from_be_bytes) else {
                return Ok(None);
            };
            at += 4;
            self.places.push((at, length));
            if length < -1 {
                return Err(CopyError::Length(length));
            }
            at += usize::try_from(length).unwrap_or(0);
            if at > bytes.len() {
                return Ok(None);
            }
        }
        Ok(Some(at))
    }
}

/// The length of the header, if it has come whole.
fn header(bytes: &[u8]) -> Result<Option<usize>, CopyError> {
    let begun = bytes.len().min(SIGNATURE.len());
    if bytes[..begun] != SIGNATURE[..begun] {
        return Err(CopyError::Signature);
    }
    let (Some(flags), Some(extension)) = (
        number::<4>(bytes, 11).map(u32::from_be_bytes),
        number::<4>(bytes, 15).map(i32::from_be_bytes),
    ) else {
        return Ok(None);
    };
    if flags & CRITICAL != 0 {
        return Err(CopyError::Flags(flags));
    }
    let extension = usize::try_from(extension).map_err(|_| CopyError::Length(extension))?;
    let length = 19 + extension;
    Ok((bytes.len() >= length).then_some(length))
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    type Rows = Vec<Vec<Option<Vec<u8>>>>;

    fn encode(rows: &Rows) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([0; 8]);
        for row in rows {
            bytes.extend(i16::try_from(row.len()).unwrap().to_be_bytes());
            for value in row {
                match value {
                    Some(value) => {
                        bytes.extend(i32::try_from(value.len()).unwrap().to_be_bytes());
                        bytes.extend(value);
                    }
                    None => bytes.extend((-1i32).to_be_bytes()),
                }
            }
        }
        bytes.extend((-1i16).to_be_bytes());
        bytes
    }

    fn decode(columns: usize, parts: &[&[u8]]) -> Result<Rows, CopyError> {
        let mut reader = Reader::new(columns);
        let mut rows = Vec::new();
        for part in parts {
            reader.feed(part, |row| -> Result<(), CopyError> {
                let values = (0..columns).map(|column| row.get(column).map(<[u8]>::to_vec));
                rows.push(values.collect());
                Ok(())
            })?;
        }
        reader.finish()?;
        Ok(rows)
    }

    proptest! {
        #[test]
        fn rows_come_out_as_they_went_in_wherever_messages_are_cut(
            rows in prop::collection::vec(prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..9)), 3), 0..9),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let bytes = encode(&rows);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
            cuts.sort_unstable();
            let mut parts = Vec::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([bytes.len()]) {
                parts.push(&bytes[from..cut]);
                from = cut;
            }
            prop_assert_eq!(decode(3, &parts).unwrap(), rows);
        }

        #[test]
        fn a_stream_that_is_cut_short_is_an_error(
            rows in prop::collection::vec(prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..9)), 2), 0..5),
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = encode(&rows);
            let cut = cut.index(bytes.len());
            prop_assert!(decode(2, &[&bytes[..cut]]).is_err());
        }

        #[test]
        fn hostile_bytes_are_an_error_and_never_a_panic(tail in prop::collection::vec(any::<u8>(), 0..200), whole in any::<bool>()) {
            let mut bytes = if whole { encode(&Vec::new())[..19].to_vec() } else { Vec::new() };
            bytes.extend(tail);
            let _ = decode(2, &[&bytes]);
        }
    }

    #[test]
    fn a_claimed_length_of_two_gigabytes_allocates_nothing() {
        let mut bytes = encode(&Vec::new())[..19].to_vec();
        bytes.extend(1i16.to_be_bytes());
        bytes.extend(i32::MAX.to_be_bytes());
        assert_eq!(
            decode(1, &[&bytes]).unwrap_err(),
            CopyError::Cut { rows: 0 }
        );
    }
}
