//! What can go wrong with a whole extraction, as against one row of it ([`super::Rejected`]).

use thiserror::Error;

/// Why nothing, or nothing more, can be extracted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// A declaration that does not agree with its record.
    #[error("the declaration of {record} cannot be used: {}; mend the declaration or the record", problems.join("; "))]
    Declaration {
        /// The record's type.
        record: &'static str,
        /// Everything that is wrong with it.
        problems: Vec<String>,
    },
    /// A header that lacks declared columns, or has one twice.
    #[error(
        "the header does not fit {record}: {}; it has {found}; see whether this is the right file, or declare the new name beside the old", problems.join("; ")
    )]
    Header {
        /// The record's type.
        record: &'static str,
        /// Every declared column that is missing or ambiguous.
        problems: Vec<String>,
        /// The columns that are there.
        found: String,
    },
    /// No line at all.
    #[error("there is no header where the columns of {record} are asked for: the body is empty")]
    Empty {
        /// The record's type.
        record: &'static str,
    },
    /// A body that broke off or cannot be decompressed.
    #[error("the body cannot be read after line {line}: {source}; fetch it again")]
    Read {
        /// The last line that was read.
        line: u64,
        /// The reader's reason.
        source: std::io::Error,
    },
    /// A row without end.
    #[error(
        "the row at line {line} is longer than {limit} bytes: a quotation mark may not have been closed, or this is no such file; it begins {raw:?}"
    )]
    TooLong {
        /// Where the row begins.
        line: u64,
        /// The bytes that a row may have.
        limit: usize,
        /// The row's beginning.
        raw: String,
    },
}
