//! `flights`: the commands of the reference project.

use anyhow::Result;
use carnet::store::Store;
use clap::{Parser, Subcommand};
use flights::load::{Records, load};
use flights::progress::Progress;
use flights::source::Source;
use std::path::PathBuf;
use tokio::signal::ctrl_c;

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
    let store = match database {
        Some(path) => Store::create_file(path)?,
        None => Store::create()?,
    };
    store.migrate(&flights::MIGRATIONS)?;
    let summary = store.block_on(load(&store, &records, &progress, ctrl_c()))?;
    println!("{summary}");
    Ok(())
}
