//! A declaration resolved against its record: one [`Slot`] a field, in the record's order, checked before the first row.

use super::Format;
use super::cell;
use super::error::ExtractError;
use crate::record::{Field, Kind, Record};
use serde::de::DeserializeOwned;
use std::any::type_name;
use std::fmt;

/// How one field is read, wherever its text comes from.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    /// What kind of value is asked for.
    pub(super) kind: Kind,
    /// Whether it may be absent.
    pub(super) nullable: bool,
    /// How its text is read.
    pub(super) format: Format,
    /// The texts that mean that there is none.
    pub(super) nulls: Vec<&'static str>,
}

impl Slot {
    /// Whether this text means that there is no value.
    pub(super) fn is_null(&self, text: &[u8]) -> bool {
        self.nulls.iter().any(|null| null.as_bytes() == text)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for a {}", self.format, self.kind)?;
        if self.nullable {
            for (index, null) in self.nulls.iter().enumerate() {
                write!(
                    f,
                    "{} {null:?}",
                    if index == 0 { ", null is" } else { " or" }
                )?;
            }
            Ok(())
        } else {
            f.write_str(", never null")
        }
    }
}

/// What a column or an element declares of its field.
pub(super) struct Declared<'a> {
    /// The field.
    pub(super) field: &'a str,
    /// What it is called in messages.
    pub(super) label: String,
    /// The format, if one is declared.
    pub(super) format: Option<Format>,
    /// The texts that mean null.
    pub(super) nulls: &'a [&'static str],
    /// Whether it may be absent altogether, and so null.
    pub(super) absent: bool,
}

/// One slot for each field of the record, and which declaration fills it. `problems` are those found so far.
pub(super) fn resolve<R: Record + DeserializeOwned>(
    declared: &[Declared<'_>],
    mut problems: Vec<String>,
) -> Result<Vec<(usize, Slot)>, ExtractError> {
    let schema = R::schema();
    match cell::fields::<R>() {
        Some(names) if names.iter().copied().eq(schema.names()) => {}
        Some(names) => problems.push(format!(
            "serde names the fields {}, the schema {}",
            names.join(", "),
            schema.names().collect::<Vec<_>>().join(", ")
        )),
        None => problems.push("serde does not read it as a struct of named fields".into()),
    }
    for one in declared {
        if schema.field(one.field).is_none() {
            problems.push(format!(
                "{} fills {}, which the record does not have",
                one.label, one.field
            ));
        }
    }
    let mut slots = Vec::with_capacity(schema.fields.len());
    for field in &schema.fields {
        let mut filling = declared
            .iter()
            .enumerate()
            .filter(|(_, one)| one.field == field.name);
        match (filling.next(), filling.next()) {
            (Some((index, one)), None) => match slot(field, one) {
                Ok(slot) => slots.push((index, slot)),
                Err(problem) => problems.push(problem),
            },
            (None, _) => problems.push(format!("nothing is declared for the field {}", field.name)),
            (Some(_), Some(_)) => {
                problems.push(format!("the field {} is declared twice", field.name));
            }
        }
    }
    if problems.is_empty() {
        Ok(slots)
    } else {
        Err(ExtractError::Declaration {
            record: type_name::<R>(),
            problems,
        })
    }
}

fn slot(field: &Field, declared: &Declared<'_>) -> Result<Slot, String> {
    let Some(format) = declared.format.or_else(|| Format::of(&field.kind)) else {
        return Err(format!(
            "{} needs a format: {} is a {}",
            declared.label, field.name, field.kind
        ));
    };
    if !format.makes(&field.kind) {
        return Err(format!(
            "{} is read as {format}, which is no {} as {} asks for",
            declared.label, field.kind, field.name
        ));
    }
    if declared.absent && !field.nullable {
        return Err(format!(
            "{} may be absent, but {} may not be null",
            declared.label, field.name
        ));
    }
    Ok(Slot {
        kind: field.kind.clone(),
        nullable: field.nullable,
        format,
        nulls: declared.nulls.to_vec(),
    })
}
