//! One attempt at one request: each hop of its redirects is looked at, paced, counted and limited like a request of its own.

use super::archive::{Body, Kept};
use super::body::{BodyError, Receiver};
use super::client::Client;
use super::provenance::Provenance;
use super::retry::{is_declined, is_temporary, retry_after, tried};
use super::{Request, SourceError, robots};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use std::error::Error;
use std::time::{Duration, SystemTime};
use url::Url;

/// Bytes of a failed answer's body that are kept.
const FAILED_BODY: u64 = 1 << 16;
/// Characters of a failed answer's text that are told.
const TOLD: usize = 200;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// What was asked for: as the settings say.
    Data,
    /// The rules themselves: asked without looking at any, and cut where they need not be read further.
    Robots,
}

/// What is asked, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) request: &'a Request,
    pub(super) purpose: Purpose,
    /// The headers that ask whether what is kept is still good, and what is kept.
    pub(super) validators: Option<(&'a HeaderMap, &'a Kept)>,
}

/// A good answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// A body that is on disk, not yet kept.
    Whole(Body, Box<Provenance>),
    /// What is kept is what the server has (304): its headers, and when it said so.
    Unchanged(Vec<(String, String)>, DateTime<Utc>),
}

/// Why an attempt failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another attempt would fail too.
    Final(SourceError),
    /// Another attempt may succeed.
    Temporary(Trouble),
}

/// What may be over at the next attempt.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) kind: TroubleKind,
    /// How long this host asked to be left alone.
    pub(super) wait: Option<(String, Duration)>,
}

/// What an attempt met.
#[derive(Debug)]
pub(super) enum TroubleKind {
    /// A status, and the beginning of its text.
    Status(u16, String),
    /// The network's reason.
    Network(String),
    /// What is wrong with the body.
    Unfit(String),
}

impl Trouble {
    pub(super) fn into_error(self, url: &str, attempts: usize) -> SourceError {
        let (url, tried) = (url.to_owned(), tried(attempts));
        match self.kind {
            TroubleKind::Status(status, said) => SourceError::Status {
                url,
                status,
                tried,
                said,
            },
            TroubleKind::Network(reason) => SourceError::Network { url, tried, reason },
            TroubleKind::Unfit(reason) => SourceError::Unfit { url, tried, reason },
        }
    }
}

impl From<TroubleKind> for Failure {
    fn from(kind: TroubleKind) -> Failure {
        Failure::Temporary(Trouble { kind, wait: None })
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Failure {
        Failure::Final(error)
    }
}

fn network(reason: String) -> Failure {
    TroubleKind::Network(reason).into()
}

/// What another attempt would meet again.
fn useless(url: &Url, reason: String) -> Failure {
    Failure::Final(SourceError::Network {
        url: url.to_string(),
        tried: tried(1),
        reason,
    })
}

/// One hop's answer.
enum Hop {
    Next(Url),
    Last(Answer),
}

impl Client {
    /// Asks once, and follows redirects.
    pub(super) async fn attempt(&self, question: Question<'_>) -> Result<Answer, Failure> {
        let limits = self.settings().limits;
        let most = match question.purpose {
            Purpose::Data => limits.redirects,
            Purpose::Robots => limits.redirects.max(robots::REDIRECTS),
        };
        let mut passed: Vec<Url> = Vec::new();
        let mut url = question.request.url.clone();
        loop {
            self.may_ask(&url, question.purpose).await?;
            let host = host_of(&url);
            let turn = self.turn(&url, &host).await?;
            self.spend(&url, &host)?;
            let hop = self.hop(question, &url, &passed, || turn.answered());
            let hop = tokio::time::timeout(limits.attempt, hop).await;
            let hop = hop.unwrap_or_else(|_| {
                let limit = limits.attempt.as_secs();
                Err(network(format!("no whole answer within {limit} s")))
            });
            let next = match hop? {
                Hop::Last(answer) => return Ok(answer),
                Hop::Next(next) => next,
            };
            if passed.len() == most {
                return Err(Failure::Final(SourceError::Redirects {
                    url: question.request.url.to_string(),
                    redirects: most,
                    last: next.to_string(),
                }));
            }
            passed.push(std::mem::replace(&mut url, next));
        }
    }

    async fn hop(
        &self,
        question: Question<'_>,
        url: &Url,
        passed: &[Url],
        answered: impl Fn(),
    ) -> Result<Hop, Failure> {
        // What is kept came from one place, and only that place can say whether it is still good.
        let kept_here = question
            .validators
            .filter(|(_, kept)| kept.provenance.final_url == url.as_str());
        let headers = kept_here.map_or_else(
            || super::freshness::plain(question.request),
            |(headers, _)| headers.clone(),
        );
        let sent = self.http().get(url.clone()).headers(headers);
        let sent = sent
            .header(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))
            .send()
            .await;
        answered();
        let response = sent.map_err(|error| refused_or_broken(url, &error))?;
        let at = Utc::now();
        let status = response.status();
        if is_redirect(status) {
            return Ok(Hop::Next(next_hop(url, response.headers())?));
        }
        if status == StatusCode::NOT_MODIFIED && kept_here.is_some() {
            return Ok(Hop::Last(Answer::Unchanged(
                text_headers(response.headers()),
                at,
            )));
        }
        let wait = retry_after(response.headers(), SystemTime::now());
        let mut provenance = Provenance {
            id: 0,
            url: question.request.url.to_string(),
            final_url: url.to_string(),
            redirects: passed.iter().map(Url::to_string).collect(),
            fetched_at: at,
            status: status.as_u16(),
            headers: text_headers(response.headers()),
            sha256: String::new(),
            bytes: 0,
            complete: true,
        };
        if status.is_success() {
            let cut = (question.purpose == Purpose::Robots).then_some(robots::LONGEST);
            let (body, complete) = self.receive(url, response, cut).await?;
            provenance.complete = complete;
            provenance.describe(&body);
            return Ok(Hop::Last(Answer::Whole(body, Box::new(provenance))));
        }
        // A failure is told with what came of its text, also when that is cut.
        let said = match self.receive(url, response, Some(FAILED_BODY)).await {
            Ok((body, complete)) => {
                let said = body.beginning(TOLD);
                provenance.complete = complete;
                provenance.describe(&body);
                self.keep(question.request, body, provenance).await?;
                said
            }
            Err(Failure::Final(
                error @ (SourceError::Budget { .. } | SourceError::Archive { .. }),
            )) => {
                return Err(Failure::Final(error));
            }
            Err(_) => String::new(),
        };
        if is_declined(status) {
            return Err(Failure::Final(SourceError::Declined {
                url: url.to_string(),
                status: status.as_u16(),
                said,
            }));
        }
        let trouble = Trouble {
            kind: TroubleKind::Status(status.as_u16(), said),
            wait: wait.map(|wait| (host_of(url), wait)),
        };
        if is_temporary(status) {
            return Err(Failure::Temporary(trouble));
        }
        Err(Failure::Final(trouble.into_error(url.as_str(), 1)))
    }

    /// Receives the body, or its beginning when it may be cut there: whether it is whole.
    async fn receive(
        &self,
        url: &Url,
        response: reqwest::Response,
        cut: Option<u64>,
    ) -> Result<(Body, bool), Failure> {
        let host = host_of(url);
        let too_large = |reason| {
            Failure::Final(SourceError::TooLarge {
                url: url.to_string(),
                reason,
            })
        };
        let failed = |error: BodyError| match error {
            BodyError::TooLarge(reason) => too_large(reason),
            BodyError::Archive(source) => Failure::Final(SourceError::Archive {
                path: self.archive().folder().to_path_buf(),
                what: "written",
                source,
            }),
            BodyError::Encoding(_) => useless(url, error.to_string()),
            BodyError::Broken(_) => network(error.to_string()),
        };
        let limits = self.settings().limits;
        let length = response
            .content_length()
            .filter(|length| *length > limits.body);
        if let (Some(length), None) = (length, cut) {
            let limit = limits.body;
            return Err(too_large(format!(
                "its body has {length} bytes, more than {limit}"
            )));
        }
        let encoding = response.headers().get(CONTENT_ENCODING);
        let encoding = encoding.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let part = self.archive().part()?;
        let mut receiver = Receiver::new(part, encoding.as_deref(), limits).map_err(failed)?;
        let mut stream = response.bytes_stream();
        let mut received = 0;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| refused_or_broken(url, &error))?;
            received += chunk.len() as u64;
            self.received(url, &host, chunk.len() as u64)?;
            receiver.take(&chunk).map_err(failed)?;
            if cut.is_some_and(|cut| received > cut) {
                return Ok((receiver.cut().map_err(failed)?, false));
            }
        }
        Ok((receiver.finish().map_err(failed)?, true))
    }
}

/// A host's name as reports show it: with its port, when that is not the scheme's own.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn next_hop(url: &Url, headers: &HeaderMap) -> Result<Url, Failure> {
    let Some(location) = headers.get(LOCATION) else {
        return Err(useless(
            url,
            "a redirect that does not say where to".to_owned(),
        ));
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    let mut next = url.join(&location).map_err(|error| {
        useless(
            url,
            format!("a redirect to {location}, which is no URL: {error}"),
        )
    })?;
    if !next.username().is_empty() || next.password().is_some() {
        let place = host_of(&next);
        return Err(useless(
            url,
            format!("a redirect to {place} with a user or a password, which is not followed"),
        ));
    }
    next.set_fragment(None);
    Ok(next)
}

fn text_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect()
}

/// A failure to connect, to send or to receive; one of them is ours, since names that lead inside are not connected to.
fn refused_or_broken(url: &Url, error: &reqwest::Error) -> Failure {
    let mut reasons = Vec::new();
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(inside) = error.downcast_ref::<super::address::LeadsInside>() {
            return Failure::Final(SourceError::PrivateAddress {
                url: url.to_string(),
                address: format!("{} ({})", inside.address, inside.name),
            });
        }
        reasons.push(error.to_string());
        cause = error.source();
    }
    if reasons.is_empty() {
        reasons.push(error.to_string());
    }
    if error.is_timeout() {
        reasons.insert(0, "it took too long".to_owned());
    }
    reasons.dedup();
    let reason = reasons.join(": ");
    // A request that cannot even be written.
    if error.is_builder() {
        useless(url, reason)
    } else {
        network(reason)
    }
}
