//! Which failures are worth another attempt, and how long to wait before it.

use super::settings::Retries;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use std::time::{Duration, SystemTime};

/// Whether a status says that the same request may be answered later (RFC 9110, and 429 of RFC 6585).
pub(super) fn is_temporary(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// Whether a status says that the site does not want to answer us, however often it is asked.
pub(super) fn is_declined(status: StatusCode) -> bool {
    matches!(status.as_u16(), 401 | 403 | 407 | 451)
}

/// What `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3). Anything else says nothing.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

/// The waits between the attempts of one request: one fewer than attempts.
pub(super) fn waits(retries: &Retries) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_jitter()
        .with_min_delay(retries.first)
        .with_max_delay(retries.longest)
        .with_max_times(retries.attempts.saturating_sub(1))
        .build()
}

/// How often something was tried, in words.
pub(super) fn tried(attempts: usize) -> String {
    match attempts {
        0 | 1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(of("120"), Some(Duration::from_secs(120)));
        assert_eq!(of(" 0 "), Some(Duration::ZERO));
        assert_eq!(
            of("Sun, 06 Nov 1994 08:50:37 GMT"),
            Some(Duration::from_secs(60))
        );
        assert_eq!(of("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(of("soon"), None);
        assert_eq!(of("-5"), None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn waits_double_up_to_the_longest_and_are_scattered() {
        let retries = Retries {
            attempts: 6,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(4),
            patience: Duration::ZERO,
        };
        let waits: Vec<f64> = waits(&retries).map(|wait| wait.as_secs_f64()).collect();
        assert_eq!(waits.len(), 5);
        for (wait, least) in waits.iter().zip([1.0, 2.0, 4.0, 4.0, 4.0]) {
            assert!(*wait >= least && *wait <= 2.0 * least, "{waits:?}");
        }
    }
}
