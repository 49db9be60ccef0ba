//! What a run that succeeds leaves behind.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::world::{World, code_cells, text};

#[test]
fn every_output_is_saved_with_counts_and_language() {
    let world = World::new();
    let code = [
        "let x = 40 + 2;",
        "println!(\"one\");\nprintln!(\"two\");\nx",
        "println!(\"{}\", x + 1);",
    ];
    let before = std::fs::read(world.notebook("in.ipynb", &code)).unwrap();
    let said = world.carnet(&["run", "in.ipynb", "--output", "out.ipynb"]);
    assert_eq!(said.code, 0, "{said:?}");

    let notebook = world.read("out.ipynb");
    let cells = code_cells(&notebook);
    let counts: Vec<_> = cells
        .iter()
        .map(|cell| cell["execution_count"].clone())
        .collect();
    assert_eq!(counts, [json!(1), json!(2), json!(3)]);
    assert_eq!(cells[0]["outputs"], json!([]));
    let outputs = cells[1]["outputs"].as_array().unwrap();
    assert_eq!(
        outputs.len(),
        2,
        "the two lines are one output: {outputs:?}"
    );
    assert_eq!(
        outputs[0],
        json!({"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]})
    );
    assert_eq!(outputs[1]["output_type"], "execute_result");
    assert_eq!(outputs[1]["execution_count"], 2);
    assert_eq!(text(&outputs[1]["data"]["text/plain"]), "42");
    assert_eq!(text(&cells[2]["outputs"][0]["text"]), "43\n");

    assert_eq!(cells[1]["id"], "code-1");
    assert_eq!(cells[1]["metadata"], json!({"tags": ["kept"]}));
    assert_eq!(notebook["metadata"]["language_info"]["name"], "rust");
    assert_eq!(
        notebook["metadata"]["another_program"],
        json!({"a": null, "b": [1, 2.5]})
    );
    assert_eq!(
        std::fs::read(world.path("in.ipynb")).unwrap(),
        before,
        "with --output the notebook itself is not touched"
    );
}

#[test]
fn progress_is_one_plain_line_a_cell_where_there_is_no_terminal() {
    let world = World::new();
    world.notebook(
        "a.ipynb",
        &["let first = 1;", "", "\nlet third = first\n    + 2;"],
    );
    let said = world.carnet(&["run", "a.ipynb"]);
    assert_eq!(said.code, 0, "{said:?}");
    let lines: Vec<_> = said.err.lines().collect();
    assert!(
        lines[0].starts_with("kernel carnet ready in "),
        "{lines:#?}"
    );
    assert!(
        lines[1].starts_with("[1/3] ") && lines[1].ends_with(" s  let first = 1;"),
        "{lines:#?}"
    );
    assert!(
        lines[2].starts_with("[3/3] ") && lines[2].ends_with(" s  let third = first…"),
        "{lines:#?}"
    );
    assert!(
        lines[3].starts_with("a.ipynb: 3 code cells in "),
        "{lines:#?}"
    );
    assert!(
        !said.err.contains('\u{1b}'),
        "no escape sequences in a log: {said:?}"
    );
    assert_eq!(
        code_cells(&world.read("a.ipynb"))[1]["execution_count"],
        json!(null),
        "an empty cell does not run"
    );
}

#[test]
fn a_second_run_gives_the_same_file_byte_for_byte() {
    let world = World::new();
    let path = world.notebook(
        "a.ipynb",
        &["let x = vec![1.5, 2.5];", "println!(\"{}\", x.len());\nx"],
    );
    assert_eq!(world.carnet(&["run", "a.ipynb"]).code, 0);
    let first = std::fs::read_to_string(&path).unwrap();
    assert_eq!(world.carnet(&["run", "a.ipynb"]).code, 0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
}

#[test]
fn without_an_output_the_file_is_replaced_and_keeps_its_permissions() {
    let world = World::new();
    let path = world.notebook("a.ipynb", &["1 + 1"]);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(world.carnet(&["run", "a.ipynb"]).code, 0);
    assert_eq!(
        text(&code_cells(&world.read("a.ipynb"))[0]["outputs"][0]["data"]["text/plain"]),
        "2"
    );
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );
    let names: Vec<_> = std::fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["a.ipynb"], "no temporary file is left");
}

#[test]
fn cells_run_in_the_folder_of_the_notebook() {
    let world = World::new();
    std::fs::create_dir(world.path("deep")).unwrap();
    std::fs::write(world.path("deep/beside.txt"), "found").unwrap();
    world.notebook(
        "deep/a.ipynb",
        &["std::fs::read_to_string(\"beside.txt\").unwrap()"],
    );
    let said = world.carnet(&["run", "deep/a.ipynb", "--output", "out.ipynb"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(
        text(&code_cells(&world.read("out.ipynb"))[0]["outputs"][0]["data"]["text/plain"]),
        "\"found\""
    );
}
