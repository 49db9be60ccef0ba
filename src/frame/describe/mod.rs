//! `store.describe("name")`: a first record of a table or a collection, to paste and correct.
//!
//! A table's types and nulls are the catalogue's. A collection has no catalogue, so `sample.rs` draws documents, `tally.rs` counts
//! what is at each path, and `infer.rs` says which Rust type that is and how sure one can be. `name.rs` makes the names. Loads
//! never use any of this: a load takes the record as it is written.

mod infer;
mod name;
mod sample;
mod tally;

use super::{FrameError, check, postgres};
use crate::record::{Kind, Place};
use crate::store::relational::{CatalogueColumn, postgres_catalogue, sqlite_catalogue};
use crate::store::{Documents, Store, Tables, document};
use std::fmt;

/// A record for a table or a collection, found by looking at it. It prints as a Rust struct.
#[derive(Debug, Clone)]
pub struct Description {
    /// The table or collection.
    pub place: Place,
    /// The struct's name.
    pub name: String,
    /// Where the types come from and how sure they are.
    pub basis: String,
    /// The columns, or the paths of the documents, in order.
    pub fields: Vec<DescribedField>,
}

/// One column of a table, or one path of a collection's documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedField {
    /// The field's name.
    pub name: String,
    /// The column or the dotted path.
    pub path: String,
    /// The field's type, such as `Option<f64>`; none when what is there has no Rust type in a record.
    pub rust_type: Option<String>,
    /// Whether it is part of the key.
    pub key: bool,
    /// The declared type, or what was found and how often.
    pub note: String,
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (attribute, place) = match &self.place {
            Place::Table(place) => ("table", place.as_str()),
            Place::Collection(place) => ("collection", place.as_str()),
            Place::Inline => ("table", ""),
        };
        writeln!(f, "// {}", in_a_line(&self.basis))?;
        writeln!(f, "#[derive(Record)]")?;
        writeln!(f, "#[record({attribute} = {place:?})]")?;
        writeln!(f, "struct {} {{", self.name)?;
        for field in &self.fields {
            writeln!(f, "{field}")?;
        }
        f.write_str("}")
    }
}

/// The field in a struct: its attribute, if it needs one, and its line.
impl fmt::Display for DescribedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DescribedField {
            name,
            path,
            rust_type,
            key,
            note,
        } = self;
        let Some(rust_type) = rust_type else {
            return write!(f, "    // {}: {}", in_a_line(path), in_a_line(note));
        };
        // rustc writes names outside ASCII in one normal form; a database leaves them as they are.
        let is_elsewhere = name != path || !path.is_ascii();
        match (key, is_elsewhere) {
            (true, true) => writeln!(f, "    #[record(key, path = {path:?})]")?,
            (true, false) => writeln!(f, "    #[record(key)]")?,
            (false, true) => writeln!(f, "    #[record(path = {path:?})]")?,
            (false, false) => {}
        }
        write!(f, "    {name}: {rust_type}, // {}", in_a_line(note))
    }
}

/// Text that cannot end the comment that it is in.
fn in_a_line(text: &str) -> String {
    let is_end =
        |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    text.replace(is_end, " ")
}

impl Store {
    /// Describes a table, view or collection as a Rust struct to paste: `println!("{}", store.describe("customer")?)`. A table or
    /// view comes before a collection of the same name.
    ///
    /// What a table has is certain, since the database itself says it: each column gets the natural type of its declared one,
    /// and `Option` where a null is allowed. Of a collection up to 1,000 documents are looked at, and every field says in a
    /// comment how many of them had it, with what types, and what that says of all others.
    ///
    /// # Errors
    /// When nothing has that name, a stored document is damaged, or the database fails.
    pub fn describe(&self, name: &str) -> Result<Description, FrameError> {
        self.block_on(self.look_at(name))
    }

    async fn look_at(&self, name: &str) -> Result<Description, FrameError> {
        let (table, tables) = match &self.tables {
            Tables::Sqlite(_) => self.sqlite_table(name).await,
            Tables::Postgres(_) => self.postgres_table(name).await,
        }
        .map_err(|source| self.failed(source))?;
        if let Some(table) = table {
            return Ok(table);
        }
        let collections = match &self.documents {
            Documents::Embedded(sqlite) => {
                let connection = sqlite.pool().acquire().await;
                let mut connection = connection.map_err(|source| self.failed(source))?;
                document::collections(&mut connection)
                    .await
                    .map_err(|source| self.failed(source))?
            }
            Documents::Mongo(mongo) => mongo.collections().await?,
            Documents::Nowhere => Vec::new(),
        };
        if !collections.iter().any(|existing| existing == name) {
            return Err(FrameError::Unknown {
                name: name.to_owned(),
                tables,
                collections,
            });
        }
        let sample = match &self.documents {
            Documents::Embedded(sqlite) => sample::embedded(sqlite, name).await?,
            Documents::Mongo(mongo) => sample::mongodb(mongo, name).await?,
            Documents::Nowhere => sample::Sample::default(),
        };
        Ok(infer::collection(name, &sample))
    }

    /// The table of this name, or else the names of all.
    async fn sqlite_table(
        &self,
        name: &str,
    ) -> Result<(Option<Description>, Vec<String>), sqlx::Error> {
        let Some(pool) = self.sqlite() else {
            return Ok((None, Vec::new()));
        };
        let mut connection = pool.acquire().await?;
        let collections: Vec<String> = document::collections(&mut connection)
            .await?
            .iter()
            .map(|collection| document::table_of(collection))
            .collect();
        let mut tables = sqlite_catalogue::tables(&mut connection).await?;
        tables.retain(|table| !collections.contains(table));
        // SQLite knows its tables in any case of their letters.
        if !tables.iter().any(|table| table.eq_ignore_ascii_case(name)) {
            return Ok((None, tables));
        }
        let columns = sqlite_catalogue::columns_of_table(&mut connection, name).await?;
        let key = sqlite_catalogue::key_of_table(&mut connection, name).await?;
        let natural = |column: &CatalogueColumn| check::sqlite_kinds(column).first().cloned();
        let basis = format!(
            "Table {name}: types and nulls are the catalogue's. SQLite lets a cell hold another type all the same, so a load looks at each."
        );
        let table = of_table(name, name, basis, &columns, &key, natural);
        Ok((Some(table), tables))
    }

    /// As [`Store::sqlite_table`]; the name may have a schema before a dot.
    async fn postgres_table(
        &self,
        name: &str,
    ) -> Result<(Option<Description>, Vec<String>), sqlx::Error> {
        let Some(pool) = self.postgres() else {
            return Ok((None, Vec::new()));
        };
        let mut connection = pool.acquire().await?;
        let columns = postgres_catalogue::columns_of_table(&mut connection, name).await?;
        if columns.is_empty() {
            return Ok((None, postgres_catalogue::tables(&mut connection).await?));
        }
        let key = postgres_catalogue::key_of_table(&mut connection, name).await?;
        let natural = |column: &CatalogueColumn| postgres::kinds(column).first().cloned();
        let basis =
            format!("Table {name}: types and nulls are the catalogue's, so they are certain.");
        let own = name.rsplit('.').next().unwrap_or(name);
        let table = of_table(name, own, basis, &columns, &key, natural);
        Ok((Some(table), Vec::new()))
    }
}

/// A table's columns as fields; `natural` is the first kind a column can be loaded as, `own` the table's name without a schema.
fn of_table(
    table: &str,
    own: &str,
    basis: String,
    columns: &[CatalogueColumn],
    key: &[String],
    natural: impl Fn(&CatalogueColumn) -> Option<Kind>,
) -> Description {
    let paths: Vec<Vec<&str>> = columns
        .iter()
        .map(|column| vec![column.name.as_str()])
        .collect();
    let fields = columns
        .iter()
        .zip(name::fields(&paths))
        .map(|(column, name)| {
            let rust_type = natural(column).map(|kind| check::spelt(&kind, column.nullable));
            let note = if column.declared.is_empty() {
                "no declared type".to_owned()
            } else {
                column.declared.clone()
            };
            DescribedField {
                name,
                path: column.name.clone(),
                rust_type,
                key: key.contains(&column.name),
                note,
            }
        });
    Description {
        place: Place::Table(table.to_owned()),
        name: name::structure(own),
        basis,
        fields: fields.collect(),
    }
}
