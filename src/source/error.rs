//! What can go wrong with a source, each with what was asked, what was found, and what to do.

use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// Why a response could not be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Settings that mean nothing.
    #[error("the {what} {found:?} cannot be used: give {wanted}")]
    Settings {
        /// Which setting.
        what: &'static str,
        /// What was given.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// No URL.
    #[error("{url:?} is not a URL ({reason}): give one that begins with https:// or http://")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A URL of another kind, from a page or a redirect perhaps.
    #[error("{url} is not asked: only http and https are")]
    Scheme {
        /// The URL.
        url: String,
    },
    /// An address inside a network.
    #[error(
        "{url} is not asked: {address} is not an address of the public internet; if you mean it, allow it by Settings::allow_private"
    )]
    PrivateAddress {
        /// The URL.
        url: String,
        /// The address, or the host.
        address: String,
    },
    /// What robots.txt forbids.
    #[error("{url} is not asked: {reason}")]
    Robots {
        /// The URL.
        url: String,
        /// The rule of robots.txt, or why there is none.
        reason: String,
    },
    /// The site does not want to answer us.
    #[error(
        "{url} is declined by its site (status {status}: {said}): it is not asked again; see whether it offers the data another way"
    )]
    Declined {
        /// The URL.
        url: String,
        /// 401, 403, 407 or 451.
        status: u16,
        /// The beginning of the answer's text.
        said: String,
    },
    /// Another answer than one with a body.
    #[error("{url} answered with status {status} {tried}: {said}")]
    Status {
        /// The URL.
        url: String,
        /// Its status.
        status: u16,
        /// How often it was asked, in words.
        tried: String,
        /// The beginning of the answer's text.
        said: String,
    },
    /// The network.
    #[error("{url} cannot be had {tried}: {reason}")]
    Network {
        /// The URL.
        url: String,
        /// How often it was asked, in words.
        tried: String,
        /// The reason of the last attempt.
        reason: String,
    },
    /// A body that is not what was asked for.
    #[error("{url} sent something else {tried}: {reason}")]
    Unfit {
        /// The URL.
        url: String,
        /// How often it was asked, in words.
        tried: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A body above a limit.
    #[error("{url} is refused: {reason}; raise Settings::limits if you trust it")]
    TooLarge {
        /// The URL.
        url: String,
        /// Which limit, and how far it was passed.
        reason: String,
    },
    /// Redirects without end.
    #[error("{url} is redirected {redirects} times and more, last to {last}: it is given up")]
    Redirects {
        /// The URL that was asked.
        url: String,
        /// The limit.
        redirects: usize,
        /// Where it would have gone next.
        last: String,
    },
    /// A host that asks for more patience than allowed.
    #[error(
        "{url} is to be asked again in {} s, which is more than the {} s that were allowed: come back then", wait.as_secs(), patience.as_secs()
    )]
    Wait {
        /// The URL.
        url: String,
        /// What its host asks for.
        wait: Duration,
        /// What is allowed.
        patience: Duration,
    },
    /// The budget is used up.
    #[error("{url} is not asked: {used}; what is kept stays, and the next run goes on from there")]
    Budget {
        /// The URL.
        url: String,
        /// Which budget, and how it was used.
        used: String,
    },
    /// Offline, and nothing kept.
    #[error("{url} is not in the archive {archive}, and the client is offline: ask once online")]
    NotKept {
        /// The URL.
        url: String,
        /// The archive's folder.
        archive: PathBuf,
    },
    /// The archive cannot be read or written.
    #[error("the archive's {path} cannot be {what}: {source}")]
    Archive {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A kept body that has changed since.
    #[error("{path} is damaged: {reason}; remove it, and it is asked for again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Pages that lead nowhere new.
    #[error("page {page} of {url} leads in a circle ({reason}): what came before it is kept")]
    Loop {
        /// The URL of the page.
        url: String,
        /// Its number, from 1.
        page: usize,
        /// What came again.
        reason: String,
    },
    /// A client that cannot be made.
    #[error("no HTTP client can be made here: {reason}")]
    Client {
        /// The reason.
        reason: String,
    },
}
