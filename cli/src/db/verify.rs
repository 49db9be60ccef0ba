//! `carnet db verify`: what dangles between the databases, link by link.

use std::path::PathBuf;
use std::process::ExitCode;

use carnet::store::Links;
use carnet::store::link::Ends;
use clap::Args;

use super::Places;
use super::table::{aligned, counted};

pub(super) const HELP: &str = "\
Links are declared in a file: which rows refer to which rows or documents, by which key, and how much may dangle on
either side and why. Both sides are counted, and the first ten dangling keys of each listed.

Examples:
  carnet db verify
  carnet db verify --links elsewhere/links.json --database-url sqlite:data/try.db";

/// The arguments of `carnet db verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    places: Places,
    /// The file that declares the links
    #[arg(long, value_name = "FILE", default_value = "migrations/links.json")]
    links: PathBuf,
}

pub(super) fn execute(arguments: &VerifyArguments) -> anyhow::Result<ExitCode> {
    let links = Links::read(&arguments.links)?;
    let store = arguments.places.databases()?.open()?;
    let found = links.verify(&store)?;
    let sides: Vec<(&str, &str, &Ends)> = found
        .iter()
        .flat_map(|one| {
            [
                (one.link.as_str(), "from", &one.from),
                (one.link.as_str(), "to", &one.to),
            ]
        })
        .collect();
    let rows: Vec<Vec<String>> = sides
        .iter()
        .map(|(link, side, ends)| {
            vec![
                (*link).to_owned(),
                (*side).to_owned(),
                counted(ends.all),
                counted(ends.dangling),
                percent(ends.share()),
                percent(ends.allowed.share),
                if ends.is_problem() { "TOO MANY" } else { "ok" }.to_owned(),
            ]
        })
        .collect();
    let headers = [
        "link", "side", "ends", "dangling", "share", "allowed", "verdict",
    ];
    println!("{}", aligned(&headers, &rows));
    for (link, side, ends) in &sides {
        if ends.dangling > 0 {
            println!("\n{link}, {side}: {}", ends.first.join(", "));
            if !ends.allowed.because.is_empty() {
                println!("  allowed because {}", ends.allowed.because);
            }
        }
    }
    let is_well = sides.iter().all(|(_, _, ends)| !ends.is_problem());
    Ok(if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}
