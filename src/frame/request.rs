//! What a reader is asked for, and what it says it did: the words between a load and the databases.

use super::Param;
use crate::record::{Field, Place, Schema};
use crate::store::relational::CatalogueColumn;
use bson::Document;

/// What a reader is asked for.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// The record's fields, narrowed to the columns asked for; none for a query.
    pub(super) schema: Schema,
    /// All fields of the record, to tell what it does not name.
    pub(super) record: Vec<Field>,
    /// The text of a query.
    pub(super) statement: Option<String>,
    /// Where the record's key lives, for messages.
    pub(super) key: Option<String>,
    /// The condition on a table.
    pub(super) condition: Option<String>,
    /// Which rows of a table, or documents of a collection, are this reader's.
    pub(super) range: Option<String>,
    pub(super) share: Option<Document>,
    /// The values of placeholders.
    pub(super) values: Vec<Param>,
    /// The filter on a collection.
    pub(super) matching: Document,
    /// The stages that make documents of those of the collection.
    pub(super) pipeline: Option<Vec<Document>>,
    /// Columns or paths to sort by, the first first, and whether descending.
    pub(super) sort: Vec<(String, bool)>,
    /// Rows at most.
    pub(super) limit: Option<usize>,
    /// Whether this is the first of several readers, or the only one.
    pub(super) is_first: bool,
}

impl Request {
    pub(super) fn of(schema: Schema) -> Request {
        Request {
            record: schema.fields.clone(),
            schema,
            statement: None,
            key: None,
            condition: None,
            range: None,
            share: None,
            values: Vec::new(),
            matching: Document::new(),
            pipeline: None,
            sort: Vec::new(),
            limit: None,
            is_first: true,
        }
    }

    /// What is read, for people.
    pub(super) fn place(&self) -> String {
        match &self.statement {
            Some(_) => "a query".to_owned(),
            None => self.schema.place.to_string(),
        }
    }

    /// The table's name.
    pub(super) fn table(&self) -> &str {
        match &self.schema.place {
            Place::Table(name) | Place::Collection(name) => name,
            Place::Inline => "",
        }
    }

    /// The filter with what narrows it to this reader's share.
    pub(super) fn filter(&self) -> Document {
        match &self.share {
            Some(share) if !share.is_empty() => {
                bson::doc! { "$and": [share.clone(), self.matching.clone()] }
            }
            _ => self.matching.clone(),
        }
    }

    /// Whether a stage would write what comes out.
    pub(super) fn writes(&self) -> bool {
        let mut stages = self.pipeline.iter().flatten();
        stages.any(|stage| stage.contains_key("$out") || stage.contains_key("$merge"))
    }

    /// The SQL from FROM on; `table` must be quoted, and `order` writes a column to sort by. Nulls come first, as SQLite and
    /// MongoDB have them, and last where it descends.
    pub(super) fn clauses(&self, table: &str, order: impl Fn(&str) -> String) -> String {
        let mut rest = format!("FROM {table}");
        // On lines of their own, so that a comment at a condition's end cannot swallow the bracket.
        let conditions: Vec<String> = [&self.condition, &self.range]
            .into_iter()
            .flatten()
            .map(|condition| format!("(\n{condition}\n)"))
            .collect();
        if !conditions.is_empty() {
            rest.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
        }
        let sorted: Vec<String> = self
            .sort
            .iter()
            .map(|(column, descending)| {
                let direction = if *descending {
                    "DESC NULLS LAST"
                } else {
                    "ASC NULLS FIRST"
                };
                format!("{} {direction}", order(column))
            })
            .collect();
        if !sorted.is_empty() {
            rest.push_str(&format!(" ORDER BY {}", sorted.join(", ")));
        }
        if let Some(limit) = self.limit {
            rest.push_str(&format!(" LIMIT {limit}"));
        }
        rest
    }
}

/// What a reader did.
#[derive(Debug)]
pub(super) struct Read {
    /// The statement or filter that was sent, with placeholders for values.
    pub(super) query: String,
    /// Rows or documents that were read.
    pub(super) read: usize,
    /// The moment that the rows are of, if the database says it.
    pub(super) snapshot: Option<String>,
    /// What the database says of each column; none where it says nothing.
    pub(super) columns: Vec<Declared>,
}

/// What a database says of a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Declared {
    pub(super) kind: Option<String>,
    pub(super) nullable: Option<bool>,
}

impl Declared {
    pub(super) fn of(column: Option<&CatalogueColumn>) -> Declared {
        column.map_or_else(Declared::default, |column| Declared {
            kind: Some(column.declared.clone()),
            nullable: Some(column.nullable),
        })
    }
}
