//! From a cell's text to its library: generates the crate, compiles it, corrects what the compiler says of the generated
//! code, and reads the types of the new variables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::cell::Cell;
use super::compile::{Compiled, Diagnostic, compile};
use super::corrections::{Correction, Reason, Verdict, judge};
use super::dependency::Group;
use super::item::Brought;
use super::lifted::Lifted;
use super::mir::{TypeOf, types_of};
use super::session::Session;
use super::source::{self, Choices, Names};
use super::source_map::{Origin, SourceMap};
use super::unliftable::Unliftable;
use crate::toolchain::Toolchain;

/// Corrections converge; this only bounds a mistake.
const MOST_ATTEMPTS: usize = 12;

/// What a cell is compiled with and against.
pub(crate) struct Place<'a> {
    /// The compiler and the toolkit.
    pub(crate) toolchain: &'a Toolchain,
    /// The session's folder.
    pub(crate) folder: &'a Path,
    /// The crates of earlier cells.
    pub(crate) cells: &'a [String],
    /// What earlier cells have left.
    pub(crate) session: &'a Session,
    /// Crates outside the toolkit.
    pub(crate) dependencies: &'a [Group],
    /// The level to optimise at.
    pub(crate) optimisation: u8,
    /// The file this cell is written to, in the folder: `cell-3`.
    pub(crate) file: &'a str,
    /// Its crate: `cell_3`.
    pub(crate) crate_name: &'a str,
}

/// A cell ready to run.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) library: PathBuf,
    pub(crate) symbol: String,
    pub(crate) map: SourceMap,
    /// Items of earlier cells that it compiled again.
    pub(crate) lifted: Lifted,
    /// Earlier variables that it takes and puts back.
    pub(crate) borrowed: BTreeSet<String>,
    /// The types of what it stores.
    pub(crate) types: BTreeMap<String, TypeOf>,
    /// Variables it declares that cannot be stored.
    pub(crate) unstored: BTreeMap<String, Reason>,
    /// Earlier variables that cannot be taken because their type cannot be written.
    pub(crate) untaken: BTreeSet<String>,
    /// Earlier imports that do not hold any more.
    pub(crate) dropped_imports: BTreeSet<String>,
}

/// Why there is no library.
#[derive(Debug)]
pub(crate) enum Unbuilt {
    /// rustc's errors, with the map they refer to.
    Errors(Vec<Diagnostic>, Box<SourceMap>),
    /// Items of earlier cells cannot be compiled again with it.
    Unliftable(Unliftable),
    /// The compiler could not be run.
    System(std::io::Error),
}

impl From<std::io::Error> for Unbuilt {
    fn from(error: std::io::Error) -> Self {
        Self::System(error)
    }
}

/// Builds a cell. `label` is how messages call it, `text` what the user wrote.
pub(crate) async fn build(
    place: &Place<'_>,
    cell: &Cell,
    label: &str,
    text: &str,
) -> Result<Built, Unbuilt> {
    let symbol = format!("carnet_{}", place.crate_name);
    let lifted = place.session.lift(cell).map_err(Unbuilt::Unliftable)?;
    let mut choices = Choices::first(cell, place.session, &lifted);
    let mut unstored = BTreeMap::new();
    let mut untaken = BTreeSet::new();
    let mut dropped_imports = BTreeSet::new();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let mut map = SourceMap::new(label.to_owned(), text.to_owned());
        let names = Names {
            symbol: &symbol,
            crate_name: place.crate_name,
        };
        source::write(&mut map, cell, place.session, &choices, &lifted, &names);
        for group in newest(place.dependencies) {
            if group.externs.keys().any(|name| uses(&map.generated, name)) {
                let line = format!("extern crate {} as _;\n", group.crate_name);
                map.push(&line, Origin::Frame);
            }
        }
        let errors = match compile_map(place, &map).await? {
            Compiled::Library { library, mir } => {
                let types = types_of(&mir, place.crate_name, &own_items(cell, &lifted));
                return Ok(Built {
                    library,
                    symbol,
                    map,
                    lifted,
                    borrowed: choices.borrowed,
                    types,
                    unstored,
                    untaken,
                    dropped_imports,
                });
            }
            Compiled::Errors(errors) => errors,
        };
        let corrections = match judge(errors.clone(), place.file, &map) {
            Verdict::Correct(corrections) if attempts < MOST_ATTEMPTS => corrections,
            Verdict::Correct(_) => return Err(Unbuilt::Errors(errors, Box::new(map))),
            // A macro in braces may stand for items, or for a value.
            Verdict::Report(_) if choices.shows && cell.ends_in_braced_macro(text) => {
                vec![Correction::HideLast]
            }
            Verdict::Report(errors) => return Err(Unbuilt::Errors(errors, Box::new(map))),
        };
        for correction in corrections {
            match correction {
                Correction::Move(name) => {
                    choices.borrowed.remove(&name);
                    let anew = cell.assigned.contains(&name) && !choices.stored.contains(&name);
                    if anew {
                        choices.renewed.insert(name)
                    } else {
                        choices.moved.insert(name)
                    };
                }
                Correction::Unstore(name, _) if choices.renewed.remove(&name) => {
                    choices.moved.insert(name);
                }
                Correction::Unstore(name, reason) => {
                    choices.stored.remove(&name);
                    unstored.insert(name, reason);
                }
                Correction::Untake(name) => {
                    for names in [
                        &mut choices.borrowed,
                        &mut choices.renewed,
                        &mut choices.moved,
                    ] {
                        names.remove(&name);
                    }
                    untaken.insert(name);
                }
                Correction::HideLast => choices.shows = false,
                Correction::DropImport(line) => {
                    choices.imports.remove(&line);
                    dropped_imports.insert(line);
                }
            }
        }
    }
}

/// Lets rustc say what is wrong with a text that cannot be taken apart.
pub(crate) async fn syntax_errors(
    place: &Place<'_>,
    label: &str,
    text: &str,
) -> Result<Vec<Diagnostic>, Unbuilt> {
    let mut map = SourceMap::new(label.to_owned(), text.to_owned());
    // Unbalanced brackets are best told of the bare text; anything else needs to stand in a function.
    let balanced = text.parse::<proc_macro2::TokenStream>().is_ok();
    if balanced {
        map.push("fn carnet_cell() { ", Origin::Frame);
    }
    map.push_cell(0..text.len());
    if balanced {
        map.push("\n}\n", Origin::Frame);
    }
    match compile_map(place, &map).await? {
        Compiled::Errors(errors) => Err(Unbuilt::Errors(errors, Box::new(map))),
        Compiled::Library { .. } => Ok(Vec::new()),
    }
}

async fn compile_map(place: &Place<'_>, map: &SourceMap) -> std::io::Result<Compiled> {
    tokio::fs::write(place.folder.join(place.file), &map.generated).await?;
    compile(
        place.toolchain,
        place.folder,
        place.file,
        place.crate_name,
        place.cells,
        &newest(place.dependencies),
        place.optimisation,
    )
    .await
}

/// Whether the text may name the crate.
fn uses(text: &str, name: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(name).any(|(at, _)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + name.len()..].chars().next())
    })
}

/// The groups with the crates that each still stands for: one that was asked for again counts as it was asked for last. A group
/// of which none counts any more is still what earlier cells were compiled with.
fn newest(groups: &[Group]) -> Vec<Group> {
    let mut seen = BTreeSet::new();
    let mut newest = Vec::new();
    for group in groups.iter().rev() {
        let mut group = group.clone();
        group.externs.retain(|name, _| seen.insert(name.clone()));
        newest.push(group);
    }
    newest.reverse();
    newest
}

fn own_items(cell: &Cell, lifted: &Lifted) -> BTreeSet<String> {
    let brings = cell.items.iter().flat_map(|item| &item.brings);
    let lifted = lifted.names().map(|(name, _)| name.to_owned());
    brings
        .filter_map(|brought| {
            if let Brought::Item(name) = brought {
                Some(name.clone())
            } else {
                None
            }
        })
        .chain(lifted)
        .collect()
}
