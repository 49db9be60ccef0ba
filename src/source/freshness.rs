//! Whether a kept response may be used as it is, or what its server has to be asked (RFC 9111).

use super::Request;
use super::archive::Kept;
use http::header::{ACCEPT, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use http::{HeaderMap, HeaderValue, Method};
use http_cache_semantics::{BeforeRequest, CacheOptions, CachePolicy};
use std::time::SystemTime;

/// What to do about a kept response.
#[derive(Debug)]
pub(super) enum Freshness {
    /// Use it: its server said for how long.
    Fresh,
    /// Ask with these headers, which make an unchanged body come as a 304.
    Ask(HeaderMap),
}

/// Whether a kept response is fresh now.
pub(super) fn freshness(request: &Request, kept: &Kept, now: SystemTime) -> Freshness {
    let asked = asked(request);
    let mut answered = http::Response::new(());
    *answered.status_mut() = http::StatusCode::OK;
    *answered.headers_mut() = headers_of(&kept.headers);
    // A private cache that guesses nothing: what a server does not call fresh is asked about.
    let options = CacheOptions {
        shared: false,
        cache_heuristic: 0.0,
        ..CacheOptions::default()
    };
    let policy = CachePolicy::new_options(&asked, &answered, kept.checked_at.into(), options);
    // How long a redirect to it is good for, its server did not say.
    let is_direct = kept.provenance.final_url == request.url.as_str();
    match policy.before_request(&asked, now) {
        BeforeRequest::Fresh(_) if is_direct => Freshness::Fresh,
        BeforeRequest::Fresh(_) => Freshness::Ask(validators(kept, asked.headers())),
        BeforeRequest::Stale { request, .. } => Freshness::Ask(request.headers),
    }
}

/// The headers of a request with the validators of what is kept.
fn validators(kept: &Kept, plain: &HeaderMap) -> HeaderMap {
    let (mut headers, answered) = (plain.clone(), headers_of(&kept.headers));
    for (answer, question) in [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)] {
        if let Some(value) = answered.get(answer) {
            headers.insert(question, value.clone());
        }
    }
    headers
}

/// The request as it is sent without validators.
fn asked(request: &Request) -> http::Request<()> {
    let mut asked = http::Request::new(());
    *asked.method_mut() = Method::GET;
    if let Ok(uri) = request.url.as_str().parse() {
        *asked.uri_mut() = uri;
    }
    *asked.headers_mut() = plain(request);
    asked
}

/// The headers of a request without validators.
pub(super) fn plain(request: &Request) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let accept = request.accept.as_deref().unwrap_or("*/*");
    if let Ok(value) = HeaderValue::from_str(accept) {
        headers.insert(ACCEPT, value);
    }
    headers
}

fn headers_of(kept: &[(String, String)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in kept {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            headers.append(name, value);
        }
    }
    headers
}
