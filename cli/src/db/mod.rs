//! `carnet db`: makes a project's databases, brings them up to its migrations, says how they stand, and drops them; on every
//! backend, by URL. What is done is the library's; here are arguments, tables of text and exit codes.

mod diagram;
mod drop;
mod query;
mod status;
mod table;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use carnet::store::{Databases, MadeBy, Migrations};
use clap::{Args, Subcommand};

/// What to do with databases.
#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Make the databases that are not there yet
    #[command(after_help = CREATE_HELP)]
    Create(Places),
    /// Apply the migrations that are pending, or go to a version
    #[command(after_help = MIGRATE_HELP)]
    Migrate(MigrateArguments),
    /// Say which migrations are applied, and how many rows there are; exits with 1 when one is pending, changed or newer
    #[command(after_help = status::HELP)]
    Status(ProjectArguments),
    /// Count and list what dangles between the databases; exits with 1 when more does than is declared
    #[command(after_help = verify::HELP)]
    Verify(verify::VerifyArguments),
    /// Answer a declared query, or list all of them with their questions
    #[command(after_help = query::HELP)]
    Query(query::QueryArguments),
    /// Drop databases with all that is in them
    #[command(after_help = drop::HELP)]
    Drop(drop::DropArguments),
    /// Write the diagram of the tables, collections and links into a document, or check the one that is there
    #[command(after_help = diagram::HELP)]
    Diagram(diagram::DiagramArguments),
}

const CREATE_HELP: &str = "\
An SQLite file is made with its folder. A PostgreSQL database is made by the server's own database `postgres`, for which
the user needs the right. MongoDB makes a database with its first collection, so there only the server is asked.

Examples:
  carnet db create                               # the databases of the environment, or data/carnet.db
  carnet db create --database-url sqlite:data/try.db
  carnet db create --database-url postgres://carnet:PASSWORD@127.0.0.1/carnet --documents-url mongodb://127.0.0.1/carnet";

const MIGRATE_HELP: &str = "\
All or nothing in SQLite and PostgreSQL, and of two programs at once one waits. MongoDB has no transaction around such
commands: what was applied stays, and the next run goes on from there. Documents of an older version are upgraded.
With --to newer migrations are undone, unless one of them cannot be: then nothing is changed.

Examples:
  carnet db migrate
  carnet db migrate --to 5
  carnet db migrate --to 0                       # undoes all of them, and drops what is in the tables
  carnet db migrate --migrations elsewhere/migrations --database-url sqlite:data/try.db";

/// Where the databases are.
#[derive(Debug, Args)]
pub(crate) struct Places {
    /// Where the tables are: sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE
    ///
    /// Unless it is given, CARNET_DATABASE_URL says it, or it is data/carnet.db here or in the nearest folder above.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Where the documents are: mongodb://USER:PASSWORD@HOST:PORT/DATABASE
    ///
    /// Unless it is given, CARNET_DOCUMENTS_URL says it, or they are in the SQLite file of the tables.
    #[arg(long, value_name = "URL")]
    documents_url: Option<String>,
}

impl Places {
    fn databases(&self) -> anyhow::Result<Databases> {
        let (tables, documents) = (self.database_url.as_deref(), self.documents_url.as_deref());
        Ok(Databases::at(tables, documents)?)
    }
}

/// Where the databases and the project's migrations are.
#[derive(Debug, Args)]
pub(crate) struct ProjectArguments {
    #[command(flatten)]
    places: Places,
    /// The folder of the project's migrations, with a folder in it for each kind of database
    #[arg(long, value_name = "FOLDER", default_value = "migrations")]
    migrations: PathBuf,
}

impl ProjectArguments {
    fn migrations(&self) -> anyhow::Result<Migrations<'static>> {
        Ok(Migrations::read(&self.migrations)?)
    }
}

/// The arguments of `carnet db migrate`.
#[derive(Debug, Args)]
pub(crate) struct MigrateArguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// The version to go to, up or down; 0 is before all migrations
    #[arg(long, value_name = "VERSION")]
    to: Option<i64>,
}

impl DbCommand {
    /// Does it, and says by the exit code whether all is well.
    pub(crate) fn execute(self) -> anyhow::Result<ExitCode> {
        match self {
            DbCommand::Create(places) => create(&places),
            DbCommand::Migrate(arguments) => migrate(&arguments),
            DbCommand::Status(arguments) => status::execute(&arguments),
            DbCommand::Verify(arguments) => verify::execute(&arguments),
            DbCommand::Query(arguments) => arguments.execute(),
            DbCommand::Drop(arguments) => drop::execute(&arguments),
            DbCommand::Diagram(arguments) => diagram::execute(&arguments),
        }
    }
}

fn create(places: &Places) -> anyhow::Result<ExitCode> {
    for made in places.databases()?.create()? {
        let what = match made.by {
            MadeBy::This => "made",
            MadeBy::Another => "there already",
            MadeBy::FirstCollection => "answers; it makes the database with the first collection",
        };
        println!("{}: {what}", made.database.store);
    }
    Ok(ExitCode::SUCCESS)
}

fn migrate(arguments: &MigrateArguments) -> anyhow::Result<ExitCode> {
    let migrations = arguments.project.migrations()?;
    let store = arguments.project.places.databases()?.open()?;
    let done = match arguments.to {
        Some(version) => store.migrate_to(&migrations, version)?,
        None => store.migrate(&migrations)?,
    };
    println!(
        "{store}: {} applied, {} undone, {} documents upgraded; at version {}",
        done.applied, done.undone, done.upgraded, done.version
    );
    Ok(ExitCode::SUCCESS)
}
