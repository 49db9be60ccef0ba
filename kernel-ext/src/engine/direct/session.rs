//! What the cells so far have left: variables with their types, items and `use` lines in scope, and why a variable that
//! was there is not there any more.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::cell::Cell;
use super::interior::interior_of;
use super::item::Brought;
use super::lifted::{Items, Lifted};
use super::meaning::{Meaning, Meanings, key_of, meanings_in, mentioned};
use super::unliftable::Unliftable;

/// A variable that a later cell can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// Its type, as later cells write it.
    pub(crate) type_: String,
    /// The type it was stored as, when that has since been compiled once more.
    pub(crate) stored_as: Option<String>,
    /// Whether it was declared `mut`.
    pub(crate) mutable: bool,
    /// The cell that declared it: `cell [3]`.
    pub(crate) cell: String,
}

/// A column of a variable that is a frame.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub(crate) type_: String,
}

/// A name, or an anonymous import, in scope for later cells.
#[derive(Debug, Clone)]
struct Import {
    name: Option<String>,
    line: String,
}

/// What the cells so far have left.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// The variables, by name.
    pub(crate) variables: BTreeMap<String, Variable>,
    /// Why a variable that some cell declared cannot be named: one sentence each.
    gone: BTreeMap<String, String>,
    imports: Vec<Import>,
    /// The items, as they may have to be compiled again.
    items: Items,
    /// What the names in scope stand for.
    meanings: Meanings,
    /// The columns of variables that are frames.
    columns: BTreeMap<String, Vec<Column>>,
}

impl Session {
    /// What a cell that implements something for items of earlier cells has to compile again.
    pub(crate) fn lift(&self, cell: &Cell) -> Result<Lifted, Unliftable> {
        let lifted = self.items.lift(cell, &self.meanings)?;
        for (name, variable) in &self.variables {
            if let Some(redefined) = lifted.redefines(&variable.type_, "crate") {
                return Err(Unliftable::Held {
                    item: name.clone(),
                    cell: variable.cell.clone(),
                    name: redefined.to_owned(),
                });
            }
        }
        Ok(lifted)
    }

    /// What lets a value of this type change although it is only borrowed, if anything the cells or the type itself name.
    pub(crate) fn changes_inside(&self, type_: &str) -> Option<&'static str> {
        interior_of(&self.items, type_)
    }

    /// Adds the items of a cell that ran, and those it compiled again.
    pub(crate) fn add_items(&mut self, cell: &Cell, text: &str, lifted: &Lifted, crate_name: &str) {
        let names = lifted.names().map(|(name, _)| name);
        let meanings = meanings_in(cell, names, crate_name, &self.meanings);
        self.items.add(cell, text, lifted, crate_name, &meanings);
        for brought in cell.items.iter().flat_map(|item| &item.brings) {
            self.bring(brought, crate_name);
        }
        for (name, _) in lifted.names() {
            self.bring(&Brought::Item(name.to_owned()), crate_name);
        }
        for variable in self.variables.values_mut() {
            let type_ = lifted.rewrite(&variable.type_, crate_name);
            if type_ != variable.type_ {
                let old = std::mem::replace(&mut variable.type_, type_);
                variable.stored_as.get_or_insert(old);
            }
        }
    }

    /// Notes that a crate was asked for anew: what there is of it belongs to the crate as it was.
    pub(crate) fn replace_crate(&mut self, crate_name: &str) {
        self.items.replace_crate(crate_name);
        let is_of_it = |variable: &Variable| {
            let mut names = Vec::new();
            let parsed = variable.type_.parse();
            let parsed = parsed.map(|tokens| mentioned(tokens, &mut names));
            parsed.is_err() || names.iter().any(|name| name == crate_name)
        };
        let of_it = self
            .variables
            .iter()
            .filter(|(_, variable)| is_of_it(variable));
        let lost: Vec<(String, String)> = of_it
            .map(|(name, variable)| (name.clone(), variable.cell.clone()))
            .collect();
        for (name, cell) in lost {
            let why = format!(
                "`{name}` of {cell} has a type of `{crate_name}` as it was before that was asked for anew: run {cell} again"
            );
            self.lose(&name, why);
        }
    }

    /// The imports for a cell that itself brings the names `own` into scope.
    pub(crate) fn imports_beside(&self, own: &BTreeSet<&str>) -> BTreeSet<String> {
        let hidden = |name: &str| own.contains(name);
        let imports = self
            .imports
            .iter()
            .filter(|import| !import.name.as_deref().is_some_and(hidden));
        imports.map(|import| import.line.clone()).collect()
    }

    /// Adds what a cell's item brings into scope, in place of an earlier definition of that name.
    fn bring(&mut self, brought: &Brought, crate_name: &str) {
        let name = super::source::name_of(brought).map(str::to_owned);
        let meaning = Meaning::of(brought, crate_name);
        let line = match (&meaning, &name) {
            (Meaning::Item(crate_name), Some(name)) => format!("use {crate_name}::{name};"),
            (Meaning::Import(line), _) => line.clone(),
            (Meaning::Item(_) | Meaning::Replaced, None) | (Meaning::Replaced, Some(_)) => return,
        };
        let key = key_of(brought, &meaning);
        self.meanings.extend(key.map(|key| (key, meaning)));
        let import = Import { name, line };
        self.imports.retain(|earlier| match &import.name {
            Some(name) => earlier.name.as_ref() != Some(name),
            None => earlier.line != import.line,
        });
        self.imports.push(import);
    }

    /// The names of items and imports in scope.
    pub(crate) fn names_in_scope(&self) -> impl Iterator<Item = &str> {
        self.imports
            .iter()
            .filter_map(|import| import.name.as_deref())
    }

    /// The `use` lines in scope.
    pub(crate) fn import_lines(&self) -> impl Iterator<Item = &str> {
        self.imports.iter().map(|import| import.line.as_str())
    }

    /// Notes the columns of the variables that are frames.
    pub(crate) fn keep_columns(&mut self, columns: &BTreeMap<String, Vec<Column>>) {
        self.columns.clone_from(columns);
    }

    /// The columns of a variable, if it is a frame.
    pub(crate) fn columns_of(&self, name: &str) -> &[Column] {
        let there = self.variables.contains_key(name);
        let columns = self.columns.get(name).filter(|_| there);
        columns.map_or(&[], Vec::as_slice)
    }

    /// The variables that are frames, with their columns.
    pub(crate) fn frames(&self) -> impl Iterator<Item = (&str, &[Column])> {
        let names = self.columns.keys();
        names.map(|name| (name.as_str(), self.columns_of(name)))
    }

    /// Forgets an import that does not hold any more.
    pub(crate) fn drop_import(&mut self, line: &str) {
        let (dropped, kept) = std::mem::take(&mut self.imports)
            .into_iter()
            .partition(|import: &Import| import.line == line);
        self.imports = kept;
        for import in dropped {
            self.meanings.remove(&import.name.unwrap_or(import.line));
        }
    }

    /// The names of the variables.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.variables.keys().cloned().collect()
    }

    /// Adds or replaces a variable.
    pub(crate) fn keep(&mut self, name: &str, variable: Variable) {
        self.gone.remove(name);
        self.variables.insert(name.to_owned(), variable);
    }

    /// Removes a variable and remembers why.
    pub(crate) fn lose(&mut self, name: &str, why: String) {
        self.variables.remove(name);
        self.gone.insert(name.to_owned(), why);
    }

    /// Removes all variables, for one reason.
    pub(crate) fn lose_all(&mut self, why: &str) {
        for name in std::mem::take(&mut self.variables).into_keys() {
            self.gone.insert(name, why.to_owned());
        }
    }

    /// Why there is no variable of this name, when some cell declared one.
    pub(crate) fn why_gone(&self, name: &str) -> Option<&str> {
        self.gone.get(name).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str) -> Brought {
        Brought::Item(name.to_owned())
    }

    #[test]
    fn the_newest_definition_of_a_name_is_imported() {
        let mut session = Session::default();
        session.bring(&item("P"), "cell_1");
        session.bring(
            &Brought::Use {
                name: Some("Q".to_owned()),
                line: "use a::Q;".to_owned(),
            },
            "cell_1",
        );
        session.bring(&item("P"), "cell_2");
        session.bring(
            &Brought::Use {
                name: None,
                line: "use a::*;".to_owned(),
            },
            "cell_2",
        );
        session.bring(
            &Brought::Use {
                name: None,
                line: "use a::*;".to_owned(),
            },
            "cell_3",
        );
        let imports = session.imports_beside(&BTreeSet::new());
        assert_eq!(
            imports.into_iter().collect::<Vec<_>>(),
            ["use a::*;", "use a::Q;", "use cell_2::P;"]
        );
        let imports = session.imports_beside(&["P"].into());
        assert_eq!(
            imports.into_iter().collect::<Vec<_>>(),
            ["use a::*;", "use a::Q;"]
        );
    }

    #[test]
    fn a_lost_variable_has_a_reason_until_it_is_made_again() {
        let mut session = Session::default();
        let variable = Variable {
            type_: "i32".to_owned(),
            stored_as: None,
            mutable: false,
            cell: "cell [1]".to_owned(),
        };
        session.keep("x", variable.clone());
        session.lose_all("the process ended");
        assert_eq!(session.why_gone("x"), Some("the process ended"));
        session.keep("x", variable);
        assert_eq!(session.why_gone("x"), None);
    }
}
