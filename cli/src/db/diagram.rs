//! `carnet db diagram`: the tables, collections and links of a project drawn in Mermaid, between two markers of a document. The
//! tables are those that the migrations make in an SQLite file of its own, so no server is needed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use carnet::store::structure::{class_diagram, collections};
use carnet::store::{Links, Migrations, Store};
use clap::Args;

pub(super) const HELP: &str = "\
The diagram stands between the lines `<!-- carnet db diagram -->` and `<!-- end of carnet db diagram -->`; the rest of
the document is left alone. --check changes nothing and exits with 1 when the document's diagram is another.

Examples:
  carnet db diagram                              # prints it
  carnet db diagram --write docs/ARCHITECTURE.md
  carnet db diagram --check docs/ARCHITECTURE.md";

const BEGIN: &str = "<!-- carnet db diagram -->";
const END: &str = "<!-- end of carnet db diagram -->";

/// The arguments of `carnet db diagram`.
#[derive(Debug, Args)]
pub(crate) struct DiagramArguments {
    /// The folder of the project's migrations
    #[arg(long, value_name = "FOLDER", default_value = "migrations")]
    migrations: PathBuf,
    /// The file that declares the links
    #[arg(long, value_name = "FILE", default_value = "migrations/links.json")]
    links: PathBuf,
    /// The document to write it into
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    write: Option<PathBuf>,
    /// The document whose diagram is compared
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

pub(super) fn execute(arguments: &DiagramArguments) -> anyhow::Result<ExitCode> {
    let drawn = drawn(&arguments.migrations, &arguments.links)?;
    let Some(path) = arguments.write.as_ref().or(arguments.check.as_ref()) else {
        print!("{drawn}");
        return Ok(ExitCode::SUCCESS);
    };
    let document = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let with = replaced(&document, &drawn).with_context(|| path.display().to_string())?;
    if with == document {
        println!("{}: the diagram is that of the migrations", path.display());
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.write.is_none() {
        eprintln!(
            "{}: the diagram is not that of the migrations; carnet db diagram --write writes it",
            path.display()
        );
        return Ok(ExitCode::FAILURE);
    }
    std::fs::write(path, with).with_context(|| format!("{} cannot be written", path.display()))?;
    println!("{}: the diagram was written", path.display());
    Ok(ExitCode::SUCCESS)
}

/// The diagram of what the migrations make.
fn drawn(migrations: &Path, links: &Path) -> anyhow::Result<String> {
    let migrations = Migrations::read(migrations)?;
    let folder = tempfile::tempdir().context("a temporary folder cannot be made")?;
    let store = Store::create_file(folder.path().join("drawn.db"))?;
    store.migrate(&migrations)?;
    let links = Links::read(links)?;
    let collections = collections(&migrations)?;
    Ok(class_diagram(&store.structure()?, &collections, &links))
}

/// The document with this diagram between the markers.
fn replaced(document: &str, diagram: &str) -> anyhow::Result<String> {
    let parts = document.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let Some((before, after)) = parts else {
        bail!("the lines {BEGIN} and {END} are not in it, in this order");
    };
    Ok(format!(
        "{before}{BEGIN}\n```mermaid\n{diagram}```\n{END}{after}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_is_replaced() {
        let document = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        let with = replaced(&document, "new\n").ok();
        let wanted = format!("a\n{BEGIN}\n```mermaid\nnew\n```\n{END}\nb\n");
        assert_eq!(with.as_deref(), Some(wanted.as_str()));
        assert_eq!(
            with.and_then(|with| replaced(&with, "new\n").ok())
                .as_deref(),
            Some(wanted.as_str())
        );
        assert!(replaced("a\nb\n", "new\n").is_err());
    }
}
