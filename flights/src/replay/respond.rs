//! Answers on the wire: tags and dates, 304 where nothing changed, and the faults.

use super::faults::{ERROR_PAGE, Fault, hash};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use std::time::Duration;

/// When everything here was last changed: the day after the last flight of the sample. It stands for the providers' dates, which
/// the sample does not carry.
const LAST_MODIFIED: &str = "Wed, 01 Jan 2014 12:00:00 GMT";
/// Pieces of a slow body.
const PIECES: usize = 5;
/// Before each piece of a slow body.
const PAUSE: Duration = Duration::from_millis(200);

/// What a provider answers, before it is put on the wire.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) kind: &'static str,
    pub(super) body: Arc<[u8]>,
    /// Where to instead.
    pub(super) redirect: Option<String>,
    /// Whether a cut body ends as if it were whole.
    pub(super) ends_early: bool,
}

impl Answer {
    pub(super) fn of(kind: &'static str, body: impl Into<Arc<[u8]>>) -> Answer {
        Answer {
            status: StatusCode::OK,
            kind,
            body: body.into(),
            redirect: None,
            ends_early: false,
        }
    }

    pub(super) fn text(status: StatusCode, text: &str) -> Answer {
        Answer {
            status,
            ..Answer::of("text/plain; charset=utf-8", text.as_bytes())
        }
    }

    pub(super) fn missing() -> Answer {
        Answer::text(StatusCode::NOT_FOUND, "there is no such path")
    }

    pub(super) fn redirect(to: String) -> Answer {
        Answer {
            redirect: Some(to),
            ..Answer::text(StatusCode::FOUND, "")
        }
    }
}

pub(super) fn plain(status: StatusCode, text: &str) -> Response {
    (status, text.to_owned()).into_response()
}

/// The page to which [`Fault::ErrorPage`] redirects.
pub(super) fn error_page() -> Response {
    let page = "<html><head><title>Error</title></head><body><h1>We are sorry</h1><p>The page cannot be shown at this time.</p></body></html>";
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// The answer of a fault that needs none of the provider's.
pub(super) fn refusal(fault: Fault, provider: &str) -> Option<Response> {
    match fault {
        Fault::TooMany => {
            let wait = [(header::RETRY_AFTER, "1")];
            Some((StatusCode::TOO_MANY_REQUESTS, wait, "too many requests").into_response())
        }
        Fault::Unavailable => Some(plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "ERROR: server over capacity, please try later",
        )),
        Fault::ErrorPage => {
            let to = [(header::LOCATION, format!("/{provider}/{ERROR_PAGE}"))];
            Some((StatusCode::FOUND, to).into_response())
        }
        Fault::Wall => {
            let page = "<html><head><title>Access Denied</title></head><body><h1>Access Denied</h1></body></html>";
            let kind = [(header::CONTENT_TYPE, "text/html")];
            Some((StatusCode::FORBIDDEN, kind, page).into_response())
        }
        Fault::Slow | Fault::Cut | Fault::ChangedTag => None,
    }
}

/// Puts an answer on the wire.
pub(super) fn send(answer: Answer, asked: &HeaderMap, fault: Option<Fault>) -> Response {
    if let Some(to) = answer.redirect {
        return (answer.status, [(header::LOCATION, to)]).into_response();
    }
    if answer.status != StatusCode::OK {
        return (
            answer.status,
            [(header::CONTENT_TYPE, answer.kind)],
            answer.body.to_vec(),
        )
            .into_response();
    }
    let changed = if fault == Some(Fault::ChangedTag) {
        "-b"
    } else {
        ""
    };
    let tag = format!("\"{:016x}{changed}\"", hash(&answer.body));
    let mut head = HeaderMap::new();
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            head.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, answer.kind);
    set(header::ETAG, &tag);
    set(header::LAST_MODIFIED, LAST_MODIFIED);
    if fault != Some(Fault::ChangedTag) && is_known(asked, &tag) {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    let length = answer.body.len();
    let body = Bytes::from_owner(answer.body);
    let body = match fault {
        Some(Fault::Cut) if answer.ends_early => Body::from(half(&body)),
        Some(Fault::Cut) => {
            head.insert(header::CONTENT_LENGTH, length.into());
            cut(half(&body))
        }
        Some(Fault::Slow) => {
            head.insert(header::CONTENT_LENGTH, length.into());
            slow(body)
        }
        _ => Body::from(body),
    };
    (StatusCode::OK, head, body).into_response()
}

/// Whether the client has this very answer.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let text = |name| {
        asked
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    match text(header::IF_NONE_MATCH) {
        Some(tags) => tags
            .split(',')
            .any(|one| one.trim().trim_start_matches("W/") == tag),
        None => text(header::IF_MODIFIED_SINCE) == Some(LAST_MODIFIED),
    }
}

/// The pieces of a body, each after a pause.
fn slow(body: Bytes) -> Body {
    let piece = body.len().div_ceil(PIECES).max(1);
    Body::from_stream(stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(PAUSE).await;
        let next = rest.split_to(piece.min(rest.len()));
        Some((Ok::<Bytes, std::io::Error>(next), rest))
    }))
}

/// Half of a body, but not up to the end of a line, where nobody could see that more was to come.
fn half(body: &Bytes) -> Bytes {
    let mut end = body.len() / 2;
    while end > 0 && body[end - 1].is_ascii_whitespace() {
        end -= 1;
    }
    body.slice(..end)
}

/// A body that breaks off, after what came before is on its way.
fn cut(body: Bytes) -> Body {
    let broken = stream::once(async {
        tokio::time::sleep(PAUSE).await;
        Err(std::io::Error::other("the connection breaks off here"))
    });
    Body::from_stream(stream::once(async { Ok(body) }).chain(broken))
}
