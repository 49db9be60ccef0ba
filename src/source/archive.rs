//! The archive: a folder that keeps every response, body and provenance apart, so that nothing is asked for twice in vain and
//! every record can be traced to bytes.
//!
//! `bodies/ab/SHA256` are bodies by their content; `responses/ab/KEY/TIME-STATUS-ID.json` says where one came from and never
//! changes; `responses/ab/KEY/current.json` names the newest good one for a request. Files are written under `parts/` and renamed, so
//! a program that is killed leaves nothing half written behind.

use super::SourceError;
use super::provenance::{Provenance, hexadecimal};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// Parts older than this belong to a program that is gone.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 3600);

/// A folder of responses.
#[derive(Debug, Clone)]
pub(super) struct Archive {
    folder: PathBuf,
}

/// The newest good response to a request, and what its server said of it last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) provenance: Provenance,
    /// When the server last said that this is what it has.
    pub(super) checked_at: DateTime<Utc>,
    /// The headers of that answer.
    pub(super) headers: Vec<(String, String)>,
}

/// A body on its way into the archive; dropped, it is gone.
#[derive(Debug)]
pub(super) struct Part {
    file: File,
    path: PathBuf,
    digest: Sha256,
    bytes: u64,
}

/// A body with its digest, still under `parts/`.
#[derive(Debug)]
pub(super) struct Body {
    part: Part,
    pub(super) sha256: String,
    pub(super) bytes: u64,
}

impl Archive {
    /// Opens the folder, made if it is not there.
    pub(super) fn open(folder: &Path) -> Result<Archive, SourceError> {
        let parts = folder.join("parts");
        fs::create_dir_all(&parts).map_err(failed(&parts, "made"))?;
        let archive = Archive {
            folder: folder.to_path_buf(),
        };
        // What cannot be looked at or removed now is no harm.
        for entry in fs::read_dir(&parts).into_iter().flatten().flatten() {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let age = modified
                .ok()
                .and_then(|at| SystemTime::now().duration_since(at).ok());
            if age.is_some_and(|age| age > LEFT_BEHIND) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(archive)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Begins a body.
    pub(super) fn part(&self) -> Result<Part, SourceError> {
        let path = self.unused();
        let file = File::create_new(&path).map_err(failed(&path, "made"))?;
        Ok(Part {
            file,
            path,
            digest: Sha256::new(),
            bytes: 0,
        })
    }

    /// Keeps a body and where it came from.
    pub(super) fn keep(
        &self,
        key: &str,
        body: Body,
        provenance: &Provenance,
    ) -> Result<(), SourceError> {
        // Under its own content's name it may be there already, from another time or URL, or damaged.
        let place = self.body(provenance);
        make_parent(&place)?;
        let part = &body.part;
        part.file
            .sync_all()
            .map_err(failed(&part.path, "written"))?;
        fs::rename(&part.path, &place).map_err(failed(&place, "written"))?;
        let name = format!(
            "{}-{}-{:016x}.json",
            provenance.fetched_at.timestamp_micros(),
            provenance.status,
            provenance.id
        );
        self.write(&self.of_key(key).join(name), provenance)
    }

    /// Makes a response the newest good one of a request.
    pub(super) fn make_current(&self, key: &str, kept: &Kept) -> Result<(), SourceError> {
        self.write(&self.of_key(key).join("current.json"), kept)
    }

    /// The newest good response to a request, if its body is there and whole.
    pub(super) fn find(&self, key: &str) -> Result<Option<Kept>, SourceError> {
        let path = self.of_key(key).join("current.json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&path, "read")(error)),
        };
        let kept: Kept = serde_json::from_slice(&text).map_err(|error| SourceError::Damaged {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        let body = self.body(&kept.provenance);
        match digest_of(&body) {
            Ok(sha256) if sha256 == kept.provenance.sha256 => Ok(Some(kept)),
            Ok(_) => Err(SourceError::Damaged {
                path: body,
                reason: "its SHA-256 is no longer what its name says".to_owned(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&body, "read")(error)),
        }
    }

    /// Where a response's body is.
    pub(super) fn body(&self, provenance: &Provenance) -> PathBuf {
        let sha256 = &provenance.sha256;
        let shelf = sha256.get(..2).unwrap_or("00");
        self.folder.join("bodies").join(shelf).join(sha256)
    }

    fn of_key(&self, key: &str) -> PathBuf {
        let key = hexadecimal(&Sha256::digest(key));
        self.folder.join("responses").join(&key[..2]).join(key)
    }

    fn write(&self, path: &Path, value: &impl Serialize) -> Result<(), SourceError> {
        make_parent(path)?;
        let text = serde_json::to_vec_pretty(value).map_err(io::Error::from);
        let part = self.unused();
        let written = text.and_then(|text| {
            let mut file = File::create_new(&part)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&part, path)
        });
        written.map_err(|error| {
            let _ = fs::remove_file(&part);
            failed(path, "written")(error)
        })
    }

    /// A name under `parts/` that nobody else takes.
    fn unused(&self) -> PathBuf {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let now = Utc::now().timestamp_micros();
        self.folder
            .join("parts")
            .join(format!("{}-{now}-{number}", std::process::id()))
    }
}

impl Part {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends the body.
    pub(super) fn finish(self) -> Body {
        Body {
            sha256: hexadecimal(&self.digest.clone().finalize()),
            bytes: self.bytes,
            part: self,
        }
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Not there any more when it was kept.
        let _ = fs::remove_file(&self.path);
    }
}

impl Body {
    /// The text it begins with, on one line.
    pub(super) fn beginning(&self, longest: usize) -> String {
        let mut bytes = Vec::new();
        let read = File::open(&self.part.path)
            .and_then(|file| file.take(4 * longest as u64).read_to_end(&mut bytes));
        if read.is_err() {
            return String::new();
        }
        let text = String::from_utf8_lossy(&bytes);
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ").chars().take(longest).collect()
    }
}

/// An error of the system as one of the archive.
pub(super) fn failed(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> SourceError {
    move |source| SourceError::Archive {
        path: path.to_path_buf(),
        what,
        source,
    }
}

fn make_parent(path: &Path) -> Result<(), SourceError> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(failed(parent, "made"))
}

fn digest_of(path: &Path) -> io::Result<String> {
    let (mut file, mut digest) = (File::open(path)?, Sha256::new());
    io::copy(&mut file, &mut digest)?;
    Ok(hexadecimal(&digest.finalize()))
}
