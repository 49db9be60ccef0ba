//! [`LoadSummary`]: what a load did, for people.

use carnet::store::Upserted;
use indicatif::HumanCount;
use std::fmt;
use std::time::Duration;

/// What was done to one table or collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The table or collection.
    pub name: &'static str,
    /// Rows of the source.
    pub read: usize,
    /// What became of them.
    pub written: Upserted,
    /// How long reading and writing took.
    pub took: Duration,
}

/// What a load did.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadSummary {
    /// Each table and collection, in the order they were filled.
    pub filled: Vec<Filled>,
    /// Airports that only flights name; they are among the new rows of `airport` beyond those read.
    pub unlisted: Vec<String>,
    /// Where the rows came from.
    pub source: String,
    /// The stores.
    pub database: String,
    /// The size of the embedded database in bytes, if it is one.
    pub bytes: Option<u64>,
    /// How long it took in all.
    pub took: Duration,
}

impl LoadSummary {
    /// What was done to this table or collection.
    pub fn of(&self, name: &str) -> Option<&Filled> {
        self.filled.iter().find(|filled| filled.name == name)
    }
}

impl fmt::Display for LoadSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:12} {:>9} {:>9} {:>9} {:>9} {:>8}",
            "table", "rows read", "new", "changed", "same", "seconds"
        )?;
        for Filled {
            name,
            read,
            written,
            took,
        } in &self.filled
        {
            let [read, new, changed, same] =
                [*read as u64, written.new, written.changed, written.same].map(grouped);
            writeln!(
                f,
                "{name:12} {read:>9} {new:>9} {changed:>9} {same:>9} {:>8.2}",
                took.as_secs_f64()
            )?;
        }
        if !self.unlisted.is_empty() {
            writeln!(
                f,
                "airport has {} more rows than were read: only flights name {}",
                self.unlisted.len(),
                self.unlisted.join(", ")
            )?;
        }
        write!(
            f,
            "{} is in {}{} after {:.1} s",
            self.source,
            self.database,
            self.bytes.map_or_else(String::new, |bytes| format!(
                " ({:.0} MB)",
                bytes as f64 / 1e6
            )),
            self.took.as_secs_f64()
        )
    }
}

/// The number with a comma between each three digits.
fn grouped(number: u64) -> String {
    HumanCount(number).to_string()
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(
            [0, 999, 1000, 336_776, 1_000_000].map(grouped),
            ["0", "999", "1,000", "336,776", "1,000,000"]
        );
    }
}
