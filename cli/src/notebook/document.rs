//! A notebook file: read (older ones brought up to nbformat 4.5), its code cells, and an atomic save. It is kept as JSON,
//! not as typed cells, so that metadata of other programs survives a run untouched.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use thiserror::Error;

use super::layout;
use super::replacement;

/// Why a notebook could not be read or saved.
#[derive(Debug, Error)]
pub(crate) enum DocumentError {
    /// The file cannot be opened.
    #[error("cannot read the notebook {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// The file is not JSON.
    #[error("{} is not a notebook: its text is not JSON ({source})", path.display())]
    NotJson {
        path: PathBuf,
        source: serde_json::Error,
    },
    /// The file is JSON, yet not the JSON of a notebook.
    #[error("{} is not a notebook: {what}", path.display())]
    NotNotebook { path: PathBuf, what: String },
    /// A version of the format that is not supported.
    #[error(
        "{} is of notebook format {found}; formats 3 and 4 can be run: convert it with `jupyter nbconvert --to notebook`",
        path.display()
    )]
    Version { path: PathBuf, found: String },
    /// The result cannot be written.
    #[error("cannot save the notebook {}: {source}; nothing was changed there", path.display())]
    Save { path: PathBuf, source: io::Error },
}

/// A notebook in nbformat 4.5.
#[derive(Debug)]
pub(crate) struct Document {
    root: Map<String, Value>,
}

/// A code cell as the run needs it.
#[derive(Debug, Clone)]
pub(crate) struct CodeCell {
    /// Position among all cells, from 0.
    pub(crate) index: usize,
    /// The cell's id.
    pub(crate) id: String,
    /// The code.
    pub(crate) source: String,
}

/// A cell as an export needs it.
#[derive(Debug, Clone)]
pub(crate) struct AnyCell {
    /// Whether it is a code cell.
    pub(crate) is_code: bool,
    /// The text.
    pub(crate) source: String,
}

impl CodeCell {
    /// The first line that says something, shortened to `width` characters.
    pub(crate) fn excerpt(&self, width: usize) -> String {
        excerpt(&self.source, width)
    }
}

/// The first line of `source` that is not blank, ending in `…` when there is more than that.
pub(crate) fn excerpt(source: &str, width: usize) -> String {
    let mut lines = source
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let more = lines.next().is_some() || first.chars().count() > width;
    let mut short: String = first.chars().take(width).collect();
    if more {
        short.push('…');
    }
    short
}

impl Document {
    /// Reads a notebook of format 3 or 4 and brings it to 4.5: every cell gets an id that is its own.
    pub(crate) fn read(path: &Path) -> Result<Self, DocumentError> {
        let text = std::fs::read_to_string(path).map_err(|source| DocumentError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, DocumentError> {
        let not_notebook = |what: &str| DocumentError::NotNotebook {
            path: path.to_owned(),
            what: what.to_owned(),
        };
        let value = serde_json::from_str(text).map_err(|source| DocumentError::NotJson {
            path: path.to_owned(),
            source,
        })?;
        let Value::Object(mut root) = value else {
            return Err(not_notebook("its top level is not an object"));
        };
        match root.get("nbformat").and_then(Value::as_u64) {
            Some(4) => {}
            Some(3) => root = upgrade_from_3(path, text)?,
            Some(other) => {
                return Err(DocumentError::Version {
                    path: path.to_owned(),
                    found: other.to_string(),
                });
            }
            None => return Err(not_notebook("it has no `nbformat` number")),
        }
        if root
            .get("nbformat_minor")
            .and_then(Value::as_u64)
            .unwrap_or(0)
            < 5
        {
            root.insert("nbformat_minor".into(), json!(5));
        }
        if !root.get("metadata").is_some_and(Value::is_object) {
            root.insert("metadata".into(), json!({}));
        }
        let Some(Value::Array(cells)) = root.get_mut("cells") else {
            return Err(not_notebook("it has no list of `cells`"));
        };
        if !cells
            .iter()
            .all(|cell| cell.is_object() && cell.get("source").and_then(layout::joined).is_some())
        {
            return Err(not_notebook("a cell has no `source` text"));
        }
        give_ids(cells);
        Ok(Self { root })
    }

    /// The number of cells of all kinds.
    pub(crate) fn cell_count(&self) -> usize {
        self.values().len()
    }

    /// All cells in order.
    pub(crate) fn cells(&self) -> Vec<AnyCell> {
        let any = |cell: &Value| AnyCell {
            is_code: cell["cell_type"] == "code",
            source: layout::joined(&cell["source"]).unwrap_or_default(),
        };
        self.values().iter().map(any).collect()
    }

    /// The place of the first cell with this tag.
    pub(crate) fn tagged(&self, tag: &str) -> Option<usize> {
        let has = |cell: &Value| {
            let tags = cell["metadata"]["tags"].as_array();
            tags.is_some_and(|tags| tags.iter().any(|found| found == tag))
        };
        self.values().iter().position(has)
    }

    /// The text of a cell; empty when there is none.
    pub(crate) fn source(&self, index: usize) -> String {
        let cell = self.values().get(index);
        cell.and_then(|cell| layout::joined(&cell["source"]))
            .unwrap_or_default()
    }

    /// Takes a cell out.
    pub(crate) fn remove(&mut self, index: usize) {
        if let Some(Value::Array(cells)) = self.root.get_mut("cells")
            && index < cells.len()
        {
            cells.remove(index);
        }
    }

    /// Puts a code cell with this tag before the cell that is now at `index`.
    pub(crate) fn insert_code(&mut self, index: usize, source: &str, tag: &str) {
        if let Some(Value::Array(cells)) = self.root.get_mut("cells") {
            let cell = json!({
                "cell_type": "code", "execution_count": null, "metadata": { "tags": [tag] }, "outputs": [], "source": source,
            });
            cells.insert(index.min(cells.len()), cell);
            give_ids(cells);
        }
    }

    /// The code cells in order.
    pub(crate) fn code_cells(&self) -> Vec<CodeCell> {
        let code = |(index, cell): (usize, &Value)| {
            (cell["cell_type"] == "code").then(|| CodeCell {
                index,
                id: cell["id"].as_str().unwrap_or_default().to_owned(),
                source: layout::joined(&cell["source"]).unwrap_or_default(),
            })
        };
        self.values().iter().enumerate().filter_map(code).collect()
    }

    /// The kernel that the notebook names.
    pub(crate) fn kernel_name(&self) -> Option<&str> {
        self.root
            .get("metadata")?
            .get("kernelspec")?
            .get("name")?
            .as_str()
    }

    /// Puts a section (`kernelspec`, `language_info`) into the notebook's metadata.
    pub(crate) fn set_metadata(&mut self, section: &str, value: Value) {
        if let Some(Value::Object(metadata)) = self.root.get_mut("metadata") {
            metadata.insert(section.to_owned(), value);
        }
    }

    /// Replaces what a code cell shows: its execution count (null when it did not run) and its outputs.
    pub(crate) fn set_result(&mut self, index: usize, count: Option<usize>, outputs: Vec<Value>) {
        if let Some(Value::Array(cells)) = self.root.get_mut("cells")
            && let Some(Value::Object(cell)) = cells.get_mut(index)
        {
            cell.insert("execution_count".into(), json!(count));
            cell.insert("outputs".into(), Value::Array(outputs));
        }
    }

    /// Writes the notebook beside `path` and renames it there, so that `path` holds the old text or the whole new one.
    pub(crate) fn save(&self, path: &Path) -> Result<(), DocumentError> {
        let text = layout::to_text(&self.root).map_err(io::Error::from);
        let written = text.and_then(|text| replacement::replace(path, &text));
        written.map_err(|source| DocumentError::Save {
            path: path.to_owned(),
            source,
        })
    }

    /// Whether [`Self::save`] can write there; nothing is left behind.
    pub(crate) fn can_save(path: &Path) -> Result<(), DocumentError> {
        replacement::can_replace(path).map_err(|source| DocumentError::Save {
            path: path.to_owned(),
            source,
        })
    }

    fn values(&self) -> &[Value] {
        match self.root.get("cells") {
            Some(Value::Array(cells)) => cells,
            _ => &[],
        }
    }
}

fn upgrade_from_3(path: &Path, text: &str) -> Result<Map<String, Value>, DocumentError> {
    let not_notebook = |what: String| DocumentError::NotNotebook {
        path: path.to_owned(),
        what,
    };
    let upgraded = match nbformat::parse_notebook(text) {
        Ok(nbformat::Notebook::V3(old)) => {
            nbformat::upgrade_v3_notebook(old).map_err(|error| not_notebook(error.to_string()))?
        }
        Ok(_) => return Err(not_notebook("its format is not the one it names".into())),
        Err(error) => return Err(not_notebook(error.to_string())),
    };
    match serde_json::to_value(upgraded) {
        Ok(Value::Object(root)) => Ok(root),
        Ok(_) => Err(not_notebook("its top level is not an object".into())),
        Err(error) => Err(not_notebook(error.to_string())),
    }
}

/// Gives an id to each cell that has none, or has one that an earlier cell has.
fn give_ids(cells: &mut [Value]) {
    let mut taken = HashSet::new();
    for cell in cells {
        let Value::Object(cell) = cell else { continue };
        let present = cell
            .get("id")
            .and_then(Value::as_str)
            .filter(|id| is_valid_id(id));
        if present.is_some_and(|id| taken.insert(id.to_owned())) {
            continue;
        }
        let source = cell
            .get("source")
            .and_then(layout::joined)
            .unwrap_or_default();
        let id = (0u64..)
            .map(|salt| made_id(&source, salt))
            .find(|id| !taken.contains(id))
            .unwrap_or_default();
        taken.insert(id.clone());
        cell.insert("id".into(), json!(id));
    }
}

/// Whether nbformat 4.5 takes this as a cell id.
pub(crate) fn is_valid_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// An id made from the cell's text (FNV-1a), so that two runs of one file without ids agree.
fn made_id(source: &str, salt: u64) -> String {
    let bytes = salt.to_le_bytes();
    let hash = bytes
        .iter()
        .chain(source.as_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{:08x}", (hash ^ (hash >> 32)) as u32)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn parse(value: Value) -> Result<Document, DocumentError> {
        Document::parse(Path::new("a.ipynb"), &value.to_string())
    }

    #[test]
    fn cells_without_an_id_or_with_a_taken_one_get_their_own() {
        let cell = |id: Option<&str>| match id {
            Some(id) => json!({"cell_type": "code", "id": id, "source": "1"}),
            None => json!({"cell_type": "code", "source": ["1"]}),
        };
        let notebook = json!({"nbformat": 4, "nbformat_minor": 2,
            "cells": [cell(Some("keep")), cell(Some("keep")), cell(None), cell(Some("not valid"))]});
        let ids = |document: Document| {
            document
                .code_cells()
                .into_iter()
                .map(|cell| cell.id)
                .collect::<Vec<_>>()
        };
        let first = ids(parse(notebook.clone()).unwrap());
        assert_eq!(first[0], "keep");
        assert_eq!(first.iter().collect::<HashSet<_>>().len(), 4);
        assert!(first.iter().all(|id| is_valid_id(id)));
        assert_eq!(first, ids(parse(notebook).unwrap()));
    }

    #[test]
    fn what_is_not_a_notebook_is_refused_with_the_reason() {
        let refused = |value: Value| parse(value).unwrap_err().to_string();
        assert!(refused(json!([1])).contains("top level is not an object"));
        assert!(refused(json!({"cells": []})).contains("no `nbformat` number"));
        assert!(refused(json!({"nbformat": 4})).contains("no list of `cells`"));
        assert!(refused(json!({"nbformat": 9, "cells": []})).contains("format 9"));
        assert!(refused(json!({"nbformat": 4, "cells": [{}]})).contains("no `source`"));
    }

    #[test]
    fn an_excerpt_is_the_first_line_that_says_something() {
        assert_eq!(excerpt("\n  let x = 1;\nx", 40), "let x = 1;…");
        assert_eq!(excerpt("abcdef", 3), "abc…");
        assert_eq!(excerpt("x", 3), "x");
    }
}
