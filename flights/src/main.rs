//! `flights`: the commands of the reference project.

use anyhow::{Context, Result, bail};
use carnet::store::{DEFAULT_FILE, Store};
use clap::{Parser, Subcommand};
use flights::load::{Records, load};
use flights::progress::Progress;
use flights::source::Source;
use std::path::PathBuf;

/// Flights that left New York in 2013.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes the database and fills it with the sample data, all or nothing; a second run changes nothing.
    Load {
        /// The SQLite file, made if it is not there [default: what CARNET_DATABASE_URL=sqlite:PATH says, else data/carnet.db]
        #[arg(long, value_name = "PATH")]
        database: Option<PathBuf>,
        /// A folder with the five Parquet files, instead of those in this program
        #[arg(long, value_name = "FOLDER")]
        data: Option<PathBuf>,
        /// Shows no progress
        #[arg(long)]
        quiet: bool,
    },
}

fn main() -> Result<()> {
    let Command::Load {
        database,
        data,
        quiet,
    } = Arguments::parse().command;
    let progress = if quiet {
        Progress::quiet()
    } else {
        Progress::new()
    };
    let source = data.map_or(Source::Embedded, Source::Folder);
    progress.note(&format!("reading {source}"));
    // Before the database is made or opened, so that a damaged file leaves no trace.
    let records = Records::read(&source)?;
    let store = open(database)?;
    store.migrate(&flights::MIGRATIONS)?;
    let summary = store.block_on(async {
        tokio::select! {
            outcome = load(&store, &records, &progress) => Ok(outcome?),
            signal = tokio::signal::ctrl_c() => {
                signal.context("waiting for Ctrl-C")?;
                bail!("interrupted: nothing of this load was kept")
            }
        }
    })?;
    println!("{summary}");
    Ok(())
}

fn open(database: Option<PathBuf>) -> Result<Store> {
    if let Some(path) = database {
        return Ok(Store::create_file(path)?);
    }
    let Ok(url) = std::env::var("CARNET_DATABASE_URL") else {
        return Ok(Store::create_file(DEFAULT_FILE)?);
    };
    match url
        .strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))
    {
        Some(path) => Ok(Store::create_file(path)?),
        None => Ok(Store::open_url(&url)?),
    }
}
