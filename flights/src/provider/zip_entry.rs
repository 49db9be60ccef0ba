//! Entries of a zip file, read as they are decompressed: never more of one in memory than a buffer, and never without end.

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};
use thiserror::Error;
use zip::ZipArchive;
use zip::read::ZipFile;

/// Bytes that an entry may have when it is decompressed; the largest known, of a registry, has half as many.
pub const ENTRY_BYTES: u64 = 1 << 30;

/// Why a body is not the zip file it should be.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ZipError {
    /// Another kind of file, such as a page that says that something is wrong.
    #[error(
        "{what} is asked for as a zip file, and what came is none: it begins {begins:?}; the provider may have sent a page instead, so try again later"
    )]
    NoZip {
        /// What was asked for.
        what: &'static str,
        /// The first characters.
        begins: String,
    },
    /// A zip file that is damaged.
    #[error("the zip file of {what} cannot be read: {source}; fetch it again")]
    Damaged {
        /// What was asked for.
        what: &'static str,
        /// The reader's reason.
        source: zip::result::ZipError,
    },
    /// A body that cannot be read.
    #[error("the zip file of {what} cannot be read: {source}")]
    Read {
        /// What was asked for.
        what: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// A zip file of something else.
    #[error("the zip file has no {entry}; it has {found}; see whether this is the right file")]
    NoEntry {
        /// What was looked for.
        entry: &'static str,
        /// The names that are there.
        found: String,
    },
}

/// Opens a zip file, or says that it is none.
pub(super) fn open<D: Read + Seek>(
    mut data: D,
    what: &'static str,
) -> Result<ZipArchive<D>, ZipError> {
    let read = |source| ZipError::Read { what, source };
    data.seek(SeekFrom::Start(0)).map_err(read)?;
    let mut begin = Vec::new();
    data.by_ref()
        .take(80)
        .read_to_end(&mut begin)
        .map_err(read)?;
    if !begin.starts_with(b"PK") {
        return Err(ZipError::NoZip {
            what,
            begins: String::from_utf8_lossy(&begin).into_owned(),
        });
    }
    data.seek(SeekFrom::Start(0)).map_err(read)?;
    ZipArchive::new(data).map_err(|source| ZipError::Damaged { what, source })
}

/// The entry at this place, of at most [`ENTRY_BYTES`].
pub(super) fn entry<'a, D: Read + Seek>(
    archive: &'a mut ZipArchive<D>,
    index: usize,
    what: &'static str,
) -> Result<Limited<ZipFile<'a, D>>, ZipError> {
    let data = archive
        .by_index(index)
        .map_err(|source| ZipError::Damaged { what, source })?;
    Ok(Limited {
        data,
        left: ENTRY_BYTES,
    })
}

/// The names of the entries, in their order.
pub(super) fn names<D: Read + Seek>(archive: &ZipArchive<D>) -> impl Iterator<Item = Cow<'_, str>> {
    archive.file_names_raw().map(String::from_utf8_lossy)
}

/// That nothing of this kind is there.
pub(super) fn missing<D: Read + Seek>(archive: &ZipArchive<D>, entry: &'static str) -> ZipError {
    let mut found: Vec<_> = names(archive).take(20).collect();
    found.sort_unstable();
    ZipError::NoEntry {
        entry,
        found: found.join(", "),
    }
}

/// A reader that fails when it gives more than it may, unlike `take`, which would make a cut body look whole.
#[derive(Debug)]
pub struct Limited<D> {
    data: D,
    left: u64,
}

impl<D: Read> Read for Limited<D> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.data.read(to)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(format!("it is longer than {ENTRY_BYTES} bytes")))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_entry_that_is_too_long_is_an_error_and_not_a_shorter_entry() {
        let mut limited = Limited {
            data: io::repeat(b'x'),
            left: 100_000,
        };
        let mut all = Vec::new();
        assert!(limited.read_to_end(&mut all).is_err());
    }

    #[test]
    fn a_page_instead_of_a_zip_file_is_told_by_its_first_characters() {
        let page = io::Cursor::new(b"<html>Service unavailable</html>");
        let error = open(page, "the registry").unwrap_err().to_string();
        assert!(
            error.contains("none") && error.contains("<html>Service"),
            "{error}"
        );
        let empty = open(io::Cursor::new(b""), "the registry").unwrap_err();
        assert!(matches!(empty, ZipError::NoZip { .. }));
        let cut = open(
            io::Cursor::new(b"PK\x03\x04 and then nothing"),
            "the registry",
        );
        assert!(matches!(cut.unwrap_err(), ZipError::Damaged { .. }));
    }
}
