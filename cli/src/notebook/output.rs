//! From a kernel's messages to the outputs of a notebook's cells: streams merged, displays updated, outputs cleared.

use jupyter_protocol::{ErrorOutput, JupyterMessageContent, Media, Stdio, Transient};
use serde_json::{Map, Value, json};

/// The outputs of all code cells of a run, by the cell's place among the code cells.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    cells: Vec<CellOutputs>,
}

#[derive(Debug, Default)]
struct CellOutputs {
    outputs: Vec<Output>,
    /// `clear_output(wait=True)` was asked for: the next output takes the place of all before it.
    clear_at_next: bool,
}

#[derive(Debug)]
struct Output {
    value: Value,
    display_id: Option<String>,
}

impl Outputs {
    /// Room for the outputs of `cells` code cells.
    pub(crate) fn new(cells: usize) -> Self {
        Self {
            cells: (0..cells).map(|_| CellOutputs::default()).collect(),
        }
    }

    /// Takes in one message that the code cell at `cell` caused; messages that are not output change nothing.
    pub(crate) fn apply(&mut self, cell: usize, content: &JupyterMessageContent) {
        if let JupyterMessageContent::UpdateDisplayData(update) = content {
            self.update(&update.transient, bundle(&update.data), &update.metadata);
            return;
        }
        let Some(cell) = self.cells.get_mut(cell) else {
            return;
        };
        match content {
            JupyterMessageContent::StreamContent(stream) => {
                let name = match stream.name {
                    Stdio::Stdout => "stdout",
                    Stdio::Stderr => "stderr",
                };
                cell.stream(name, &stream.text);
            }
            JupyterMessageContent::DisplayData(display) => {
                let value = json!({"output_type": "display_data", "data": bundle(&display.data), "metadata": display.metadata});
                cell.push(value, display.transient.as_ref());
            }
            JupyterMessageContent::ExecuteResult(result) => {
                let value = json!({"output_type": "execute_result", "data": bundle(&result.data),
                    "metadata": result.metadata, "execution_count": result.execution_count});
                cell.push(value, result.transient.as_ref());
            }
            JupyterMessageContent::ErrorOutput(error) => cell.push(error_output(error), None),
            JupyterMessageContent::ClearOutput(clear) if clear.wait => cell.clear_at_next = true,
            JupyterMessageContent::ClearOutput(_) => cell.outputs.clear(),
            _ => {}
        }
    }

    /// Adds an error that the kernel did not report itself (it died, it took too long).
    pub(crate) fn add_error(&mut self, cell: usize, error: &ErrorOutput) {
        if let Some(cell) = self.cells.get_mut(cell) {
            cell.push(error_output(error), None);
        }
    }

    /// The first error that the cell shows.
    pub(crate) fn error(&self, cell: usize) -> Option<ErrorOutput> {
        let outputs = &self.cells.get(cell)?.outputs;
        let error = outputs
            .iter()
            .find(|output| output.value["output_type"] == "error")?;
        serde_json::from_value(error.value.clone()).ok()
    }

    /// The outputs of each code cell, ready for the notebook.
    pub(crate) fn cells(&self) -> impl Iterator<Item = Vec<Value>> {
        let values = |cell: &CellOutputs| {
            let values = cell.outputs.iter().map(|output| output.value.clone());
            values.collect()
        };
        self.cells.iter().map(values)
    }

    fn update(&mut self, transient: &Transient, data: Value, metadata: &Map<String, Value>) {
        let shown = self
            .cells
            .iter_mut()
            .flat_map(|cell| cell.outputs.iter_mut());
        for output in shown.filter(|output| {
            output.display_id.is_some() && output.display_id == transient.display_id
        }) {
            output.value["data"] = data.clone();
            output.value["metadata"] = json!(metadata);
        }
    }
}

impl CellOutputs {
    fn push(&mut self, value: Value, transient: Option<&Transient>) {
        self.clear_if_asked();
        let display_id = transient.and_then(|transient| transient.display_id.clone());
        self.outputs.push(Output { value, display_id });
    }

    fn stream(&mut self, name: &str, text: &str) {
        self.clear_if_asked();
        if let Some(last) = self.outputs.last_mut()
            && last.value["output_type"] == "stream"
            && last.value["name"] == name
            && let Some(Value::String(before)) = last.value.get_mut("text")
        {
            before.push_str(text);
        } else if !text.is_empty() {
            self.push(
                json!({"output_type": "stream", "name": name, "text": text}),
                None,
            );
        }
    }

    fn clear_if_asked(&mut self) {
        if std::mem::take(&mut self.clear_at_next) {
            self.outputs.clear();
        }
    }
}

fn error_output(error: &ErrorOutput) -> Value {
    json!({"output_type": "error", "ename": error.ename, "evalue": error.evalue, "traceback": error.traceback})
}

/// A MIME bundle as JSON; the type's own serialiser cannot fail on what came in as JSON.
fn bundle(data: &Media) -> Value {
    serde_json::to_value(data).unwrap_or_else(|_| json!({}))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn outputs_after(messages: &[(&str, Value)]) -> Vec<Value> {
        let mut outputs = Outputs::new(1);
        for (kind, content) in messages {
            outputs.apply(
                0,
                &JupyterMessageContent::from_type_and_content(kind, content.clone()).unwrap(),
            );
        }
        outputs.cells().next().unwrap()
    }

    fn text(name: &str, text: &str) -> (&'static str, Value) {
        ("stream", json!({"name": name, "text": text}))
    }

    #[test]
    fn consecutive_text_of_one_stream_is_one_output() {
        let outputs = outputs_after(&[
            text("stdout", "a"),
            text("stdout", "b\n"),
            text("stderr", "e"),
            text("stdout", "c"),
        ]);
        let texts: Vec<_> = outputs
            .iter()
            .map(|output| output["text"].as_str().unwrap())
            .collect();
        assert_eq!(texts, ["ab\n", "e", "c"]);
    }

    #[test]
    fn an_update_changes_the_earlier_display_of_its_id_alone() {
        let show = |id: &str, value: &str| {
            (
                "display_data",
                json!({"data": {"text/plain": value}, "metadata": {}, "transient": {"display_id": id}}),
            )
        };
        let update = json!({"data": {"text/plain": "new"}, "metadata": {}, "transient": {"display_id": "p"}});
        let outputs = outputs_after(&[
            show("p", "old"),
            show("q", "other"),
            ("update_display_data", update),
        ]);
        assert_eq!(outputs[0]["data"]["text/plain"], "new");
        assert_eq!(outputs[1]["data"]["text/plain"], "other");
        assert!(outputs[0].get("transient").is_none());
    }

    #[test]
    fn clearing_with_wait_keeps_the_old_until_the_new_is_there() {
        let wait = ("clear_output", json!({"wait": true}));
        assert_eq!(outputs_after(&[text("stdout", "a"), wait.clone()]).len(), 1);
        let outputs = outputs_after(&[text("stdout", "a"), wait, text("stdout", "b")]);
        assert_eq!(outputs.len(), 1);
        assert_eq!(outputs[0]["text"], "b");
        assert!(
            outputs_after(&[
                text("stdout", "a"),
                ("clear_output", json!({"wait": false}))
            ])
            .is_empty()
        );
    }
}
