//! Who publishes what this project collects: one file or folder a provider, with what it gives and on what terms
//! ([`Provider`]), the requests it needs ([`Request`], as data: sending them is not done here), and the parser from what it sends
//! to the project's records. Nothing here opens a connection or a database.

pub mod bts;
pub mod faa;
pub mod iem;
pub mod ourairports;
pub mod wikipedia;
mod zip_entry;

pub use zip_entry::{ENTRY_BYTES, ZipError};

use carnet::record::extract::ExtractError;
use std::time::Duration;

/// The airports whose departures this project is about.
pub const ORIGINS: [&str; 3] = ["EWR", "JFK", "LGA"];

/// A provider, in words: what the report of sources says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// Short name, also the folder of its responses and its path prefix in a replay.
    pub name: &'static str,
    /// Full name.
    pub title: &'static str,
    /// The scheme and host of its requests, without a slash at the end.
    pub base: &'static str,
    /// What it gives.
    pub gives: &'static str,
    /// How it is asked: addresses and method.
    pub access: &'static str,
    /// What comes back.
    pub structure: &'static str,
    /// The licence of the data.
    pub licence: &'static str,
    /// What it asks of those who ask it.
    pub terms: &'static str,
    /// The least time between two requests.
    pub gap: Duration,
    /// What is not collected, and why.
    pub refused: &'static [Refused],
}

/// What is not collected from a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// What.
    pub what: &'static str,
    /// Why.
    pub why: &'static str,
}

/// All providers, in the order they are collected: what others refer to comes first.
pub const PROVIDERS: [&Provider; 5] = [
    &ourairports::PROVIDER,
    &faa::PROVIDER,
    &iem::PROVIDER,
    &bts::PROVIDER,
    &wikipedia::PROVIDER,
];

/// A GET request, for a client to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The whole address.
    pub url: String,
    /// The `Accept` header.
    pub accept: &'static str,
}

impl Provider {
    /// A request for a path of this provider, below `base` when another is given, as a replay has.
    fn request(&self, base: Option<&str>, path: &str, accept: &'static str) -> Request {
        let base = base.unwrap_or(self.base).trim_end_matches('/');
        Request {
            url: format!("{base}{path}"),
            accept,
        }
    }
}

/// A declaration made once a process. It cannot fail: a test makes every one of them.
type Declared<T> = std::sync::LazyLock<Result<T, ExtractError>>;

/// The declaration, or why it cannot be used.
fn declared<T>(declaration: &'static Declared<T>) -> Result<&'static T, ExtractError> {
    declaration.as_ref().map_err(|error| match error {
        ExtractError::Declaration { record, problems } => ExtractError::Declaration {
            record,
            problems: problems.clone(),
        },
        other => ExtractError::Declaration {
            record: std::any::type_name::<T>(),
            problems: vec![other.to_string()],
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_provider_says_what_it_gives_and_on_what_terms() {
        for provider in PROVIDERS {
            for text in [
                provider.gives,
                provider.access,
                provider.structure,
                provider.licence,
                provider.terms,
            ] {
                assert!(text.len() > 20, "{}: {text:?}", provider.name);
            }
            assert!(!provider.refused.is_empty(), "{}", provider.name);
            assert!(provider.base.starts_with("https://") && !provider.base.ends_with('/'));
            assert!(provider.gap >= Duration::from_secs(1), "{}", provider.name);
        }
    }

    #[test]
    fn a_request_can_be_sent_to_a_replay_instead() {
        let request = bts::PROVIDER.request(Some("http://127.0.0.1:9/bts/"), "/x.zip", "*/*");
        assert_eq!(request.url, "http://127.0.0.1:9/bts/x.zip");
        assert_eq!(
            bts::month(None, 2013, 1).url,
            "https://transtats.bts.gov/PREZIP/On_Time_Reporting_Carrier_On_Time_Performance_1987_present_2013_1.zip"
        );
    }
}
