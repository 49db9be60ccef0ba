//! [`Plan`]: which providers are asked, for which period, and in whose name.

use crate::provider::{PROVIDERS, Provider};
use carnet::source::{Budget, Settings, SourceError};
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// What is collected.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Whom a site's owner can write to: a mail address or a URL.
    pub contact: String,
    /// A server that stands in for all providers, such as a replay; each is then below its own name.
    pub base: Option<String>,
    /// Names of the providers that are asked; all, when empty.
    pub only: Vec<String>,
    /// The first month, as a year and a month from 1.
    pub from: (i32, u32),
    /// The last month.
    pub until: (i32, u32),
    /// Tail numbers whose pages are asked for; their site declines programs.
    pub aircraft: Vec<String>,
    /// Where responses are kept.
    pub archive: PathBuf,
    /// Asks nobody: reads what is kept.
    pub offline: bool,
    /// Asks for everything again, also for what an earlier run had done; what has not changed is not sent again.
    pub again: bool,
    /// The least time between two requests to a provider, instead of the provider's own: for a replay.
    pub gap: Option<Duration>,
}

/// Why a plan cannot be followed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A provider that nobody knows.
    #[error("{name} is no provider: name one or more of {known}")]
    Provider {
        /// What was asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A month that is none.
    #[error("{text} is no month: write it as 2013-05")]
    Month {
        /// What was given.
        text: String,
    },
    /// A period that ends before it begins.
    #[error("the period ends ({until}) before it begins ({from})")]
    Period {
        /// The first month.
        from: String,
        /// The last month.
        until: String,
    },
}

impl Plan {
    /// The plan of a year's flights in this name; everything else as it mostly is.
    pub fn of_year(year: i32, contact: impl Into<String>) -> Plan {
        Plan {
            contact: contact.into(),
            base: None,
            only: Vec::new(),
            from: (year, 1),
            until: (year, 12),
            aircraft: Vec::new(),
            archive: PathBuf::from("data/archive"),
            offline: false,
            again: false,
            gap: None,
        }
    }

    /// Whether all of it can be followed.
    ///
    /// # Errors
    /// When a provider is not known, or the period is none.
    pub fn check(&self) -> Result<(), PlanError> {
        let known = || PROVIDERS.map(|provider| provider.name).join(", ");
        for name in &self.only {
            if PROVIDERS.iter().all(|provider| provider.name != name) {
                return Err(PlanError::Provider {
                    name: name.clone(),
                    known: known(),
                });
            }
        }
        if self.from > self.until {
            return Err(PlanError::Period {
                from: month_name(self.from),
                until: month_name(self.until),
            });
        }
        Ok(())
    }

    /// Whether the provider is asked.
    pub(super) fn asks(&self, provider: &Provider) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == provider.name)
    }

    /// Where a provider's requests go.
    pub(super) fn base_of(&self, provider: &Provider) -> String {
        match &self.base {
            None => provider.base.to_owned(),
            Some(base) => format!("{}/{}", base.trim_end_matches('/'), provider.name),
        }
    }

    /// How a provider is asked.
    pub(super) fn settings(&self, provider: &Provider) -> Result<Settings, SourceError> {
        let name = concat!("late-flights/", env!("CARGO_PKG_VERSION"));
        let mut settings = Settings::new(name, &self.contact)?
            .archive(&self.archive)
            .offline(self.offline)
            .interval(self.gap.unwrap_or(provider.gap));
        let budget = Budget {
            requests: 500,
            ..settings.current_budget()
        };
        settings = settings.budget(budget);
        // Who names a server on the own network means it.
        match self.base.as_deref().and_then(authority) {
            Some(authority) => settings.allow_private(authority),
            None => Ok(settings),
        }
    }

    /// The months of the period, in order.
    pub(super) fn months(&self) -> Vec<(i32, u32)> {
        let number = |(year, month): (i32, u32)| year * 12 + month.cast_signed() - 1;
        (number(self.from)..=number(self.until))
            .map(|month| {
                (
                    month.div_euclid(12),
                    month.rem_euclid(12).cast_unsigned() + 1,
                )
            })
            .collect()
    }

    /// The years of the period, in order.
    pub(super) fn years(&self) -> std::ops::RangeInclusive<i32> {
        self.from.0..=self.until.0
    }
}

/// A month as it is written: `2013-05`.
pub fn month_name((year, month): (i32, u32)) -> String {
    format!("{year:04}-{month:02}")
}

/// Reads a month as [`month_name`] writes it.
///
/// # Errors
/// When it is none.
pub fn month_of(text: &str) -> Result<(i32, u32), PlanError> {
    let wrong = || PlanError::Month {
        text: text.to_owned(),
    };
    let (year, month) = text.split_once('-').ok_or_else(wrong)?;
    let year = year.parse().map_err(|_| wrong())?;
    let month = month.parse().map_err(|_| wrong())?;
    let is_one = (1987..=2100).contains(&year) && (1..=12).contains(&month);
    is_one.then_some((year, month)).ok_or_else(wrong)
}

/// The host and port of a URL.
fn authority(base: &str) -> Option<&str> {
    let (_, rest) = base.split_once("://")?;
    rest.split('/').next()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn months_go_on_over_the_turn_of_the_year() {
        let plan = Plan {
            from: (2012, 11),
            until: (2013, 2),
            ..Plan::of_year(2013, "ops@example.org")
        };
        assert_eq!(
            plan.months(),
            [(2012, 11), (2012, 12), (2013, 1), (2013, 2)]
        );
        assert_eq!(plan.years(), 2012..=2013);
        let names: Vec<String> = plan.months().into_iter().map(month_name).collect();
        assert!(names.is_sorted());
        assert_eq!(month_of("2013-02").unwrap(), (2013, 2));
        for wrong in ["2013", "2013-13", "2013-0", "x-1", "201-1", ""] {
            assert!(month_of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_plan_names_providers_that_there_are_and_a_period() {
        let plan = Plan::of_year(2013, "ops@example.org");
        assert!(plan.check().is_ok());
        let only = |name: &str| Plan {
            only: vec![name.to_owned()],
            ..plan.clone()
        };
        assert!(only("bts").check().is_ok());
        let error = only("bst").check().unwrap_err().to_string();
        assert!(
            error.contains("bst") && error.contains("wikipedia"),
            "{error}"
        );
        let turned = Plan {
            from: (2014, 1),
            ..plan
        };
        assert!(turned.check().is_err());
    }
}
