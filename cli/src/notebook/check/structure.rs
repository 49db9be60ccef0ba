//! Whether a file has the shape that nbformat 4.5 asks for: the same rules as its JSON schema, each broken one named.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::Problem;
use crate::notebook::document::is_valid_id;
use crate::notebook::layout::{is_json_mime, joined};

/// What breaks the format.
pub(super) fn problems(notebook: &Value) -> Vec<Problem> {
    let Some(root) = notebook.as_object() else {
        return vec![Problem::of_notebook(
            "is not a notebook: its top level is not an object",
        )];
    };
    let mut problems: Vec<_> = of_root(root)
        .into_iter()
        .map(Problem::of_notebook)
        .collect();
    let cells = root
        .get("cells")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut ids: HashMap<&str, usize> = HashMap::new();
    for (index, cell) in cells.iter().enumerate() {
        let mut faults = of_cell(cell);
        if let Some(id) = cell.get("id").and_then(Value::as_str) {
            if let Some(first) = ids.get(id) {
                faults.push(format!("its id is also that of cell {}", first + 1));
            }
            ids.entry(id).or_insert(index);
        }
        problems.extend(
            faults
                .into_iter()
                .map(|what| Problem::of_cell(index, cell, what)),
        );
    }
    problems
}

fn of_root(root: &Map<String, Value>) -> Vec<String> {
    let mut faults = Vec::new();
    let version = |key: &str| root.get(key).and_then(Value::as_u64);
    match (version("nbformat"), version("nbformat_minor")) {
        (Some(4), Some(5..)) => {}
        (Some(major), Some(minor)) => faults.push(format!("is nbformat {major}.{minor}, not 4.5")),
        _ => faults.push("has no nbformat version".into()),
    }
    only(
        root,
        &["metadata", "nbformat", "nbformat_minor", "cells"],
        "the notebook",
        &mut faults,
    );
    if !root.get("cells").is_some_and(Value::is_array) {
        faults.push("has no list of `cells`".into());
    }
    match root.get("metadata").and_then(Value::as_object) {
        None => faults.push("has no `metadata` object".into()),
        Some(metadata) => {
            let text = |section: &Value, key: &str| section.get(key).is_some_and(Value::is_string);
            if let Some(spec) = metadata.get("kernelspec")
                && !(text(spec, "name") && text(spec, "display_name"))
            {
                faults.push("its metadata's `kernelspec` lacks `name` or `display_name`".into());
            }
            if let Some(language) = metadata.get("language_info")
                && !text(language, "name")
            {
                faults.push("its metadata's `language_info` lacks `name`".into());
            }
        }
    }
    faults
}

fn of_cell(cell: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let Some(map) = cell.as_object() else {
        return vec!["it is not an object".into()];
    };
    match map.get("id").map(|id| id.as_str()) {
        None => faults.push("it has no id".into()),
        Some(Some(id)) if is_valid_id(id) => {}
        Some(_) => {
            faults.push("its id is not 1 to 64 of the characters a-z, A-Z, 0-9, - and _".into())
        }
    }
    if !map.get("metadata").is_some_and(Value::is_object) {
        faults.push("it has no `metadata` object".into());
    }
    if map.get("source").and_then(joined).is_none() {
        faults.push("its `source` is not text".into());
    }
    match map.get("cell_type").and_then(Value::as_str) {
        Some("code") => {
            only(
                map,
                &[
                    "cell_type",
                    "id",
                    "metadata",
                    "source",
                    "outputs",
                    "execution_count",
                ],
                "the code cell",
                &mut faults,
            );
            if !map
                .get("execution_count")
                .is_some_and(|count| count.is_null() || count.is_u64())
            {
                faults.push("its `execution_count` is neither null nor a number".into());
            }
            match map.get("outputs").and_then(Value::as_array) {
                None => faults.push("it has no list of `outputs`".into()),
                Some(outputs) => {
                    for (place, output) in outputs.iter().enumerate() {
                        let of_output = of_output(output).into_iter();
                        faults.extend(
                            of_output
                                .map(|what| format!("output {} is not valid: {what}", place + 1)),
                        );
                    }
                }
            }
        }
        Some(kind @ ("markdown" | "raw")) => {
            only(
                map,
                &["cell_type", "id", "metadata", "source", "attachments"],
                &format!("the {kind} cell"),
                &mut faults,
            );
        }
        Some(kind) => faults.push(format!(
            "its `cell_type` is `{kind}`, not code, markdown or raw"
        )),
        None => faults.push("it has no `cell_type`".into()),
    }
    faults
}

fn of_output(output: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let Some(map) = output.as_object() else {
        return vec!["it is not an object".into()];
    };
    let kind = map
        .get("output_type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let keys: &[&str] = match kind {
        "execute_result" => &["output_type", "execution_count", "data", "metadata"],
        "display_data" => &["output_type", "data", "metadata"],
        "stream" => &["output_type", "name", "text"],
        "error" => &["output_type", "ename", "evalue", "traceback"],
        _ => return vec![format!("its `output_type` is `{kind}`")],
    };
    only(map, keys, &format!("`{kind}`"), &mut faults);
    for key in keys {
        let valid = match (*key, map.get(*key)) {
            (_, None) => false,
            ("output_type" | "name" | "ename" | "evalue", Some(value)) => value.is_string(),
            ("execution_count", Some(value)) => value.is_null() || value.is_u64(),
            ("text", Some(value)) => joined(value).is_some(),
            ("traceback", Some(value)) => value.is_array() && joined(value).is_some(),
            ("data", Some(Value::Object(bundle))) => bundle
                .iter()
                .all(|(mime, value)| is_json_mime(mime) || joined(value).is_some()),
            ("metadata", Some(value)) => value.is_object(),
            _ => false,
        };
        if !valid {
            faults.push(format!("its `{key}` is missing or of the wrong type"));
        }
    }
    faults
}

fn only(map: &Map<String, Value>, allowed: &[&str], what: &str, faults: &mut Vec<String>) {
    let others = map.keys().filter(|key| !allowed.contains(&key.as_str()));
    faults.extend(
        others.map(|key| format!("{what} has a field `{key}` that nbformat 4.5 does not know")),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn texts(notebook: Value) -> String {
        problems(&notebook)
            .iter()
            .map(|problem| problem.to_string() + "\n")
            .collect()
    }

    fn with(cells: Value) -> Value {
        json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    }

    #[test]
    fn each_broken_rule_is_named() {
        let code = |id: &str, outputs: Value| json!({"cell_type": "code", "id": id, "metadata": {}, "source": ["x"], "execution_count": null, "outputs": outputs});
        let stream = json!({"output_type": "stream", "name": "stdout", "text": ["a\n"]});
        assert_eq!(texts(with(json!([code("a", json!([stream]))]))), "");
        assert!(
            texts(with(json!([code("a", json!([])), code("a", json!([]))])))
                .contains("cell 2 (id a): its id is also that of cell 1")
        );
        assert!(texts(with(json!([code("a b", json!([]))]))).contains("1 to 64"));
        assert!(
            texts(with(json!([code(
                "a",
                json!([{"output_type": "stream", "name": "stdout"}])
            )])))
            .contains("`text` is missing")
        );
        let transient =
            json!({"output_type": "display_data", "data": {}, "metadata": {}, "transient": {}});
        assert!(texts(with(json!([code("a", json!([transient]))]))).contains("`transient`"));
        assert!(texts(with(json!([{"cell_type": "markdown", "id": "m", "metadata": {}, "source": "", "outputs": []}]))).contains("`outputs`"));
        assert!(
            texts(json!({"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": []}))
                .contains("is nbformat 4.2, not 4.5")
        );
        assert!(texts(json!([])).contains("not a notebook"));
    }
}
