//! [`Request`]: one URL to ask for, and what makes an answer a good one; [`Response`]: the answer, in the archive.

use super::archive::failed;
use super::{Provenance, SourceError};
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

type Check = dyn Fn(&Response) -> Result<(), String> + Send + Sync;

/// A URL to get.
#[derive(Clone)]
pub struct Request {
    pub(super) url: Url,
    pub(super) accept: Option<String>,
    check: Option<Arc<Check>>,
}

impl Request {
    /// Asks for this URL.
    ///
    /// # Errors
    /// When it is none, or is neither http nor https, or holds a password.
    pub fn new(url: &str) -> Result<Request, SourceError> {
        let mut parsed = Url::parse(url).map_err(|error| SourceError::Url {
            url: without_password(url),
            reason: error.to_string(),
        })?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(SourceError::Scheme {
                url: without_password(url),
            });
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(SourceError::Url {
                url: without_password(url),
                reason: "it holds a user or a password, which would be kept with the response"
                    .to_owned(),
            });
        }
        parsed.set_fragment(None);
        Ok(Request {
            url: parsed,
            accept: None,
            check: None,
        })
    }

    /// Says which media types are wanted, as the header `Accept` does.
    ///
    /// # Errors
    /// When it is no value of a header.
    pub fn accept(mut self, types: &str) -> Result<Request, SourceError> {
        if http::HeaderValue::from_str(types).is_err() {
            return Err(SourceError::Settings {
                what: "Accept",
                found: types.to_owned(),
                wanted: "media types, such as text/csv",
            });
        }
        self.accept = Some(types.to_owned());
        Ok(self)
    }

    /// What a good body is, beyond a status of success: some servers send an error page, or half of the data, with status 200.
    /// A body that does not pass is asked for again like a broken one, and never becomes the kept answer.
    #[must_use]
    pub fn check(
        mut self,
        check: impl Fn(&Response) -> Result<(), String> + Send + Sync + 'static,
    ) -> Request {
        self.check = Some(Arc::new(check));
        self
    }

    /// The URL.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    pub(super) fn passes(&self, response: &Response) -> Result<(), String> {
        self.check.as_ref().map_or(Ok(()), |check| check(response))
    }

    /// What tells one request of the archive from another.
    pub(super) fn key(&self) -> String {
        format!("{}\n{}", self.url, self.accept.as_deref().unwrap_or(""))
    }

    /// The same request for another URL.
    pub(super) fn at(&self, url: Url) -> Request {
        Request {
            url,
            ..self.clone()
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("url", &self.url.as_str())
            .field("accept", &self.accept)
            .finish_non_exhaustive()
    }
}

/// A URL as it may be told: what stands before an `@` may be a password.
pub(super) fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        (None, Some((_, rest))) => format!("…@{rest}"),
        (_, None) => url.to_owned(),
    }
}

/// An answer whose body is in the archive.
#[derive(Debug, Clone)]
pub struct Response {
    /// Where it came from.
    pub provenance: Provenance,
    /// Whether the body was in the archive before: it is still fresh, was said to be unchanged, or the client is offline.
    pub was_kept: bool,
    path: PathBuf,
}

impl Response {
    pub(super) fn new(provenance: Provenance, path: PathBuf, was_kept: bool) -> Response {
        Response {
            provenance,
            was_kept,
            path,
        }
    }

    /// The file of the body, decompressed if it was sent compressed. Not to be changed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the body for reading.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(&self) -> Result<File, SourceError> {
        File::open(&self.path).map_err(failed(&self.path, "opened"))
    }

    /// The whole body.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bytes(&self) -> Result<Vec<u8>, SourceError> {
        fs::read(&self.path).map_err(failed(&self.path, "read"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_plain_urls_of_the_web_are_requests() {
        for refused in [
            "",
            "example.org",
            "file:///etc/passwd",
            "ftp://a.example/",
            "https://user:secret@a.example/",
            "ftp://user:secret@a.example/",
            "https://user:secret@a b/",
        ] {
            let error = Request::new(refused).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        assert_eq!(
            Request::new("https://a.example/x#part").unwrap().url(),
            "https://a.example/x"
        );
        assert!(
            Request::new("https://a.example")
                .unwrap()
                .accept("a\nb")
                .is_err()
        );
    }
}
