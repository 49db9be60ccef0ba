//! Whether the notebook reads from top to bottom: text before code, every cell run, in order, without error.

use serde_json::Value;

use super::{Problem, is_code, outputs};
use crate::notebook::layout::joined;

/// What is wrong with the order of the cells and with how they ran.
pub(super) fn problems(cells: &[Value]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut expected = 1;
    for (index, cell) in cells.iter().enumerate().filter(|(_, cell)| is_code(cell)) {
        let mut add = |what: String| problems.push(Problem::of_cell(index, cell, what));
        // A run adds the cell with its parameters behind that with the defaults, whose text speaks for both.
        let is_added = cell["metadata"]["tags"]
            .as_array()
            .is_some_and(|tags| tags.iter().any(|tag| tag == "injected-parameters"));
        if !is_added
            && !index
                .checked_sub(1)
                .and_then(|before| cells.get(before))
                .is_some_and(is_text)
        {
            add("no text cell stands directly before this code cell".into());
        }
        if is_blank(cell) {
            add("the code cell is empty".into());
            continue;
        }
        match cell.get("execution_count").and_then(Value::as_u64) {
            None => add(format!(
                "it has not run; in a notebook run from top to bottom this is [{expected}]"
            )),
            Some(count) if count != expected => {
                add(format!(
                    "it ran out of order: [{count}] where a run from top to bottom gives [{expected}]"
                ));
            }
            Some(_) => {}
        }
        expected += 1;
        for output in outputs(cell) {
            if output["output_type"] == "error" {
                let (ename, evalue) = (&output["ename"], &output["evalue"]);
                let evalue = evalue
                    .as_str()
                    .and_then(|text| text.lines().next())
                    .unwrap_or_default();
                add(format!(
                    "it shows the error {}: {evalue}",
                    ename.as_str().unwrap_or("without a name")
                ));
            }
            if output["output_type"] == "stream" && output["name"] == "stderr" {
                let text = output.get("text").and_then(joined).unwrap_or_default();
                add(format!(
                    "it shows text on stderr: {}",
                    crate::notebook::document::excerpt(&text, 60)
                ));
            }
        }
    }
    problems
}

fn is_text(cell: &Value) -> bool {
    cell["cell_type"] == "markdown" && !is_blank(cell)
}

fn is_blank(cell: &Value) -> bool {
    cell.get("source")
        .and_then(joined)
        .is_none_or(|source| source.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(count: Value, outputs: Value) -> Value {
        json!({"cell_type": "code", "source": "x", "execution_count": count, "outputs": outputs})
    }

    fn texts(cells: &[Value]) -> String {
        problems(cells)
            .iter()
            .map(|problem| problem.to_string() + "\n")
            .collect()
    }

    #[test]
    fn each_fault_of_order_is_named() {
        let text = json!({"cell_type": "markdown", "source": "why"});
        assert_eq!(
            texts(&[
                text.clone(),
                code(json!(1), json!([])),
                text.clone(),
                code(json!(2), json!([]))
            ]),
            ""
        );
        assert!(texts(&[code(json!(1), json!([]))]).contains("cell 1 (no id): no text cell"));
        assert!(texts(&[text.clone(), code(json!(null), json!([]))]).contains("has not run"));
        assert!(
            texts(&[text.clone(), code(json!(7), json!([]))])
                .contains("[7] where a run from top to bottom gives [1]")
        );
        let empty =
            json!({"cell_type": "code", "source": [" \n"], "execution_count": null, "outputs": []});
        assert!(texts(&[text.clone(), empty]).contains("the code cell is empty"));
        let blank = json!({"cell_type": "markdown", "source": "  "});
        assert!(texts(&[blank, code(json!(1), json!([]))]).contains("no text cell"));
        let error =
            json!([{"output_type": "error", "ename": "E0308", "evalue": "mismatched types\nmore"}]);
        assert!(
            texts(&[text.clone(), code(json!(1), error)])
                .contains("error E0308: mismatched types\n")
        );
        let stderr = json!([{"output_type": "stream", "name": "stderr", "text": ["careful\n"]}]);
        assert!(texts(&[text, code(json!(1), stderr)]).contains("stderr: careful"));
    }
}
