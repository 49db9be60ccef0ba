//! [`RunReport`]: what a client asked and got, host by host, to be shown while it runs and kept afterwards.

use crate::work::Work;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What was asked of one host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HostReport {
    /// Requests sent: redirects, retries, revalidations and robots.txt included.
    pub requests: u64,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// Answers taken from the archive: fresh, offline, or told to be unchanged (304).
    pub cache_hits: u64,
    /// Attempts beyond the first.
    pub retries: u64,
    /// Time spent waiting: to be polite, between attempts, and because the host asked for it.
    pub waited: Duration,
    /// Requests refused before they were sent: by robots.txt, by address, by budget.
    pub refused: u64,
}

impl HostReport {
    fn add(&mut self, other: &HostReport) {
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.cache_hits += other.cache_hits;
        self.retries += other.retries;
        self.waited += other.waited;
        self.refused += other.refused;
    }
}

/// What became of the records that were extracted. Whoever writes them fills this in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Those that were not there before.
    pub new: u64,
    /// Those that were there with other values.
    pub changed: u64,
    /// Those that were there already.
    pub same: u64,
    /// Those that did not fit and were kept apart with the reason.
    pub rejected: u64,
}

/// What a client asked and got since it was made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Each host (with its port, when that is not the scheme's own), in alphabetical order.
    pub hosts: BTreeMap<String, HostReport>,
    /// What became of the records, for each host they came from.
    pub rows: BTreeMap<String, RowCounts>,
    /// How long the client has existed.
    pub took: Duration,
}

impl RunReport {
    /// All hosts together.
    pub fn total(&self) -> HostReport {
        let mut total = HostReport::default();
        for host in self.hosts.values() {
            total.add(host);
        }
        total
    }

    /// The records of all hosts together.
    pub fn total_rows(&self) -> RowCounts {
        let mut total = RowCounts::default();
        for rows in self.rows.values() {
            total.new += rows.new;
            total.changed += rows.changed;
            total.same += rows.same;
            total.rejected += rows.rejected;
        }
        total
    }
}

/// A table: a line for each host, and the sum below when there are several.
impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rows may come from a host that was not asked now: what was kept of it was read again.
        let names: BTreeSet<&String> = self.hosts.keys().chain(self.rows.keys()).collect();
        let longest = names.iter().map(|name| name.len()).max();
        let width = longest.unwrap_or(0).max("host".len());
        write!(
            f,
            "{:width$} {:>9} {:>12} {:>10} {:>8} {:>8} {:>8} {:>9} {:>9} {:>9} {:>9}",
            "host",
            "requests",
            "bytes",
            "from cache",
            "retries",
            "refused",
            "waited s",
            "new",
            "changed",
            "same",
            "rejected"
        )?;
        let (nothing, none) = (HostReport::default(), RowCounts::default());
        let mut line = |name: &str, host: &HostReport, rows: &RowCounts| {
            write!(
                f,
                "\n{name:width$} {:>9} {:>12} {:>10} {:>8} {:>8} {:>8.1} {:>9} {:>9} {:>9} {:>9}",
                host.requests,
                host.bytes,
                host.cache_hits,
                host.retries,
                host.refused,
                host.waited.as_secs_f64(),
                rows.new,
                rows.changed,
                rows.same,
                rows.rejected
            )
        };
        for name in &names {
            let (host, rows) = (self.hosts.get(*name), self.rows.get(*name));
            line(name, host.unwrap_or(&nothing), rows.unwrap_or(&none))?;
        }
        if names.len() > 1 {
            line("all", &self.total(), &self.total_rows())?;
        }
        Ok(())
    }
}

/// The report of a client that runs: counted from any task, told to whoever listens to work.
#[derive(Debug)]
pub(super) struct Tally {
    began: Instant,
    inside: Mutex<Inside>,
}

#[derive(Debug)]
struct Inside {
    report: RunReport,
    /// Requests that are under way, and what tells of them.
    under_way: usize,
    work: Option<Work>,
}

/// A request that is under way; dropped, it is over.
#[derive(Debug)]
pub(super) struct UnderWay<'a>(&'a Tally);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut inside = self.0.lock();
        inside.under_way -= 1;
        if inside.under_way == 0 {
            inside.work = None;
        }
    }
}

impl Tally {
    pub(super) fn new() -> Tally {
        Tally {
            began: Instant::now(),
            inside: Mutex::new(Inside {
                report: RunReport::default(),
                under_way: 0,
                work: None,
            }),
        }
    }

    pub(super) fn count(&self, host: &str, count: impl FnOnce(&mut HostReport)) {
        let mut inside = self.lock();
        count(inside.report.hosts.entry(host.to_owned()).or_default());
        if inside.under_way == 0 {
            return;
        }
        let total = inside.report.total();
        let what = format!(
            "{host}: {} requests, {:.1} MB, {} from the archive, {} retries",
            total.requests,
            total.bytes as f64 / 1e6,
            total.cache_hits,
            total.retries
        );
        match &mut inside.work {
            Some(work) => work.at(total.bytes, what),
            none => *none = Some(Work::begin(what, None)),
        }
    }

    /// Tells of the work until what is given back is dropped.
    pub(super) fn under_way(&self) -> UnderWay<'_> {
        self.lock().under_way += 1;
        UnderWay(self)
    }

    pub(super) fn rows(&self, host: &str, counts: RowCounts) {
        let mut inside = self.lock();
        let rows = inside.report.rows.entry(host.to_owned()).or_default();
        rows.new += counts.new;
        rows.changed += counts.changed;
        rows.same += counts.same;
        rows.rejected += counts.rejected;
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn report(&self) -> RunReport {
        let mut report = self.lock().report.clone();
        report.took = self.elapsed();
        report
    }

    /// Counting cannot fail half-way, so a panic elsewhere leaves it whole.
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_report_has_a_line_for_each_host_and_their_sum() {
        let tally = Tally::new();
        tally.count("a.example", |host| host.requests += 2);
        tally.count("b.example", |host| {
            host.requests += 1;
            host.waited += Duration::from_millis(1500);
        });
        let rows = RowCounts {
            new: 7,
            ..RowCounts::default()
        };
        tally.rows("a.example", rows);
        tally.rows("a.example", rows);
        let report = tally.report();
        assert_eq!(report.total().requests, 3);
        assert_eq!(report.total_rows().new, 14);
        let text = report.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[1].starts_with("a.example") && lines[1].contains("14"));
        assert!(lines[2].contains("1.5"));
        assert!(lines[3].starts_with("all") && lines[3].contains('3'));
    }
}
