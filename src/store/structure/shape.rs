//! The shape of MongoDB's collections as their validators declare it, read from the migrations, so that no server is needed to
//! know it. Embedded documents have the same shape.

use crate::store::{Migrations, MigrationsError};
use serde_json::Value;
use std::collections::BTreeMap;

/// One collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collection {
    /// Its name.
    pub name: String,
    /// What its validator says it is.
    pub comment: Option<String>,
    /// Every path of a document that its validator names, in order.
    pub paths: Vec<Path>,
    /// The paths of each index, but for the key's.
    pub indexes: Vec<Vec<String>>,
}

/// One path of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Dotted; a part that stands for each item of an array ends with `[]`.
    pub path: String,
    /// The BSON type, or several with `|` between; the values themselves where only those are allowed.
    pub kind: String,
    /// Whether every document that has what is above it has it.
    pub required: bool,
    /// What the validator says it is.
    pub comment: Option<String>,
}

/// The collections that the migrations of MongoDB make, each with its newest validator.
///
/// # Errors
/// When a migration is no JSON array of commands.
pub fn collections(migrations: &Migrations<'_>) -> Result<Vec<Collection>, MigrationsError> {
    let mut found: BTreeMap<String, Collection> = BTreeMap::new();
    for migration in migrations.mongodb.iter() {
        let commands: Vec<Value> =
            serde_json::from_str(&migration.statements).map_err(|source| {
                MigrationsError::Json {
                    version: migration.version,
                    description: migration.description.clone().into_owned(),
                    source,
                }
            })?;
        for command in &commands {
            let text = |name: &str| command.get(name).and_then(Value::as_str);
            if let Some(name) = text("drop") {
                found.remove(name);
            }
            let made = text("create")
                .or_else(|| text("collMod"))
                .or_else(|| text("createIndexes"));
            let Some(name) = made else { continue };
            let collection = found.entry(name.to_owned()).or_insert_with(|| Collection {
                name: name.to_owned(),
                ..Collection::default()
            });
            if let Some(schema) = command.pointer("/validator/$jsonSchema") {
                collection.comment = title(schema, "title");
                collection.paths = Vec::new();
                paths(schema, "", &mut collection.paths);
            }
            let indexes = command.get("indexes").and_then(Value::as_array);
            for index in indexes.into_iter().flatten() {
                if let Some(key) = index.get("key").and_then(Value::as_object) {
                    collection.indexes.push(key.keys().cloned().collect());
                }
            }
        }
    }
    Ok(found.into_values().collect())
}

fn title(schema: &Value, name: &str) -> Option<String> {
    schema.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// Adds every path below one.
fn paths(schema: &Value, above: &str, to: &mut Vec<Path>) {
    let required = schema.get("required").and_then(Value::as_array);
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let mut path = format!("{above}{name}");
        let kind = kind(property);
        let items = property.get("items");
        if items.is_some() {
            path.push_str("[]");
        }
        to.push(Path {
            path: path.clone(),
            kind,
            required: required
                .is_some_and(|required| required.iter().any(|one| one.as_str() == Some(name))),
            comment: title(property, "description"),
        });
        paths(items.unwrap_or(property), &format!("{path}."), to);
    }
}

fn kind(property: &Value) -> String {
    let each = |values: &Vec<Value>| {
        let texts: Vec<String> = values
            .iter()
            .map(|value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            })
            .collect();
        texts.join(" | ")
    };
    match (property.get("bsonType"), property.get("enum")) {
        (Some(Value::Array(types)), _) => each(types),
        (Some(Value::String(one)), _) => one.clone(),
        (_, Some(Value::Array(values))) => each(values),
        _ => "any".to_owned(),
    }
}
