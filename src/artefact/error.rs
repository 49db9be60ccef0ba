//! What can go wrong with an artefact: making it, its file, and asking it.

use crate::model::ModelError;
use crate::recipe::RecipeError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why an artefact could not be made, written, read or asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArtefactError {
    /// The file system said no.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is there but cannot be used.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        #[source]
        reason: FormatError,
    },
    /// The columns do not fit the recipe.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The model cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A threshold that is not a probability.
    #[error(
        "the threshold is {found}: it is compared with probabilities, so it must be from 0 to 1"
    )]
    Threshold {
        /// What was given.
        found: f64,
    },
    /// A name that cannot be shown.
    #[error("the name is empty: give the model one, such as parcel-late")]
    Name,
    /// A part that could not be written as bytes.
    #[error("the {part} cannot be written: {reason}")]
    Encode {
        /// Which part.
        part: &'static str,
        /// What the encoder said.
        reason: String,
    },
}

/// Why bytes are not a usable artefact.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// It does not begin as an artefact does.
    #[error("not a Carnet artefact: it does not begin with the mark of one")]
    NotAnArtefact,
    /// A format this build does not know.
    #[error(
        "artefact format {found}, but this program reads format {supported}: use a newer carnet, or save the model again"
    )]
    Version {
        /// The format it says it has.
        found: u32,
        /// The format this build reads.
        supported: u32,
    },
    /// Fewer bytes than it says it has.
    #[error("cut short: {found} of {expected} bytes; copy the file again")]
    CutShort {
        /// The bytes it should have.
        expected: u64,
        /// The bytes it has.
        found: u64,
    },
    /// More bytes than it says it has.
    #[error("{extra} bytes follow its end; copy the file again")]
    Trailing {
        /// How many.
        extra: u64,
    },
    /// Larger than any artefact this program reads.
    #[error("{found} bytes, more than the {limit} this program reads as an artefact")]
    TooLarge {
        /// The bytes it has.
        found: u64,
        /// The bytes that are read.
        limit: u64,
    },
    /// Its content is not what was written.
    #[error(
        "damaged: the content's SHA-256 is {found}, it was written with {expected}; copy the file again"
    )]
    Damaged {
        /// The hash in the file.
        expected: String,
        /// The hash of what is there.
        found: String,
    },
    /// A part that cannot be read although its hash is right: made by another program.
    #[error("its {part} cannot be read: {reason}")]
    Part {
        /// Which part.
        part: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}
