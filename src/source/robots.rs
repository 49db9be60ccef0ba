//! What robots.txt of an origin (scheme, host and port) allows (RFC 9309), read once for each and kept for a day at most.

use robotxt::{AccessResult, Agent, BYTE_LIMIT, Robots};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use url::Url;

/// How long a robots.txt is relied on (RFC 9309, 2.4).
const RELIED_ON: Duration = Duration::from_secs(24 * 3600);
/// How long one that could not be reached is not asked for again.
const UNREACHABLE: Duration = Duration::from_secs(600);
/// How long an old one stands in for one that cannot be reached.
const STAND_IN: Duration = Duration::from_secs(30 * 24 * 3600);
/// Redirects that are followed to one (RFC 9309, 2.3.1.2).
pub(super) const REDIRECTS: usize = 5;
/// Bytes of a robots.txt that are read at most.
pub(super) const LONGEST: u64 = BYTE_LIMIT as u64;

/// What fetching robots.txt gave.
#[derive(Debug)]
pub(super) enum Fetched {
    /// Its text.
    Text(Vec<u8>),
    /// A status of 4xx, or too many redirects: everything is allowed.
    Absent,
    /// A status of 5xx, or no answer: nothing is allowed, until it is known.
    Unreachable(String),
}

/// The rules of one origin.
#[derive(Debug)]
pub(super) struct Rules {
    robots: Robots,
    /// Why nothing is known.
    unreachable: Option<String>,
    read: Instant,
}

impl Rules {
    pub(super) fn new(fetched: Fetched, agent: &str) -> Rules {
        let agent = Agent::Exact(agent);
        let (robots, unreachable) = match fetched {
            Fetched::Text(text) => (
                Robots::from_access(AccessResult::Successful(&text), agent),
                None,
            ),
            Fetched::Absent => (Robots::from_access(AccessResult::Unavailable, agent), None),
            Fetched::Unreachable(reason) => (
                Robots::from_access(AccessResult::Unreachable, agent),
                Some(reason),
            ),
        };
        Rules {
            robots,
            unreachable,
            read: Instant::now(),
        }
    }

    /// Nothing, or why the URL may not be asked.
    pub(super) fn forbid(&self, url: &Url) -> Option<String> {
        if let Some(reason) = &self.unreachable {
            return Some(format!(
                "robots.txt of its site cannot be read ({reason}), and without it nothing is allowed"
            ));
        }
        if self.robots.is_url_allowed(url) {
            return None;
        }
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let rule = self.robots.matching_rule(&path);
        Some(format!(
            "robots.txt of its site says Disallow: {} for {}",
            rule.map_or("/", |rule| rule.pattern()),
            self.robots.user_agent()
        ))
    }

    /// The pause between two requests that it asks for.
    pub(super) fn delay(&self) -> Option<Duration> {
        self.robots.crawl_delay()
    }

    /// Whether they may be used without asking anew.
    pub(super) fn are_current(&self) -> bool {
        self.read.elapsed()
            < if self.unreachable.is_some() {
                UNREACHABLE
            } else {
                RELIED_ON
            }
    }

    /// Whether they are better than none when the file cannot be reached now (RFC 9309, 2.3.1.4).
    pub(super) fn can_stand_in(&self) -> bool {
        self.unreachable.is_none() && self.read.elapsed() < STAND_IN
    }
}

/// The rules of one origin: one task reads them, the others wait for it.
pub(super) type Cell = tokio::sync::Mutex<Option<Arc<Rules>>>;

/// The rules of all origins that were asked for.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<String, Arc<Cell>>>);

impl Known {
    pub(super) fn of(&self, url: &Url) -> Arc<Cell> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let origin = url.origin().ascii_serialization();
        Arc::clone(known.entry(origin).or_default())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn forbidden(fetched: Fetched, url: &str) -> Option<String> {
        Rules::new(fetched, "late-flights").forbid(&Url::parse(url).unwrap())
    }

    #[test]
    fn the_group_that_names_us_counts_and_else_that_for_all() {
        let text = "User-agent: *\nDisallow: /\n\nUser-agent: Late-Flights\nDisallow: /private\nAllow: /private/open\nCrawl-delay: 2\n";
        let rules = Rules::new(Fetched::Text(text.into()), "late-flights");
        let forbid = |url| rules.forbid(&Url::parse(url).unwrap());
        assert_eq!(forbid("http://a.example/data?x=1"), None);
        assert_eq!(forbid("http://a.example/private/open/1"), None);
        let reason = forbid("http://a.example/private/x").unwrap();
        assert!(reason.contains("Disallow: /private"), "{reason}");
        assert_eq!(rules.delay(), Some(Duration::from_secs(2)));
        let other = Rules::new(Fetched::Text(text.into()), "other");
        assert!(
            other
                .forbid(&Url::parse("http://a.example/data").unwrap())
                .is_some()
        );
    }

    #[test]
    fn without_a_file_all_is_allowed_and_without_an_answer_nothing() {
        assert_eq!(forbidden(Fetched::Absent, "http://a.example/x"), None);
        let reason = forbidden(
            Fetched::Unreachable("status 503".into()),
            "http://a.example/x",
        );
        assert!(reason.unwrap().contains("status 503"));
    }
}
