//! What has to be done to bring a database to a version, worked out from what is applied before anything is done.

use super::Migration;
use crate::store::StoreError;
use std::collections::BTreeMap;

/// A migration, and what it works on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    /// The structure: SQL, or commands of MongoDB.
    Structure(&'a Migration),
    /// The documents themselves.
    Documents(&'a Migration),
}

impl<'a> Step<'a> {
    pub(super) fn migration(&self) -> &'a Migration {
        match self {
            Step::Structure(migration) | Step::Documents(migration) => migration,
        }
    }
}

/// Migrations of both kinds in the order of their numbers.
pub(super) fn in_order<'a>(
    structure: &'a [Migration],
    documents: &'a [Migration],
) -> Vec<Step<'a>> {
    let mut steps: Vec<Step<'_>> = structure.iter().map(Step::Structure).collect();
    steps.extend(documents.iter().map(Step::Documents));
    steps.sort_by_key(|step| step.migration().version);
    steps
}

/// What to do.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    /// To be undone, the newest first.
    pub(super) down: Vec<Step<'a>>,
    /// To be applied, the oldest first.
    pub(super) up: Vec<Step<'a>>,
    /// The version the database is at afterwards.
    pub(super) version: i64,
}

impl<'a> Plan<'a> {
    /// The way from what is applied (by number; `same` tells whether the text is this one) to a version; to the newest without one.
    ///
    /// # Errors
    /// When the database is of a newer program, an applied migration has another text, or one to be undone cannot be.
    pub(super) fn of<T>(
        store: &str,
        steps: &[Step<'a>],
        applied: &BTreeMap<i64, T>,
        same: impl Fn(&Migration, &T) -> bool,
        to: Option<i64>,
    ) -> Result<Plan<'a>, StoreError> {
        let known = steps.last().map_or(0, |newest| newest.migration().version);
        let found = applied.keys().next_back().copied().unwrap_or(0);
        if found > known {
            return Err(StoreError::Newer {
                store: store.to_owned(),
                found,
                known,
            });
        }
        for (version, text) in applied {
            let step = steps
                .iter()
                .find(|step| step.migration().version == *version);
            if !step.is_some_and(|step| same(step.migration(), text)) {
                return Err(StoreError::Changed {
                    store: store.to_owned(),
                    version: *version,
                });
            }
        }
        let to = to.unwrap_or(known);
        let is_applied = |step: &&Step<'_>| applied.contains_key(&step.migration().version);
        let down: Vec<Step<'_>> = steps
            .iter()
            .rev()
            .filter(|step| step.migration().version > to)
            .filter(is_applied)
            .copied()
            .collect();
        let stays = down
            .iter()
            .find(|step| matches!(step, Step::Documents(_)) || step.migration().undo.is_none());
        if let Some(step) = stays {
            let migration = step.migration();
            return Err(StoreError::Irreversible {
                store: store.to_owned(),
                version: migration.version,
                description: migration.description.clone().into_owned(),
            });
        }
        let mut wanted = steps.iter().filter(|step| step.migration().version <= to);
        Ok(Plan {
            up: wanted
                .clone()
                .filter(|step| !is_applied(step))
                .copied()
                .collect(),
            version: wanted
                .next_back()
                .map_or(0, |newest| newest.migration().version),
            down,
        })
    }
}
