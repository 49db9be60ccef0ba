//! `carnet db status`: each migration of each database, and what is in the tables.

use std::process::ExitCode;

use carnet::store::MigrationState;

use super::ProjectArguments;
use super::table::{aligned, counted};

pub(super) const HELP: &str = "\
A migration is applied, pending, changed (it was applied with another text, which never should be), or newer (the
database has it and the folder does not: a newer program was here). Nothing is changed.

Examples:
  carnet db status
  carnet db status --database-url postgres://carnet:PASSWORD@127.0.0.1/carnet --documents-url mongodb://127.0.0.1/carnet";

pub(super) fn execute(arguments: &ProjectArguments) -> anyhow::Result<ExitCode> {
    let migrations = arguments.migrations()?;
    let store = arguments.places.databases()?.open()?;
    let all = store.status(&migrations)?;
    for database in all.chunk_by(|one, next| one.store == next.store) {
        println!("{}", database[0].store);
        let rows: Vec<Vec<String>> = database
            .iter()
            .map(|one| {
                let when = one
                    .applied
                    .map(|at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string());
                let undo = if one.can_be_undone { "yes" } else { "no" };
                vec![
                    format!("{:04}", one.version),
                    one.description.clone(),
                    one.state.to_string(),
                    when.unwrap_or_default(),
                    undo.to_owned(),
                ]
            })
            .collect();
        let headers = ["number", "migration", "state", "applied", "can be undone"];
        println!("{}\n", aligned(&headers, &rows));
    }
    let rows: Vec<Vec<String>> = store
        .contents()?
        .into_iter()
        .map(|one| {
            let kind = if one.is_collection {
                "collection"
            } else {
                "table"
            };
            vec![one.name, kind.to_owned(), counted(one.rows)]
        })
        .collect();
    println!("{}", aligned(&["name", "kind", "rows"], &rows));
    let is_well = all.iter().all(|one| one.state == MigrationState::Applied);
    Ok(if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
