//! What a cell that ran leaves to later ones: its items and imports, its variables with their types, and for a variable
//! that is not there any more the reason, kept until somebody names it.

use super::Direct;
use super::build::Built;
use super::cell::Cell;
use super::corrections::Reason;
use super::ending::Report;
use super::mir::TypeOf;
use super::session::Variable;

impl Direct {
    /// Brings the session in line with what the process says it holds.
    pub(super) fn settle(
        &mut self,
        cell: &Cell,
        built: Built,
        report: &Report,
        file: &str,
        label: &str,
    ) {
        // A library that was not loaded left nothing.
        let Some(present) = &report.variables else {
            return;
        };
        let crate_name = file.replace('-', "_");
        for line in &built.dropped_imports {
            self.session.drop_import(line);
        }
        self.session
            .add_items(cell, &built.map.cell, &built.lifted, &crate_name);
        // What was taken was put back as what it is now.
        for name in &built.borrowed {
            if let Some(variable) = self.session.variables.get_mut(name) {
                variable.stored_as = None;
            }
        }
        self.cells.push(crate_name);

        let untaken = |name: &str| {
            format!(
                "the type of `{name}` cannot be written in another cell, so it cannot be used there"
            )
        };
        for name in &built.untaken {
            self.session.lose(name, untaken(name));
        }
        let missing: Vec<String> = self
            .session
            .variables
            .keys()
            .filter(|name| !present.contains(name))
            .cloned()
            .collect();
        for name in missing {
            let why = match report.lost.get(&name) {
                Some(why) => format!(
                    "`{name}` was lost when {label} was stopped: {why}; run the cell that declares it again"
                ),
                None if report.is_stopped() => format!(
                    "`{name}` was lost when {label}, which moves it, was stopped: run the cell that declares it again"
                ),
                None => why_unstored(&name, Reason::Moved, label),
            };
            self.session.lose(&name, why);
        }
        for (name, reason) in built.unstored {
            if report.is_done() {
                let why = why_unstored(&name, reason, label);
                self.session.lose(&name, why);
            }
        }
        for name in &report.stored {
            let declared = cell
                .variables
                .iter()
                .find(|variable| variable.name == *name);
            let earlier = self.session.variables.get(name);
            let mutable = declared
                .map(|variable| variable.mutable)
                .or(earlier.map(|earlier| earlier.mutable));
            let cell = match (declared, earlier) {
                (None, Some(earlier)) => earlier.cell.clone(),
                _ => label.to_owned(),
            };
            match built.types.get(name.trim_start_matches("r#")) {
                Some(TypeOf::Named(type_)) => {
                    let variable = Variable {
                        type_: type_.clone(),
                        stored_as: None,
                        mutable: mutable.unwrap_or(false),
                        cell,
                    };
                    self.session.keep(name, variable);
                }
                Some(TypeOf::Unnameable(type_)) => {
                    self.session.lose(name, why_unnameable(name, type_, label))
                }
                None => self.session.lose(name, untaken(name)),
            }
        }
        self.session.keep_columns(&report.columns);
    }
}

fn why_unstored(name: &str, reason: Reason, label: &str) -> String {
    match reason {
        Reason::Moved => format!(
            "`{name}` was moved in {label}: use `{name}.clone()` or `&{name}` there to keep it"
        ),
        Reason::Borrows => format!(
            "`{name}` of {label} borrows from another variable, and only what owns its data outlives a cell: make it \
             own them there (`.to_owned()`, `.clone()`, `.to_vec()`)"
        ),
        Reason::Unset => format!("`{name}` of {label} has no value at the end of that cell"),
        Reason::Other => format!("`{name}` of {label} could not be kept for later cells"),
    }
}

fn why_unnameable(name: &str, type_: &str, label: &str) -> String {
    let what = if type_.contains("{closure@") {
        "a closure"
    } else {
        "a value"
    };
    format!(
        "`{name}` of {label} is or holds {what} whose type has no name, so it cannot outlive its cell: write a `fn`, or \
         give it a type with a name there (`Box<dyn Fn(f64) -> f64>`, a `Vec` by `.collect()`)"
    )
}
