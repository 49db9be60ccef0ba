//! The collection: from each provider over HTTP into both stores, one run a provider, so that one that declines or breaks
//! stops nobody else. A run that is killed or stopped goes on where it was; a run that was done finds nothing new.
//!
//! [`plan`] says what is asked for, [`run`] how one provider's run goes, and one file a provider what becomes of its answers.

mod bts;
mod faa;
mod iem;
mod ourairports;
pub mod plan;
mod run;
mod wikipedia;

pub use plan::{Plan, PlanError};

use crate::progress::Progress;
use crate::provider::{PROVIDERS, Provider};
use carnet::record::extract::ExtractError;
use carnet::source::{Client, RunReport, SourceError};
use carnet::store::collection::{Collecting, Outcome};
use carnet::store::{Store, StoreError};
use std::fmt;
use thiserror::Error;

/// Why a provider's run did not get to its end. What it had written stays, and the next run goes on from there.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CollectError {
    /// A response could not be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A response that is not what it should be.
    #[error("{url}: {reason}")]
    Body {
        /// Where it came from.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Airports are needed first.
    #[error(
        "the time zones of the origins are not known, and without them no clock time is an instant: collect from ourairports before"
    )]
    NoZones,
    /// Work that ended by a panic.
    #[error("reading a response ended unexpectedly: {reason}")]
    Ended {
        /// The reason.
        reason: String,
    },
}

/// What one provider's run came to.
#[derive(Debug)]
pub struct Collected {
    /// The provider.
    pub provider: &'static Provider,
    /// What was asked and written.
    pub report: RunReport,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, unless it is done.
    pub reason: Option<String>,
}

/// What a collection came to, provider by provider.
#[derive(Debug)]
pub struct CollectSummary {
    /// In the order they were asked.
    pub runs: Vec<Collected>,
}

impl CollectSummary {
    /// Whether every run is done.
    pub fn is_done(&self) -> bool {
        self.runs.iter().all(|run| run.outcome == Outcome::Done)
    }
}

impl fmt::Display for CollectSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, run) in self.runs.iter().enumerate() {
            let break_before = if index > 0 { "\n\n" } else { "" };
            let outcome = run.outcome.name();
            write!(f, "{break_before}{}: {outcome}", run.provider.title)?;
            if let Some(reason) = &run.reason {
                write!(f, ": {reason}")?;
            }
            write!(f, "\n{}", run.report)?;
        }
        Ok(())
    }
}

/// Collects what the plan says into a store whose tables are at [`crate::MIGRATIONS`]. `stop` ends it after what is being
/// written at that moment is kept or undone whole.
///
/// # Errors
/// When the store or the archive cannot be used at all. What a provider's run meets is in the summary.
pub async fn collect(
    store: &Store,
    plan: &Plan,
    progress: &Progress,
    stop: impl Future<Output = std::io::Result<()>>,
) -> Result<CollectSummary, CollectError> {
    let mut stop = std::pin::pin!(stop);
    let mut runs = Vec::new();
    for provider in PROVIDERS.into_iter().filter(|provider| plan.asks(provider)) {
        progress.note(&format!(
            "collecting from {} ({})",
            provider.title,
            plan.base_of(provider)
        ));
        if plan.again {
            store.forget_cursor(provider.name).await?;
        }
        let client = Client::new(plan.settings(provider)?)?;
        let mut collecting = Collecting::begin(store, &client, provider.name).await?;
        let ended = tokio::select! {
            ended = of_provider(provider, store, &mut collecting, plan, progress) => Some(ended),
            _ = &mut stop => None,
        };
        let (outcome, reason) = match &ended {
            Some(Ok(())) => (Outcome::Done, None),
            Some(Err(error)) => (outcome_of(error), Some(error.to_string())),
            None => (Outcome::Stopped, Some("interrupted".to_owned())),
        };
        let report = collecting.end(outcome, reason.clone()).await?;
        runs.push(Collected {
            provider,
            report,
            outcome,
            reason,
        });
        if ended.is_none() {
            break;
        }
    }
    Ok(CollectSummary { runs })
}

async fn of_provider(
    provider: &Provider,
    store: &Store,
    collecting: &mut Collecting,
    plan: &Plan,
    progress: &Progress,
) -> Result<(), CollectError> {
    match provider.name {
        "ourairports" => ourairports::collect(collecting, plan, progress).await,
        "faa" => faa::collect(collecting, plan, progress).await,
        "iem" => iem::collect(collecting, plan, progress).await,
        "bts" => bts::collect(collecting, store, plan, progress).await,
        "wikipedia" => wikipedia::collect(collecting, plan, progress).await,
        other => Err(CollectError::Body {
            url: other.to_owned(),
            reason: "no collector knows this provider".to_owned(),
        }),
    }
}

/// A budget, a pause or a site that declines stops a run; anything else is a failure.
fn outcome_of(error: &CollectError) -> Outcome {
    match error {
        CollectError::Source(
            SourceError::Budget { .. } | SourceError::Wait { .. } | SourceError::Declined { .. },
        ) => Outcome::Stopped,
        _ => Outcome::Failed,
    }
}

/// What a body that cannot be read is.
fn unreadable(url: &str) -> impl FnOnce(ExtractError) -> CollectError + '_ {
    move |error| body(url, error)
}

fn body(url: &str, reason: impl fmt::Display) -> CollectError {
    CollectError::Body {
        url: url.to_owned(),
        reason: reason.to_string(),
    }
}

/// Reads a body on a thread that may take its time.
async fn read<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CollectError> + Send + 'static,
) -> Result<T, CollectError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            Err(CollectError::Ended {
                reason: error.to_string(),
            })
        })
}
