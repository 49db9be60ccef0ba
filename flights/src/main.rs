//! `flights`: the commands of the reference project.

use anyhow::{Context, Result, ensure};
use carnet::store::Store;
use clap::{Parser, Subcommand};
use flights::collect::collect;
use flights::collect::plan::{Plan, month_of};
use flights::load::{Records, load};
use flights::progress::Progress;
use flights::replay::{Faults, Replay};
use flights::source::Source;
use std::path::PathBuf;
use std::time::Duration;
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
    /// Collects from the providers over HTTP into both stores; what is there already is not written again, and a run that was
    /// stopped goes on where it was.
    ///
    ///   flights collect --contact ops@example.org --from 2013-01 --until 2013-12
    ///   flights collect --contact ops@example.org --base-url http://127.0.0.1:8013 --gap-ms 0     from `flights replay`
    #[command(verbatim_doc_comment)]
    Collect(CollectArguments),
    /// Serves the sample data as the providers do, each in its own format, on this machine only, until Ctrl-C.
    ///
    /// Faults come as the providers have them: 429, 503, slow and cut bodies, a redirect to a page that says sorry, a changed ETag,
    /// and the registry's wall against what is no browser. Each comes once for a path, so a client that tries again gets through.
    ///
    ///   flights replay --port 8013 --faults none
    #[command(verbatim_doc_comment)]
    Replay {
        /// The port; 0 is any that is free
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// none; some: one fault for most paths; all: every fault for every path, one after the other
        #[arg(long, default_value_t = Faults::Some)]
        faults: Faults,
    },
}

/// The arguments of `flights collect`.
#[derive(Debug, clap::Args)]
struct CollectArguments {
    /// Whom a site's owner can write to: a mail address, or the URL of a page; it is sent with every request
    #[arg(long, env = "CARNET_CONTACT")]
    contact: String,
    /// A server that stands in for all providers, each below its own name
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Asks only these providers: ourairports, faa, iem, bts, wikipedia
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// The first month
    #[arg(long, default_value = "2013-01")]
    from: String,
    /// The last month
    #[arg(long, default_value = "2013-12")]
    until: String,
    /// Tail numbers whose pages are asked for too
    #[arg(long, value_name = "TAIL", value_delimiter = ',')]
    aircraft: Vec<String>,
    /// The folder that keeps every response
    #[arg(long, value_name = "FOLDER", default_value = "data/archive")]
    archive: PathBuf,
    /// Asks nobody: reads what is kept
    #[arg(long)]
    offline: bool,
    /// Asks again also for what an earlier run had done
    #[arg(long)]
    again: bool,
    /// Milliseconds between two requests to a provider, instead of the provider's own pause: for a replay
    #[arg(long, value_name = "N")]
    gap_ms: Option<u64>,
    /// The SQLite file, made if it is not there [default: what CARNET_DATABASE_URL says, else data/carnet.db]
    #[arg(long, value_name = "PATH")]
    database: Option<PathBuf>,
    /// Shows no progress
    #[arg(long)]
    quiet: bool,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Load {
            database,
            data,
            quiet,
        } => load_sample(database, data, quiet),
        Command::Collect(arguments) => collect_all(arguments),
        Command::Replay { port, faults } => replay(port, faults),
    }
}

fn collect_all(arguments: CollectArguments) -> Result<()> {
    let plan = Plan {
        contact: arguments.contact,
        base: arguments.base_url,
        only: arguments.only,
        from: month_of(&arguments.from)?,
        until: month_of(&arguments.until)?,
        aircraft: arguments.aircraft,
        archive: arguments.archive,
        offline: arguments.offline,
        again: arguments.again,
        gap: arguments.gap_ms.map(Duration::from_millis),
    };
    plan.check()?;
    let progress = if arguments.quiet {
        Progress::quiet()
    } else {
        Progress::new()
    };
    let store = match arguments.database {
        Some(path) => Store::create_file(path)?,
        None => Store::create()?,
    };
    store.migrate(&flights::MIGRATIONS)?;
    let summary = store.block_on(collect(&store, &plan, &progress, ctrl_c()))?;
    println!("{summary}");
    println!(
        "\nresponses are kept in {}, rows in {store}",
        plan.archive.display()
    );
    ensure!(
        summary.is_done(),
        "not everything was collected; run it again to go on"
    );
    Ok(())
}

fn replay(port: u16, faults: Faults) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("no threads can be started")?;
    runtime.block_on(async {
        let replay = Replay::start(port, faults).await?;
        println!("{}", replay.base_url());
        ctrl_c().await.context("Ctrl-C cannot be listened for")
    })
}

fn load_sample(database: Option<PathBuf>, data: Option<PathBuf>, quiet: bool) -> Result<()> {
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
