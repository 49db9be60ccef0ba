//! `carnet notebook check`: what passes, and that each kind of problem is named.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::world::{World, notebook};

/// A notebook of two cells that has run, with a chart.
fn executed() -> Value {
    let mut notebook = notebook(&["let x = 1;", "chart::bar(&x, \"a\", \"b\")"]);
    notebook["cells"][1]["execution_count"] = json!(1);
    notebook["cells"][3]["execution_count"] = json!(2);
    notebook["cells"][3]["outputs"] = json!([{"output_type": "execute_result", "execution_count": 2, "metadata": {},
        "data": {"application/vnd.plotly.v1+json": {"data": [], "layout": {"title": "See https://example.org/home/x"}},
            "image/png": picture(), "text/plain": "a bar chart"}}]);
    notebook
}

fn picture() -> String {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 100, 80);
    encoder.set_color(png::ColorType::Rgb);
    let pixels: Vec<u8> = (0..100 * 80 * 3).map(|at| (at % 251) as u8).collect();
    encoder
        .write_header()
        .unwrap()
        .write_image_data(&pixels)
        .unwrap();
    STANDARD.encode(bytes)
}

#[test]
fn a_good_notebook_is_one_line_with_its_counts() {
    let world = World::new();
    world.write("good.ipynb", &executed());
    let said = world.carnet(&["check", "good.ipynb"]);
    assert_eq!(
        (said.code, said.out.as_str(), said.err.as_str()),
        (0, "ok  good.ipynb: 4 cells (2 code), 1 chart\n", "")
    );
}

#[test]
fn a_notebook_that_was_just_run_passes() {
    let world = World::new();
    world.notebook("a.ipynb", &["let x = 40 + 2;", "x"]);
    assert_eq!(
        world.carnet(&["check", "a.ipynb"]).code,
        1,
        "it has not run yet"
    );
    assert_eq!(world.carnet(&["run", "a.ipynb"]).code, 0);
    let said = world.carnet(&["check", "a.ipynb"]);
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn each_kind_of_problem_is_named_with_its_file_cell_and_id() {
    let output = "/cells/3/outputs";
    let error = json!([{"output_type": "error", "ename": "E0308", "evalue": "mismatched", "traceback": []}]);
    let stderr = json!([{"output_type": "stream", "name": "stderr", "text": "careful\n"}]);
    let path = json!([{"output_type": "stream", "name": "stdout", "text": "read /home/ada/flights.csv\n"}]);
    let cases: &[(&str, Value, &str)] = &[
        (
            "/cells/2/cell_type",
            json!("raw"),
            "cell 4 (id code-1): no text cell stands directly before",
        ),
        (
            "/cells/1/execution_count",
            json!(null),
            "cell 2 (id code-0): it has not run",
        ),
        (
            "/cells/3/execution_count",
            json!(5),
            "cell 4 (id code-1): it ran out of order: [5]",
        ),
        (
            "/cells/1/source",
            json!(" "),
            "cell 2 (id code-0): the code cell is empty",
        ),
        (
            output,
            error,
            "cell 4 (id code-1): it shows the error E0308: mismatched",
        ),
        (
            output,
            stderr,
            "cell 4 (id code-1): it shows text on stderr: careful",
        ),
        (
            output,
            path,
            "cell 4 (id code-1): its output names a path of this machine: /home/ada/flights.csv",
        ),
        (
            "/cells/0/source",
            json!("in C:\\Users\\ada"),
            "cell 1 (id text-0): its source names a path of this machine: C:\\Users\\ada",
        ),
        (
            "/cells/3/outputs/0/data/image~1png",
            json!("iVBORw0KGgo="),
            "cell 4 (id code-1): its PNG picture cannot be seen",
        ),
        (
            "/cells/2/id",
            json!("text-0"),
            "cell 3 (id text-0): its id is also that of cell 1",
        ),
        (
            "/cells/1/metadata",
            json!([]),
            "cell 2 (id code-0): it has no `metadata` object",
        ),
        (
            "/nbformat_minor",
            json!(4),
            "bad.ipynb: is nbformat 4.4, not 4.5",
        ),
    ];
    let world = World::new();
    for (pointer, value, expected) in cases {
        let mut notebook = executed();
        *notebook.pointer_mut(pointer).unwrap() = value.clone();
        world.write("bad.ipynb", &notebook);
        let said = world.carnet(&["check", "bad.ipynb"]);
        assert_eq!(said.code, 1, "{expected}: {said:?}");
        let named = said
            .out
            .lines()
            .any(|line| line.starts_with("bad.ipynb: ") && line.contains(expected));
        assert!(named, "`{expected}` is not in\n{}", said.out);
    }
}

#[test]
fn a_chart_without_a_still_picture_is_a_problem() {
    let world = World::new();
    let mut notebook = executed();
    notebook["cells"][3]["outputs"][0]["data"]
        .as_object_mut()
        .unwrap()
        .remove("image/png");
    world.write("bad.ipynb", &notebook);
    let said = world.carnet(&["check", "bad.ipynb"]);
    assert_eq!(said.code, 1);
    assert!(
        said.out
            .contains("cell 4 (id code-1): its chart carries no picture"),
        "{}",
        said.out
    );
}

#[test]
fn all_files_are_checked_and_all_problems_listed() {
    let world = World::new();
    world.write("good.ipynb", &executed());
    world.notebook("unrun.ipynb", &["1", "2"]);
    std::fs::write(world.path("broken.ipynb"), "not a notebook").unwrap();
    let said = world.carnet(&[
        "check",
        "unrun.ipynb",
        "good.ipynb",
        "broken.ipynb",
        "absent.ipynb",
    ]);
    assert_eq!(said.code, 1);
    let lines: Vec<_> = said.out.lines().collect();
    assert_eq!(lines.len(), 5, "{lines:#?}");
    assert!(
        lines[0].starts_with("unrun.ipynb: cell 2") && lines[1].starts_with("unrun.ipynb: cell 4"),
        "{lines:#?}"
    );
    assert!(lines[2].starts_with("ok  good.ipynb"), "{lines:#?}");
    assert!(
        lines[3].contains("is not JSON") && lines[4].contains("cannot be read"),
        "{lines:#?}"
    );
    assert!(
        said.err.contains("4 problems in 3 of 4 notebooks"),
        "{}",
        said.err
    );
}
