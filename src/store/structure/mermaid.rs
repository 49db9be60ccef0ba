//! A class diagram, in Mermaid, of the tables and collections of a project and of what refers to what.

use super::{Collection, Table};
use crate::store::link::{Links, Target};
use std::fmt::Write;

/// Draws tables, collections, foreign keys and links. Fields that a table has are `name type`, with `key` and `null` where they
/// are; those of documents are paths.
pub fn class_diagram(tables: &[Table], collections: &[Collection], links: &Links) -> String {
    let mut text = String::from("classDiagram\n    direction LR\n");
    // Writing to a text cannot fail.
    for table in tables {
        let _ = writeln!(text, "    class {} {{\n        <<table>>", table.name);
        for column in &table.columns {
            let _ = writeln!(
                text,
                "        {} {}{}{}",
                column.name,
                column.family,
                if table.key.contains(&column.name) {
                    " key"
                } else {
                    ""
                },
                if column.nullable { " null" } else { "" },
            );
        }
        text.push_str("    }\n");
    }
    for collection in collections {
        let _ = writeln!(
            text,
            "    class {} {{\n        <<collection>>",
            collection.name
        );
        for path in &collection.paths {
            let _ = writeln!(
                text,
                "        {} {}{}{}",
                path.path,
                path.kind,
                if path.path == "_id" { " key" } else { "" },
                if path.required { "" } else { " absent" },
            );
        }
        text.push_str("    }\n");
    }
    for table in tables {
        for reference in &table.references {
            let nullable = table
                .columns
                .iter()
                .any(|column| reference.columns.contains(&column.name) && column.nullable);
            let _ = writeln!(
                text,
                "    {} \"*\" --> \"{}\" {} : {}",
                table.name,
                if nullable { "0..1" } else { "1" },
                reference.table,
                reference.columns.join(", "),
            );
        }
    }
    for link in &links.0 {
        let to = match &link.to {
            Target::Table { table, .. } => table,
            Target::Collection { collection } => collection,
        };
        // A colon ends a label, and braces are the diagram's own.
        let columns = link.columns().unwrap_or_default().join(", ");
        let _ = writeln!(
            text,
            "    {} \"*\" ..> \"0..1\" {to} : {} by {columns}",
            link.from, link.name
        );
    }
    text
}
