//! `carnet db query`: answers a query that is declared in a file, with its question above and rows and seconds below.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use carnet::store::query::{Answer, Cell, NamedQuery, Queries};
use carnet::store::{Store, block_on};
use clap::{Args, ValueEnum};

use super::Places;
use super::table::{Column, lines};

pub(crate) const HELP: &str = "\
Nothing is written: an SQLite file is opened read-only, PostgreSQL answers in a read-only transaction, and a pipeline
has no stage that writes.

Examples:
  carnet db query
  carnet db query late_by_hour
  carnet db query late_by_hour --explain --database-url postgres://USER:PASSWORD@HOST/DATABASE
  carnet db query strongest_winds --format csv > winds.csv";

/// What to answer, of which stores, and how to show it.
#[derive(Debug, Args)]
pub(crate) struct QueryArguments {
    /// The query; without one, all are listed
    name: Option<String>,
    #[command(flatten)]
    places: Places,
    /// The folder with the files that declare queries
    #[arg(long, value_name = "FOLDER", default_value = "migrations/queries")]
    queries: PathBuf,
    /// Show how the database goes about it instead of the answer
    #[arg(long, requires = "name")]
    explain: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Table, requires = "name")]
    format: Format,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Columns set in line, with units, rounded for the eye
    Table,
    /// Comma-separated, with all digits
    Csv,
    /// An array of objects, with all digits
    Json,
}

impl QueryArguments {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let queries = Queries::read(&self.queries)?;
        let Some(name) = &self.name else {
            return show(&list(&queries));
        };
        let query = queries.get(name)?;
        let Places {
            database_url,
            documents_url,
        } = &self.places;
        let store = Store::open_read_only(database_url.as_deref(), documents_url.as_deref())?;
        if self.explain {
            return show(&block_on(store.explain(query))?);
        }
        let answer = block_on(store.ask(query, stopped()))?;
        match self.format {
            Format::Table => show(&table(query, &answer)),
            Format::Csv => show(&answer.to_csv()),
            Format::Json => show(&format!("{:#}\n", answer.to_json())),
        }
    }
}

/// Ends at Ctrl-C; never where the system does not tell of it, for then it ends the program.
async fn stopped() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Writes to standard output; a reader that has seen enough (`| head`) is no failure.
fn show(text: &str) -> Result<ExitCode> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn list(queries: &Queries) -> String {
    let width = queries.iter().map(|query| query.name.len()).max();
    let width = width.unwrap_or(0);
    queries
        .iter()
        .map(|query| format!("{:width$}  {}\n", query.name, query.question))
        .collect()
}

/// The question, the rows below their columns' names and units, and what they took.
fn table(query: &NamedQuery, answer: &Answer) -> String {
    let heads = answer
        .columns
        .iter()
        .map(|column| match query.unit(column) {
            Some(unit) => format!("{column} ({unit})"),
            None => column.clone(),
        });
    let columns: Vec<Column> = heads
        .enumerate()
        .map(|(at, head)| {
            let cells: Vec<&Cell> = answer.rows.iter().map(|row| &row[at]).collect();
            Column {
                head,
                right: cells.iter().any(|cell| cell.number().is_some()),
                cells: cells.into_iter().map(rounded).collect(),
            }
        })
        .collect();
    let shown = format!(
        "{}\n\n{}\n",
        query.question,
        lines(&columns, true).join("\n")
    );
    let rows = match answer.rows.len() {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
    shown + &format!("\n{rows} in {:.3} s\n", answer.took.as_secs_f64())
}

/// A real number with two places, one near 0 with its first three digits; all else as it is, null as a dash.
fn rounded(cell: &Cell) -> String {
    match cell {
        Cell::Null => "–".to_owned(),
        Cell::Real(number) if *number != 0.0 && number.abs() < 0.01 => format!("{number:.2e}"),
        Cell::Real(number) => format!("{number:.2}"),
        // A line that breaks would break the table.
        other => other.to_string().replace(['\n', '\r'], " "),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_table_sets_numbers_to_the_right_and_has_units_rows_and_seconds() {
        let folder = tempfile::tempdir().unwrap();
        let text = "-- Question: how late?\n-- Answer: very.\n-- Index: none: why.\n-- Units: late min\nSELECT 1";
        std::fs::write(folder.path().join("how.sql"), text).unwrap();
        let queries = Queries::read(folder.path()).unwrap();
        let answer = Answer {
            columns: vec!["carrier".into(), "late".into()],
            rows: vec![
                vec![Cell::Text("é".into()), Cell::Real(12.345)],
                vec![Cell::Null, Cell::Real(-0.001)],
            ],
            took: Duration::from_millis(1234),
        };
        let shown = table(queries.get("how").unwrap(), &answer);
        let expected = "how late?\n\n\
            carrier  late (min)\n\
            ───────  ──────────\n\
            é             12.35\n\
            –          -1.00e-3\n\
            \n2 rows in 1.234 s\n";
        assert_eq!(shown, expected);
        assert_eq!(list(&queries), "how  how late?\n");
    }
}
