//! The file: how an artefact becomes bytes and how bytes that may be anything become an artefact or an error.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | the mark `carnet\r\n`, which a transfer as text would change |
//! | 4 | the format's version, little-endian as all numbers here |
//! | 8 | the length of the content |
//! | 32 | the SHA-256 of the content |
//! | content | 8 bytes: the header's length; the header, JSON `{schema, recipe, card}`; the model, CBOR |
//!
//! Nothing of the content is looked at before its hash is right, and no length in a file is believed before it was compared with
//! the bytes that are there.

use super::{Artefact, ArtefactError, Card, FormatError};
use crate::model::Fitted;
use crate::recipe::FittedRecipe;
use crate::record::Schema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The format this build writes and reads.
pub const FORMAT: u32 = 1;

const MARK: &[u8; 8] = b"carnet\r\n";
const FIXED: usize = 8 + 4 + 8 + 32;
/// Bytes read as an artefact at most.
const LARGEST: u64 = 1 << 30;

/// The header as it is written. The schema is the recipe's, once more, so that other programs find it without knowing recipes.
#[derive(Serialize)]
struct Written<'a> {
    schema: &'a Schema,
    recipe: &'a FittedRecipe,
    card: &'a Card,
}

/// The header as it is read.
#[derive(Deserialize)]
struct Header {
    schema: Schema,
    recipe: FittedRecipe,
    card: Card,
}

/// The parts from which a version follows: recipe (with the schema in it) and model, without the card and its times.
pub(super) fn content(
    recipe: &FittedRecipe,
    model: &Fitted,
) -> Result<[Vec<u8>; 2], ArtefactError> {
    let recipe = serde_json::to_vec(recipe).map_err(|error| ArtefactError::Encode {
        part: "recipe",
        reason: error.to_string(),
    })?;
    let mut bytes = Vec::new();
    ciborium::into_writer(model, &mut bytes).map_err(|error| ArtefactError::Encode {
        part: "model",
        reason: error.to_string(),
    })?;
    Ok([recipe, bytes])
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Artefact {
    /// The artefact as the bytes of its file.
    ///
    /// # Errors
    /// When a part cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArtefactError> {
        let header = Written {
            schema: self.recipe.schema(),
            recipe: &self.recipe,
            card: &self.card,
        };
        let header = serde_json::to_vec(&header).map_err(|error| ArtefactError::Encode {
            part: "header",
            reason: error.to_string(),
        })?;
        let [_, model] = content(&self.recipe, &self.model)?;
        let mut body = Vec::with_capacity(8 + header.len() + model.len());
        body.extend_from_slice(&(header.len() as u64).to_le_bytes());
        body.extend_from_slice(&header);
        body.extend_from_slice(&model);
        let mut bytes = Vec::with_capacity(FIXED + body.len());
        bytes.extend_from_slice(MARK);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&Sha256::digest(&body));
        bytes.extend_from_slice(&body);
        Ok(bytes)
    }

    /// An artefact from the bytes of its file, whatever they are.
    ///
    /// # Errors
    /// When they are not an artefact, of another format, cut short, damaged, or hold parts that do not agree.
    pub fn from_bytes(bytes: &[u8]) -> Result<Artefact, FormatError> {
        let (mark, rest) = bytes.split_at_checked(MARK.len()).unwrap_or((bytes, &[]));
        if mark != &MARK[..mark.len()] || mark.is_empty() {
            return Err(FormatError::NotAnArtefact);
        }
        let short = |expected: usize| FormatError::CutShort {
            expected: expected as u64,
            found: bytes.len() as u64,
        };
        let (format, rest) = rest.split_first_chunk::<4>().ok_or_else(|| short(FIXED))?;
        let found = u32::from_le_bytes(*format);
        if found != FORMAT {
            return Err(FormatError::Version {
                found,
                supported: FORMAT,
            });
        }
        let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(|| short(FIXED))?;
        let (hash, body) = rest.split_first_chunk::<32>().ok_or_else(|| short(FIXED))?;
        let (length, there) = (u64::from_le_bytes(*length), body.len() as u64);
        if there < length {
            let expected = length.saturating_add(FIXED as u64);
            return Err(FormatError::CutShort {
                expected,
                found: bytes.len() as u64,
            });
        }
        if there > length {
            return Err(FormatError::Trailing {
                extra: there - length,
            });
        }
        let actual = Sha256::digest(body);
        if actual[..] != hash[..] {
            return Err(FormatError::Damaged {
                expected: hexadecimal(hash),
                found: hexadecimal(&actual),
            });
        }
        parts(body)
    }

    /// Writes the file: all of it or nothing. Missing folders are made.
    ///
    /// # Errors
    /// When the file system refuses; what was at the path before is then untouched.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), ArtefactError> {
        let path = path.as_ref();
        let bytes = self.to_bytes()?;
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).map_err(|source| ArtefactError::Io {
                doing: "make the folder",
                path: folder.into(),
                source,
            })?;
        }
        let beside = temporary(path);
        let written = File::create(&beside).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&beside, path)
        });
        written.map_err(|source| {
            // Best effort: the error that is told is the one that came first.
            let _ = fs::remove_file(&beside);
            ArtefactError::Io {
                doing: "write",
                path: path.into(),
                source,
            }
        })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be opened or is not a whole, undamaged artefact of a format this build knows.
    pub fn read(path: impl AsRef<Path>) -> Result<Artefact, ArtefactError> {
        let path = path.as_ref();
        let failed = |source| ArtefactError::Io {
            doing: "read",
            path: path.into(),
            source,
        };
        let wrong = |reason| ArtefactError::File {
            path: path.into(),
            reason,
        };
        let file = File::open(path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?.len();
        if found > LARGEST {
            return Err(wrong(FormatError::TooLarge {
                found,
                limit: LARGEST,
            }));
        }
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
        Artefact::from_bytes(&bytes).map_err(wrong)
    }
}

/// The parts of a content whose hash is right. Another program may have written it, so the parts are still checked.
fn parts(body: &[u8]) -> Result<Artefact, FormatError> {
    let wrong = |part, reason: String| FormatError::Part { part, reason };
    let (length, rest) = body
        .split_first_chunk::<8>()
        .ok_or_else(|| wrong("header", "there is none".to_owned()))?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let (header, mut model) = rest.split_at_checked(length).ok_or_else(|| {
        wrong(
            "header",
            format!("it should have {length} bytes, {} are there", rest.len()),
        )
    })?;
    let header: Header =
        serde_json::from_slice(header).map_err(|error| wrong("header", error.to_string()))?;
    let fitted: Fitted =
        ciborium::from_reader(&mut model).map_err(|error| wrong("model", error.to_string()))?;
    if !model.is_empty() {
        return Err(wrong(
            "model",
            format!("{} bytes follow its end", model.len()),
        ));
    }
    header
        .recipe
        .check()
        .map_err(|error| wrong("recipe", error.to_string()))?;
    fitted
        .check()
        .map_err(|error| wrong("model", error.to_string()))?;
    if &header.schema != header.recipe.schema() {
        return Err(wrong("schema", "it is not the recipe's".to_owned()));
    }
    if fitted.features() != header.recipe.feature_names().0 {
        return Err(wrong(
            "model",
            "it was fitted on other features than the recipe makes".to_owned(),
        ));
    }
    if !(0.0..=1.0).contains(&header.card.threshold) {
        return Err(wrong(
            "card",
            format!("its threshold is {}", header.card.threshold),
        ));
    }
    Ok(Artefact {
        recipe: header.recipe,
        model: fitted,
        card: header.card,
    })
}

/// A name in the same folder that no other write uses at this moment, so that renaming stays within one file system.
fn temporary(path: &Path) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{}-{number}.tmp", std::process::id()))
}
