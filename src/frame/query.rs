//! `store.query("select …", values)`: any query's rows as a frame, with the types that the database says they have.

use super::plan::Plan;
use super::request::Request;
use super::{FrameError, IntoParams, Load, Policy};
use crate::record::{Field, Kind, Place, Schema};
use crate::store::Store;
use crate::store::relational::CatalogueColumn;
use std::marker::PhantomData;

/// In the place of a record, where the database says the columns.
#[derive(Debug)]
pub enum Untyped {}

/// A query being described; [`Load::run`] does it.
pub type Query = Load<Untyped>;

impl Store {
    /// Describes a query of the relational store: one statement that gives rows and changes nothing. Values go where `$1`, `$2`, …
    /// stand, and are bound, never spliced.
    ///
    /// Types are those the database gives the statement's columns, never guessed from the first rows; `docs/TYPES.md` says which
    /// each becomes. A value that its column cannot hold, such as an infinite date, is a null and is counted in the report. SQLite has no types of expressions, so it is asked first for those of all their values.
    ///
    /// ```no_run
    /// # use carnet::store::Store;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = Store::open()?;
    /// let counts = store.query("SELECT city, count(*) AS n FROM customer WHERE since > $1 GROUP BY city", [2020]).run()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self, sql: &str, values: impl IntoParams) -> Query {
        let mut request = Request::of(Schema {
            place: Place::Inline,
            fields: Vec::new(),
        });
        request.statement = Some(sql.trim().trim_end_matches(';').to_owned());
        request.values = values.into_params();
        let mut plan = Plan::new(self, request);
        // There is no record that a value could not fit; what no column can hold is a null, and counted.
        plan.policy = Policy::Null;
        Load {
            plan,
            record: PhantomData,
        }
    }
}

/// A field for each column, of the natural kind of its type. Any can have nulls: joins make them where tables have none.
pub(super) fn fields(
    columns: &[CatalogueColumn],
    kinds: fn(&CatalogueColumn) -> Vec<Kind>,
) -> Result<Vec<Field>, FrameError> {
    let mut fields: Vec<Field> = Vec::with_capacity(columns.len());
    for column in columns {
        if fields.iter().any(|field| field.name == column.name) {
            return Err(FrameError::DuplicateColumn {
                name: column.name.clone(),
            });
        }
        fields.push(Field {
            name: column.name.clone(),
            kind: kinds(column).into_iter().next().unwrap_or(Kind::Text),
            nullable: true,
            key: false,
            path: column.name.clone(),
            description: None,
        });
    }
    Ok(fields)
}
