//! `carnet db drop`: drops databases, after their names were written once more.

use std::process::ExitCode;

use clap::Args;

use super::Places;

pub(super) const HELP: &str = "\
Nothing brings back what is dropped, so each database is named again: by its own name, or the name of its file. Without
a name nothing is dropped, and the names are told.

Examples:
  carnet db drop                                 # tells the names, and exits with 2
  carnet db drop --database-url sqlite:data/try.db --yes try.db
  carnet db drop --documents-url mongodb://127.0.0.1/carnet --yes carnet --yes carnet.db";

/// The arguments of `carnet db drop`.
#[derive(Debug, Args)]
pub(crate) struct DropArguments {
    #[command(flatten)]
    places: Places,
    /// The name of a database that is to be dropped; as often as there are
    #[arg(long, value_name = "NAME")]
    yes: Vec<String>,
}

pub(super) fn execute(arguments: &DropArguments) -> anyhow::Result<ExitCode> {
    let databases = arguments.places.databases()?;
    if arguments.yes.is_empty() {
        eprintln!("nothing was dropped: name what is to be dropped");
        for database in databases.names()? {
            eprintln!("  --yes {}    for {}", database.name, database.store);
        }
        return Ok(ExitCode::from(2));
    }
    for database in databases.drop(&arguments.yes)? {
        println!("{}: dropped", database.store);
    }
    Ok(ExitCode::SUCCESS)
}
