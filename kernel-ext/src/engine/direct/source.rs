//! Writes the crate of a cell. The statements stand on the same lines as in the cell (the items among them blanked out),
//! inside one function; the items follow at the root of the crate, public; then the imports of earlier cells.
//!
//! ```text
//! #[unsafe(no_mangle)] pub extern "C" fn carnet_cell_3() { run(|| { let mut df: DataFrame = take("df"); attempt(|| {
//!   the statements, the last expression wrapped so that it is shown
//!   let carnet_kept_x = store("x", x); Ok(()) }) … put_back("df", df); … }); }
//! the items
//! use cell_1::P; use std::fmt::Write;
//! ```

use std::collections::BTreeSet;

use super::cell::Cell;
use super::item::{Brought, Kind};
use super::lifted::Lifted;
use super::mir::KEPT;
use super::session::Session;
use super::source_map::{Origin, SourceMap};

/// Choices that a first attempt at compiling makes and that the compiler's answer corrects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choices {
    /// Variables of earlier cells to borrow: taken outside the statements and put back after them, come what may.
    pub(crate) borrowed: BTreeSet<String>,
    /// Variables of earlier cells that the statements move and assign anew: taken inside, stored at the end.
    pub(crate) renewed: BTreeSet<String>,
    /// Variables of earlier cells that the statements move: taken inside and gone.
    pub(crate) moved: BTreeSet<String>,
    /// Variables of this cell to store.
    pub(crate) stored: BTreeSet<String>,
    /// Imports of earlier cells, by line.
    pub(crate) imports: BTreeSet<String>,
    /// Whether the last expression's value is shown.
    pub(crate) shows: bool,
}

impl Choices {
    /// The first attempt: borrow every variable the cell names, store every variable it declares.
    pub(crate) fn first(cell: &Cell, session: &Session, lifted: &Lifted) -> Self {
        let own: BTreeSet<&str> = cell
            .items
            .iter()
            .flat_map(|item| item.brings.iter().filter_map(name_of))
            .chain(lifted.names().map(|(name, _)| name))
            .collect();
        let named = session
            .variables
            .keys()
            .filter(|name| cell.names.contains(*name) && !own.contains(name.as_str()));
        Self {
            borrowed: named.cloned().collect(),
            stored: cell
                .variables
                .iter()
                .map(|variable| variable.name.clone())
                .collect(),
            imports: session.imports_beside(&own),
            shows: true,
            ..Self::default()
        }
    }
}

/// The name that something brings into scope.
pub(crate) fn name_of(brought: &Brought) -> Option<&str> {
    match brought {
        Brought::Item(name) => Some(name),
        Brought::Use { name, .. } => name.as_deref(),
    }
}

const CELL: &str = "::carnet_toolkit::cell";
/// The end of the function, after which the items follow.
const FUNCTION_END: &str = "carnet_attempt }) }\n";
/// Types whose values are written in one step.
pub(super) const PLAIN: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64",
    "usize",
];
/// How the value of the last expression is shown, whatever its type.
const LAST: &str = "::carnet::show::last";

/// The items and imports of a crate that [`write()`] wrote.
pub(crate) fn items_of(generated: &str) -> &str {
    generated
        .split_once(FUNCTION_END)
        .map_or("", |(_, items)| items)
}

/// How a cell is called by others.
pub(crate) struct Names<'a> {
    /// Its function.
    pub(crate) symbol: &'a str,
    /// Its crate.
    pub(crate) crate_name: &'a str,
}

/// Writes the crate of a cell into `map`, which is new.
pub(crate) fn write(
    map: &mut SourceMap,
    cell: &Cell,
    session: &Session,
    choices: &Choices,
    lifted: &Lifted,
    names: &Names<'_>,
) {
    let symbol = names.symbol;
    map.push(
        &format!("#[unsafe(no_mangle)] pub extern \"C\" fn {symbol}() {{ {CELL}::run(|| {{ "),
        Origin::Frame,
    );
    for name in &choices.borrowed {
        take(map, session, lifted, names, name);
        lend(map, session, name);
    }
    let result = "::std::result::Result::<(), ::carnet_toolkit::cell::Failure>";
    map.push(
        &format!("let carnet_attempt = {CELL}::attempt(|| -> {result} {{ "),
        Origin::Frame,
    );
    if cell.awaits {
        map.push("::carnet::store::block_on(async { ", Origin::Frame);
    }
    for name in choices.renewed.iter().chain(&choices.moved) {
        take(map, session, lifted, names, name);
    }
    for name in cell
        .items
        .iter()
        .filter(|item| item.kind == Kind::Macro)
        .flat_map(|item| item.brings.iter().filter_map(name_of))
    {
        map.push(&format!("use crate::{name}; "), Origin::Frame);
    }
    write_statements(map, cell, choices.shows);
    map.push("\n", Origin::Frame);
    // A variable that cannot be kept still hides the one of its name that an earlier cell declared.
    for variable in cell
        .variables
        .iter()
        .filter(|variable| !choices.stored.contains(&variable.name))
    {
        map.push(
            &format!("{CELL}::forget(\"{}\");\n", variable.name),
            Origin::Frame,
        );
    }
    for name in choices.stored.union(&choices.renewed) {
        let plain = name.trim_start_matches("r#");
        map.push(
            &format!("let {KEPT}{plain} = {CELL}::store(\"{name}\", {name});\n"),
            Origin::Store(name.clone()),
        );
    }
    let end = if cell.awaits { " })" } else { "" };
    map.push(&format!("{result}::Ok(()){end} }});\n"), Origin::Frame);
    for name in &choices.borrowed {
        let hidden = cell.variables.iter().any(|variable| variable.name == *name);
        let when = if hidden {
            "if !carnet_attempt.is_done() "
        } else {
            ""
        };
        map.push(
            &format!("{when}{{ {CELL}::put_back(\"{name}\", {name}); }}\n"),
            Origin::PutBack(name.clone()),
        );
    }
    map.push(FUNCTION_END, Origin::Frame);
    write_items(map, cell);
    if lifted.names().next().is_some() {
        map.push(
            &format!("extern crate self as {};\n", names.crate_name),
            Origin::Frame,
        );
    }
    for text in lifted.texts() {
        map.push(&format!("{text}\n"), Origin::Frame);
    }
    for line in &choices.imports {
        map.push(&format!("{line}\n"), Origin::Import(line.clone()));
    }
    map.push("use ::carnet_toolkit::crates::*;\n", Origin::Frame);
}

/// A variable whose type is compiled again, here or in a cell before, is taken as what it is now.
fn take(map: &mut SourceMap, session: &Session, lifted: &Lifted, names: &Names<'_>, name: &str) {
    if let Some(variable) = session.variables.get(name) {
        let mutable = if variable.mutable { "mut " } else { "" };
        let stored = variable.stored_as.as_ref().unwrap_or(&variable.type_);
        let type_ = lifted.rewrite(&variable.type_, names.crate_name);
        let taken = if *stored == type_ {
            format!("{CELL}::take::<{type_}>(\"{name}\")")
        } else {
            format!("unsafe {{ {CELL}::take_as::<{stored}, {type_}>(\"{name}\") }}")
        };
        let line = format!("let {mutable}{name}: {type_} = {taken}; ");
        map.push(&line, Origin::Take(name.to_owned()));
    }
}

/// Notes where a borrowed variable lies, so that a cell that is stopped can be made to give it back. One that cannot change
/// is whole at any moment, and so is a plain number.
fn lend(map: &mut SourceMap, session: &Session, name: &str) {
    if let Some(variable) = session.variables.get(name) {
        let plain = PLAIN.contains(&variable.type_.as_str());
        let inside = session.changes_inside(&variable.type_);
        let doubt = match inside {
            _ if plain => None,
            None if variable.mutable => Some("it is `mut`".to_owned()),
            None => None,
            Some(inside) => Some(format!("it can change inside, by a `{inside}`,")),
        };
        let doubt = doubt.map(|doubt| format!("{doubt} and may have been stopped half changed"));
        let line = format!("unsafe {{ {CELL}::lend(\"{name}\", &raw const {name}, {doubt:?}) }}; ");
        map.push(&line, Origin::Frame);
    }
}

/// The cell's text with the items blanked out, so that lines keep their numbers.
fn write_statements(map: &mut SourceMap, cell: &Cell, shows: bool) {
    let mut place = 0;
    let end = map.cell.len();
    let mut items = cell.items.iter().map(|item| item.range.clone()).peekable();
    while place < end {
        let next_item = items.peek().map_or(end, |range| range.start);
        match cell.tail.as_ref().filter(|_| shows) {
            Some(tail) if tail.start >= place && tail.start < next_item => {
                map.push_cell(place..tail.start);
                map.push(
                    &format!("{{ use {LAST}::{{ByDebug as _, ByError as _, ByName as _, ByShow as _}}; match &("),
                    Origin::Frame,
                );
                map.push_cell(tail.clone());
                let value = format!("(&&&&{LAST}::Last(carnet_value)).last_bundle()");
                map.push(
                    &format!(") {{ carnet_value => {LAST}::result({value}) }} }};"),
                    Origin::Frame,
                );
                place = tail.end;
            }
            _ => {
                map.push_cell(place..next_item);
                place = next_item;
                if let Some(item) = items.next() {
                    let blank: String = map.cell[item.clone()]
                        .chars()
                        .map(|c| if c == '\n' { '\n' } else { ' ' })
                        .collect();
                    map.push(&blank, Origin::Frame);
                    place = item.end;
                }
            }
        }
    }
    if !shows {
        map.push("\n;", Origin::Frame);
    }
}

fn write_items(map: &mut SourceMap, cell: &Cell) {
    for item in &cell.items {
        let mut insertions = item.insertions.clone();
        insertions.sort_by_key(|(place, _)| *place);
        let mut place = item.range.start;
        for (at, text) in insertions {
            map.push_cell(place..at);
            map.push(text, Origin::Frame);
            place = at;
        }
        map.push_cell(place..item.range.end);
        map.push("\n", Origin::Frame);
    }
}
