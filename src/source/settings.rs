//! [`Settings`]: who asks, how fast, how long and how much; every limit has a default that a site's owner would be content with.

use super::SourceError;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::{Host, Url};

/// How a [`Client`](super::Client) behaves. Made by [`Settings::new`], changed by the methods, each of which gives the changed
/// settings back.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) agent: String,
    pub(super) name: String,
    pub(super) archive: PathBuf,
    pub(super) offline: bool,
    pub(super) obey_robots: bool,
    pub(super) private: Vec<Authority>,
    pub(super) pace: Pace,
    pub(super) retries: Retries,
    pub(super) budget: Budget,
    pub(super) limits: Limits,
}

/// How fast one host is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// The least time between the starts of two requests to one host.
    pub interval: Duration,
    /// Requests to one host that may be under way at once.
    pub concurrency: usize,
    /// How many times the host's usual latency to wait between two requests, when that is longer than `interval`: a host
    /// that answers slowly is asked more slowly.
    pub slowing: f64,
    /// The longest such wait, and the longest `Crawl-delay` that is waited for.
    pub longest: Duration,
}

/// How a request is tried again after 429, 5xx, a timeout or a broken body.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retries {
    /// Attempts in all, the first included.
    pub attempts: usize,
    /// The wait before the second attempt; it doubles with each further one, and up to as much again is added by chance.
    pub first: Duration,
    /// The longest wait between two attempts of our own choice, before chance adds to it.
    pub longest: Duration,
    /// The longest `Retry-After` that is waited for; a longer one ends the request.
    pub patience: Duration,
}

/// What all requests of one client may take together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Requests sent, redirects, retries and robots.txt included.
    pub requests: u64,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// Time since the client was made.
    pub time: Duration,
}

/// What one request may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Bytes of a body as they are sent.
    pub body: u64,
    /// Bytes of a body once it is decompressed.
    pub content: u64,
    /// How many times larger than sent a body may become when it is decompressed, once it is above one mebibyte.
    pub expansion: u64,
    /// Redirects in a row.
    pub redirects: usize,
    /// Time to connect.
    pub connect: Duration,
    /// Time without any byte.
    pub silence: Duration,
    /// Time for one attempt as a whole.
    pub attempt: Duration,
}

/// A host, with a port when only that one is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authority {
    pub(super) host: Host<String>,
    pub(super) port: Option<u16>,
}

impl Settings {
    /// Settings of a tool named so (`late-flights/1.2`), whose operator can be reached there: a URL or a mail address. Both
    /// are in the User-Agent of every request, so that a site's owner knows whom to ask to stop.
    ///
    /// # Errors
    /// When the name is not a product as HTTP writes one (letters, digits and `-_.`, then perhaps `/` and a version), or the
    /// contact is neither an address with `@` nor a URL.
    pub fn new(name: &str, contact: &str) -> Result<Settings, SourceError> {
        let wrong = |what, found: &str, wanted| SourceError::Settings {
            what,
            found: found.to_owned(),
            wanted,
        };
        let (product, version) = name.split_once('/').unwrap_or((name, "1"));
        let is_token = |text: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        if !is_token(product) || !is_token(version) {
            return Err(wrong("name", name, "such as late-flights/1.2"));
        }
        let is_mail = contact
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
        let is_url = Url::parse(contact)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let is_plain = contact
            .chars()
            .all(|c| c.is_ascii_graphic() && !matches!(c, '(' | ')'));
        if !is_plain || !(is_mail || is_url) {
            let wanted = "a mail address or the URL of a page that says who runs the tool";
            return Err(wrong("contact", contact, wanted));
        }
        Ok(Settings {
            agent: format!(
                "{product}/{version} ({contact}) carnet/{}",
                env!("CARGO_PKG_VERSION")
            ),
            name: product.to_owned(),
            archive: PathBuf::from("data/archive"),
            offline: false,
            obey_robots: true,
            private: Vec::new(),
            pace: Pace {
                interval: Duration::from_secs(1),
                concurrency: 1,
                slowing: 1.0,
                longest: Duration::from_secs(60),
            },
            retries: Retries {
                attempts: 5,
                first: Duration::from_secs(1),
                longest: Duration::from_secs(60),
                patience: Duration::from_secs(600),
            },
            budget: Budget {
                requests: 1_000,
                bytes: 4 << 30,
                time: Duration::from_secs(6 * 3600),
            },
            limits: Limits {
                body: 1 << 30,
                content: 2 << 30,
                expansion: 100,
                redirects: 5,
                connect: Duration::from_secs(20),
                silence: Duration::from_secs(60),
                attempt: Duration::from_secs(1800),
            },
        })
    }

    /// Keeps responses in this folder [`data/archive`].
    #[must_use]
    pub fn archive(mut self, folder: impl AsRef<Path>) -> Settings {
        self.archive = folder.as_ref().to_path_buf();
        self
    }

    /// Sends nothing: answers from the archive, or fails.
    #[must_use]
    pub fn offline(mut self, offline: bool) -> Settings {
        self.offline = offline;
        self
    }

    /// Does not ask for robots.txt: for a server of your own.
    #[must_use]
    pub fn ignore_robots(mut self) -> Settings {
        self.obey_robots = false;
        self
    }

    /// Lets requests go to this host or `HOST:PORT` although its address is private. Without, no address of a private network
    /// is ever connected to, whatever a page or a redirect says.
    ///
    /// # Errors
    /// When it is no host.
    pub fn allow_private(mut self, authority: &str) -> Result<Settings, SourceError> {
        let parsed: Option<http::uri::Authority> = authority.parse().ok();
        let parsed = parsed.filter(|_| !authority.contains('@'));
        let host = parsed
            .as_ref()
            .and_then(|parsed| Host::parse(parsed.host()).ok());
        let port = parsed.as_ref().and_then(|parsed| parsed.port_u16());
        let has_port = !authority.ends_with(']') && authority.rsplit_once(':').is_some();
        let Some(host) = host.filter(|_| has_port == port.is_some()) else {
            return Err(SourceError::Settings {
                what: "private host",
                found: authority.to_owned(),
                wanted: "HOST or HOST:PORT",
            });
        };
        self.private.push(Authority { host, port });
        Ok(self)
    }

    /// Sets how fast one host is asked.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Settings {
        self.pace = pace;
        self
    }

    /// Sets the least time between two requests to one host.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Settings {
        self.pace.interval = interval;
        self
    }

    /// Sets how a request is tried again.
    #[must_use]
    pub fn retries(mut self, retries: Retries) -> Settings {
        self.retries = retries;
        self
    }

    /// Sets what all requests may take together.
    #[must_use]
    pub fn budget(mut self, budget: Budget) -> Settings {
        self.budget = budget;
        self
    }

    /// Sets what one request may take.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Settings {
        self.limits = limits;
        self
    }

    /// How fast one host is asked.
    pub fn current_pace(&self) -> Pace {
        self.pace
    }

    /// How a request is tried again.
    pub fn current_retries(&self) -> Retries {
        self.retries
    }

    /// What all requests may take together.
    pub fn current_budget(&self) -> Budget {
        self.budget
    }

    /// What one request may take.
    pub fn current_limits(&self) -> Limits {
        self.limits
    }

    /// The User-Agent of every request.
    pub fn agent(&self) -> &str {
        &self.agent
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_agent_names_the_tool_and_the_contact() {
        let settings = Settings::new("late-flights/1.2", "https://example.org/bot").unwrap();
        assert!(
            settings
                .agent()
                .starts_with("late-flights/1.2 (https://example.org/bot) carnet/")
        );
        assert!(Settings::new("late-flights", "ops@example.org").is_ok());
    }

    #[test]
    fn nobody_asks_without_a_name_and_a_contact() {
        for (name, contact) in [
            ("", "ops@example.org"),
            ("a b", "ops@example.org"),
            ("a\r\nX: 1", "ops@example.org"),
            ("tool", ""),
            ("tool", "nobody"),
            ("tool", "ftp://example.org"),
            ("tool", "ops@example.org\r\nX: 1"),
        ] {
            assert!(
                Settings::new(name, contact).is_err(),
                "{name:?} {contact:?}"
            );
        }
    }

    #[test]
    fn a_private_host_is_allowed_with_or_without_its_port() {
        let of = |text: &str| {
            let settings = Settings::new("tool", "ops@example.org").unwrap();
            settings
                .allow_private(text)
                .map(|settings| settings.private[0].port)
        };
        assert_eq!(of("localhost").unwrap(), None);
        assert_eq!(of("127.0.0.1:8080").unwrap(), Some(8080));
        assert_eq!(of("127.0.0.1:80").unwrap(), Some(80));
        assert_eq!(of("[::1]:9").unwrap(), Some(9));
        assert_eq!(of("[::1]").unwrap(), None);
        for wrong in [
            "",
            "a b",
            "127.0.0.1:8080/",
            "127.0.0.1:port",
            "http://127.0.0.1",
            "user@localhost",
            "::1",
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
