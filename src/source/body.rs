//! Receiving a body: to the archive as it comes, decompressed on the way, and refused as soon as it passes a limit.

use super::archive::{Body, Part};
use super::settings::Limits;
use flate2::write::MultiGzDecoder;
use std::io::{self, Write};
use thiserror::Error;

/// Below this many bytes a body may be as compressible as it likes.
const ALWAYS_FINE: u64 = 1 << 20;

/// Why a body was not received.
#[derive(Debug, Error)]
pub(super) enum BodyError {
    /// Above a limit.
    #[error("{0}")]
    TooLarge(String),
    /// Compressed in a way that was not asked for.
    #[error("its Content-Encoding is {0}, and only gzip was offered")]
    Encoding(String),
    /// Not what its encoding says, or cut.
    #[error("its gzip stream is broken or cut: {0}")]
    Broken(io::Error),
    /// The archive does not take it.
    #[error("{0}")]
    Archive(io::Error),
}

/// A body on its way.
#[derive(Debug)]
pub(super) struct Receiver {
    into: Into,
    limits: Limits,
    sent: u64,
}

#[derive(Debug)]
enum Into {
    Plain(Limited),
    Gzip(Box<MultiGzDecoder<Limited>>),
}

/// A part that takes only so much.
#[derive(Debug)]
struct Limited {
    /// Taken at the end.
    part: Option<Part>,
    /// Bytes it may still become, given what was sent so far.
    limit: u64,
    passed: bool,
    failed: Option<io::Error>,
}

impl Receiver {
    pub(super) fn new(
        part: Part,
        encoding: Option<&str>,
        limits: Limits,
    ) -> Result<Receiver, BodyError> {
        let limited = Limited {
            part: Some(part),
            limit: limits.content,
            passed: false,
            failed: None,
        };
        let into = match encoding
            .map(|text| text.trim().to_ascii_lowercase())
            .as_deref()
        {
            None | Some("" | "identity") => Into::Plain(limited),
            Some("gzip" | "x-gzip") => Into::Gzip(Box::new(MultiGzDecoder::new(limited))),
            Some(other) => return Err(BodyError::Encoding(other.to_owned())),
        };
        Ok(Receiver {
            into,
            limits,
            sent: 0,
        })
    }

    /// Takes the next bytes of the body.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), BodyError> {
        self.sent += bytes.len() as u64;
        if self.sent > self.limits.body {
            let limit = self.limits.body;
            return Err(BodyError::TooLarge(format!(
                "its body has more than {limit} bytes"
            )));
        }
        match &mut self.into {
            Into::Plain(limited) => {
                let written = limited.write_all(bytes);
                limited.outcome(written, &self.limits)
            }
            Into::Gzip(decoder) => {
                let expanded = self
                    .sent
                    .saturating_mul(self.limits.expansion)
                    .max(ALWAYS_FINE);
                decoder.get_mut().limit = self.limits.content.min(expanded);
                let written = decoder.write_all(bytes);
                decoder.get_mut().outcome(written, &self.limits)
            }
        }
    }

    /// Ends the body.
    pub(super) fn finish(mut self) -> Result<Body, BodyError> {
        if let Into::Gzip(decoder) = &mut self.into {
            let ended = decoder.try_finish();
            decoder.get_mut().outcome(ended, &self.limits)?;
        }
        self.end()
    }

    /// Ends the body where it is: what was sent so far is enough.
    pub(super) fn cut(mut self) -> Result<Body, BodyError> {
        if let Into::Gzip(decoder) = &mut self.into {
            let flushed = decoder.flush();
            decoder.get_mut().outcome(flushed, &self.limits)?;
        }
        self.end()
    }

    fn end(mut self) -> Result<Body, BodyError> {
        let limited = match &mut self.into {
            Into::Plain(limited) => limited,
            Into::Gzip(decoder) => decoder.get_mut(),
        };
        let part = limited.part.take();
        part.map(Part::finish)
            .ok_or_else(|| BodyError::Archive(io::Error::other("it was ended before")))
    }
}

impl Limited {
    /// What a write through the decoder came to.
    fn outcome(&mut self, written: io::Result<()>, limits: &Limits) -> Result<(), BodyError> {
        let Err(error) = written else { return Ok(()) };
        if self.passed {
            return Err(BodyError::TooLarge(if self.limit < limits.content {
                format!(
                    "its body grows more than {} times when it is decompressed",
                    limits.expansion
                )
            } else {
                format!(
                    "its body has more than {} bytes once decompressed",
                    limits.content
                )
            }));
        }
        Err(match self.failed.take() {
            Some(error) => BodyError::Archive(error),
            None => BodyError::Broken(error),
        })
    }
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(part) = &mut self.part else {
            return Err(io::Error::other("the body has ended"));
        };
        if part.bytes() + bytes.len() as u64 > self.limit {
            self.passed = true;
            return Err(io::Error::other("above the limit"));
        }
        part.write(bytes).map_err(|error| {
            self.failed = Some(error);
            io::Error::other("not written")
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.part.as_mut().map_or(Ok(()), Part::flush)
    }
}
