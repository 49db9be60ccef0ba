//! That what is saved is a notebook to other programs too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::world::{Said, World, notebook};

/// The reference reader: it validates, and writes the very bytes that we wrote.
const REFERENCE: &str = "
import sys, nbformat
text = open(sys.argv[1], encoding='utf-8').read()
notebook = nbformat.read(sys.argv[1], as_version=nbformat.NO_CONVERT)
nbformat.validate(notebook)
assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
assert nbformat.writes(notebook) + '\\n' == text, 'written differently'
";

fn has_reference(python: &Path) -> bool {
    Command::new(python)
        .args(["-c", "import nbformat"])
        .output()
        .is_ok_and(|output| output.status.success())
}

#[test]
fn a_saved_notebook_is_valid_to_other_readers_and_laid_out_as_they_write_it() {
    let world = World::new();
    let mut before = notebook(&[
        "let x = 0.1 + 0.2;",
        "println!(\"progress 1\\rprogress 2\\né ☃\");\nx",
        "let n: i32 = \"a\";",
    ]);
    // An older notebook: no ids, tiny and huge numbers, an attachment, text with unusual line ends.
    before["nbformat_minor"] = json!(2);
    before["metadata"]["numbers"] = json!([1e-7, 1e22, 3.0, 123456789.125]);
    for cell in before["cells"].as_array_mut().unwrap() {
        cell.as_object_mut().unwrap().remove("id");
    }
    before["cells"][0]["source"] = json!("# Größe\n\n![p](attachment:p.png)\u{2028}end");
    before["cells"][0]["attachments"] =
        json!({"p.png": {"image/png": "iVBORw0KGgo=", "text/plain": "a\nb"}});
    world.write("a.ipynb", &before);
    let said = world.carnet(&["run", "a.ipynb", "--output", "b.ipynb"]);
    assert_eq!(
        said.code, 1,
        "the last cell does not compile, so that an error is saved as well: {said:?}"
    );

    let saved = std::fs::read_to_string(world.path("b.ipynb")).unwrap();
    assert!(
        matches!(
            nbformat::parse_notebook(&saved),
            Ok(nbformat::Notebook::V4(_))
        ),
        "{saved}"
    );
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv/bin/python");
    if has_reference(&python) {
        let file = world.path("b.ipynb");
        let said = Said::from(
            Command::new(python)
                .args(["-c", REFERENCE])
                .arg(file)
                .output()
                .unwrap(),
        );
        assert_eq!(said.code, 0, "{}\n{saved}", said.err);
    }
}
