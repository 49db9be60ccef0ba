//! `carnet notebook check`: whether a notebook can be given to someone who only reads. Every problem is reported, not just
//! the first, each with the cell it is in.

mod order;
mod paths;
mod picture;
mod structure;

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use paths::PathFinder;

/// Something that has to be mended before the notebook is good.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    cell: Option<CellName>,
    what: String,
}

/// How a cell is named to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CellName {
    /// Counted over all cells, from 1.
    number: usize,
    id: Option<String>,
}

impl Problem {
    fn of_notebook(what: impl Into<String>) -> Self {
        Self {
            cell: None,
            what: what.into(),
        }
    }

    fn of_cell(index: usize, cell: &Value, what: impl Into<String>) -> Self {
        let id = cell.get("id").and_then(Value::as_str).map(str::to_owned);
        Self {
            cell: Some(CellName {
                number: index + 1,
                id,
            }),
            what: what.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cell {
            Some(CellName {
                number,
                id: Some(id),
            }) => write!(out, "cell {number} (id {id}): {}", self.what),
            Some(CellName { number, id: None }) => {
                write!(out, "cell {number} (no id): {}", self.what)
            }
            None => write!(out, "{}", self.what),
        }
    }
}

/// What is in a good notebook.
#[derive(Debug, Default)]
struct Counts {
    cells: usize,
    code: usize,
    charts: usize,
}

/// A count with its noun in the right number.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Checks each file and prints what it found; `true` when all are good.
pub(super) fn check_files(files: &[PathBuf]) -> bool {
    let (mut bad, mut found) = (0, 0);
    for file in files {
        match check_file(file) {
            Ok(Counts {
                cells,
                code,
                charts,
            }) => {
                let (cells, charts) = (counted(cells, "cell"), counted(charts, "chart"));
                println!("ok  {}: {cells} ({code} code), {charts}", file.display());
            }
            Err(problems) => {
                bad += 1;
                found += problems.len();
                for problem in problems {
                    println!("{}: {problem}", file.display());
                }
            }
        }
    }
    if bad > 0 {
        let (problems, notebooks) = (counted(found, "problem"), counted(files.len(), "notebook"));
        eprintln!("error: {problems} in {bad} of {notebooks}");
    }
    bad == 0
}

fn check_file(file: &Path) -> Result<Counts, Vec<Problem>> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| vec![Problem::of_notebook(format!("cannot be read: {error}"))])?;
    let notebook: Value = serde_json::from_str(&text).map_err(|error| {
        vec![Problem::of_notebook(format!(
            "is not JSON, so not a notebook: {error}"
        ))]
    })?;
    check_notebook(&notebook, &PathFinder::for_file(file))
}

fn check_notebook(notebook: &Value, machine: &PathFinder) -> Result<Counts, Vec<Problem>> {
    let mut problems = structure::problems(notebook);
    let cells = notebook
        .get("cells")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    problems.extend(order::problems(cells));
    let mut charts = 0;
    for (index, cell) in cells.iter().enumerate() {
        let mut add = |what: String| problems.push(Problem::of_cell(index, cell, what));
        machine.in_cell(cell).into_iter().for_each(&mut add);
        for output in outputs(cell) {
            charts += usize::from(picture::is_chart(output));
            picture::problem(output).into_iter().for_each(&mut add);
        }
    }
    // In the order of the cells, so that they can be mended from top to bottom.
    problems.sort_by_key(|problem| problem.cell.as_ref().map_or(0, |cell| cell.number));
    if problems.is_empty() {
        let code = cells.iter().filter(|cell| is_code(cell)).count();
        Ok(Counts {
            cells: cells.len(),
            code,
            charts,
        })
    } else {
        Err(problems)
    }
}

fn is_code(cell: &Value) -> bool {
    cell["cell_type"] == "code"
}

fn outputs(cell: &Value) -> impl Iterator<Item = &Value> {
    cell.get("outputs")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn problems_come_in_the_order_of_the_cells() {
        let notebook = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
            {"cell_type": "code", "id": "a", "metadata": {}, "source": "\"/home/me/x\"", "execution_count": 1, "outputs": []},
            {"cell_type": "code", "id": "b", "metadata": {}, "source": "1", "execution_count": 2, "outputs": [
                {"output_type": "display_data", "metadata": {}, "data": {"application/vnd.plotly.v1+json": {}}}]},
        ]});
        let problems = check_notebook(&notebook, &PathFinder::new([])).unwrap_err();
        let lines: Vec<_> = problems.iter().map(Problem::to_string).collect();
        assert_eq!(lines.len(), 4, "{lines:#?}");
        assert!(
            lines[0].starts_with("cell 1 (id a): ") && lines[1].starts_with("cell 1 (id a): "),
            "{lines:#?}"
        );
        assert!(
            lines[2].starts_with("cell 2 (id b): ") && lines[3].starts_with("cell 2 (id b): "),
            "{lines:#?}"
        );
    }
}
