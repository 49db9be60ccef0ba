//! What is said of a name, in Markdown and in plain text: what rust-analyzer knows of it, where a variable was declared,
//! the columns of a frame.

use serde_json::Value;

use super::super::session::{Column, Session};
use super::candidates::short_type;
use crate::engine::Bundle;

/// Most lines of an item's source that are shown.
const MOST_LINES: usize = 80;
/// Most columns of a frame that are listed.
const MOST_COLUMNS: usize = 60;

/// A text as Markdown and as plain text.
pub(super) fn bundle(markdown: &str) -> Bundle {
    let plain: Vec<&str> = markdown
        .lines()
        .filter(|line| !line.starts_with("```") && *line != "---" && !line.starts_with("|---"))
        .collect();
    let mut plain = plain.join("\n");
    while plain.contains("\n\n\n") {
        plain = plain.replace("\n\n\n", "\n\n");
    }
    let markdown = Value::from(markdown.trim());
    Bundle::from_iter([
        ("text/markdown".to_owned(), markdown),
        ("text/plain".to_owned(), Value::from(plain.trim())),
    ])
}

/// What rust-analyzer says, without the crate that stands for the notebook.
pub(super) fn without_generated(markdown: &str) -> String {
    let text = markdown.trim().replace("```rust\ncells\n```\n", "");
    text.replace("cells::", "").trim().to_owned()
}

/// What the session itself knows of its variable. `declaration` is left out where it was said better.
pub(super) fn variable(session: &Session, name: &str, with_declaration: bool) -> Option<String> {
    let variable = session.variables.get(name)?;
    let mut text = String::new();
    if with_declaration {
        let mutable = if variable.mutable { "mut " } else { "" };
        let type_ = short_type(&variable.type_);
        text = format!("```rust\nlet {mutable}{name}: {type_}\n```\n\n");
    }
    text.push_str(&format!("A variable of {}.", variable.cell));
    let columns = session.columns_of(name);
    if !columns.is_empty() {
        text.push_str(&format!("\n\n{}", listed(columns)));
    }
    Some(text)
}

fn listed(columns: &[Column]) -> String {
    let mut text = format!(
        "{} columns:\n\n| column | type |\n|---|---|\n",
        columns.len()
    );
    for column in columns.iter().take(MOST_COLUMNS) {
        let name = column.name.replace('|', "\\|");
        text.push_str(&format!("| {name} | {} |\n", column.type_));
    }
    if columns.len() > MOST_COLUMNS {
        text.push_str(&format!("\nand {} more", columns.len() - MOST_COLUMNS));
    }
    text
}

/// What is known of a column that is named in a text.
pub(super) fn column(session: &Session, name: &str, columns: &[Column]) -> Option<String> {
    let column = columns.iter().find(|column| column.name == name)?;
    let frames = session.frames().filter(|(_, own)| own.contains(column));
    let frames: Vec<String> = frames.map(|(frame, _)| format!("`{frame}`")).collect();
    let of = match frames.is_empty() {
        true => String::new(),
        false => format!(" of {}", frames.join(", ")),
    };
    Some(format!(
        "```text\n{name}: {}\n```\n\nA column{of}.",
        column.type_
    ))
}

/// The source that an answer to `textDocument/definition` points at; `own` is the text of the notebook.
pub(super) fn source(answer: &Value, own: &str) -> Option<String> {
    let target = answer.get(0)?;
    let uri = target["targetUri"].as_str()?;
    let path = uri.strip_prefix("file://")?;
    let read;
    let text = match path.ends_with("/analysis/cells.rs") {
        true => own,
        false => {
            read = std::fs::read_to_string(path).ok()?;
            &read
        }
    };
    let line = |end: &str| target["targetRange"][end]["line"].as_u64();
    let (first, last) = (line("start")? as usize, line("end")? as usize);
    let lines: Vec<&str> = text.lines().skip(first).take(last - first + 1).collect();
    let shown = lines
        .iter()
        .take(MOST_LINES)
        .copied()
        .collect::<Vec<_>>()
        .join("\n");
    let rest = lines.len().saturating_sub(MOST_LINES);
    let rest = match rest {
        0 => String::new(),
        _ => format!("\n// … {rest} more lines"),
    };
    Some(format!("```rust\n{shown}{rest}\n```"))
}
