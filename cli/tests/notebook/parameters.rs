//! Parameters, time limits and exit codes of a run.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::{Value, json};

use crate::world::{World, code_cells, notebook, text};

/// A notebook with a cell of parameters.
fn parameterised(world: &World, name: &str) {
    let mut notebook = notebook(&[
        "let count = 3;\nlet label = \"none\";",
        "println!(\"{label}: {}\", count * 2);",
    ]);
    notebook["cells"][1]["metadata"]["tags"] = json!(["parameters"]);
    world.write(name, &notebook);
}

fn tags(cell: &Value) -> &Value {
    &cell["metadata"]["tags"]
}

#[test]
fn values_are_injected_behind_the_defaults_and_replaced_by_the_next_run() {
    let world = World::new();
    parameterised(&world, "a.ipynb");
    std::fs::write(world.path("more.yaml"), "count: 1\nlabel: from file\n").unwrap();
    let said = world.carnet(&[
        "run",
        "a.ipynb",
        "-o",
        "b.ipynb",
        "-f",
        "more.yaml",
        "-p",
        "count",
        "21",
    ]);
    assert_eq!(said.code, 0, "{said:?}");
    let done = world.read("b.ipynb");
    let cells = code_cells(&done);
    assert_eq!(tags(cells[1]), &json!(["injected-parameters"]));
    assert_eq!(
        text(&cells[1]["source"]),
        "// Parameters of this run\nlet count = 21;\nlet label = \"from file\";"
    );
    assert_eq!(text(&cells[2]["outputs"][0]["text"]), "from file: 42\n");
    assert_eq!(done["metadata"]["papermill"]["parameters"]["count"], 21);
    // The result is ready to be read: the added cell needs no text of its own.
    let said = world.carnet(&["check", "b.ipynb"]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = world.carnet(&["run", "b.ipynb", "-r", "label", "007"]);
    assert_eq!(said.code, 0, "{said:?}");
    let done = world.read("b.ipynb");
    let cells = code_cells(&done);
    assert_eq!(cells.len(), 3);
    assert_eq!(text(&cells[2]["outputs"][0]["text"]), "007: 6\n");
}

#[test]
fn a_parameter_that_does_not_fit_stops_the_run_before_it_begins() {
    let world = World::new();
    parameterised(&world, "a.ipynb");
    let before = std::fs::read(world.path("a.ipynb")).unwrap();
    for (arguments, part) in [
        (
            ["-p", "cuont", "1"],
            "no parameter `cuont`; it has `count`, `label`",
        ),
        (
            ["-p", "count", "1.5"],
            "`count` is a whole number from -2147483648 to 2147483647 (its default is `3`)",
        ),
    ] {
        let mut line = vec!["run", "a.ipynb"];
        line.extend(arguments);
        let said = world.carnet(&line);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains(part), "{said:?}");
    }
    assert_eq!(std::fs::read(world.path("a.ipynb")).unwrap(), before);
}

#[test]
fn limits_keep_the_partial_notebook_and_have_their_exit_code() {
    let world = World::new();
    let endless = ["let x = 1;\nx", "loop { std::hint::spin_loop(); }", "2"];
    for (arguments, part) in [
        (["--timeout", "1.5"], "longer than the 1.5 s of --timeout"),
        (
            ["--total-timeout", "4"],
            "longer than the 4 s of --total-timeout",
        ),
    ] {
        world.notebook("a.ipynb", &endless);
        let mut line = vec!["run", "a.ipynb"];
        line.extend(arguments);
        let said = world.carnet(&line);
        assert_eq!(said.code, 3, "{said:?}");
        assert!(said.err.contains(part), "{said:?}");
        let partial = world.read("a.partial.ipynb");
        let cells = code_cells(&partial);
        assert_eq!(text(&cells[0]["outputs"][0]["data"]["text/plain"]), "1");
        let ends = cells[1]["outputs"].as_array().unwrap();
        assert!(
            ends.iter().any(|output| output["output_type"] == "error"),
            "{ends:?}"
        );
    }
}

#[test]
fn each_kind_of_failure_has_its_exit_code() {
    let world = World::new();
    world.notebook("fails.ipynb", &["panic!(\"no\")"]);
    assert_eq!(world.carnet(&["run", "fails.ipynb"]).code, 1);
    assert_eq!(world.carnet(&["run", "nosuch.ipynb"]).code, 2);
    assert_eq!(world.carnet(&["run", "fails.ipynb", "--nosuch"]).code, 2);
    assert_eq!(
        world
            .carnet(&["run", "fails.ipynb", "--kernel", "nosuch"])
            .code,
        4
    );
}

#[test]
fn a_notebook_becomes_a_crate() {
    let world = World::new();
    world.notebook("a.ipynb", &["use carnet::prelude::*;\nlet x = 1;", "x + 1"]);
    let said = world.carnet(&["export", "a.ipynb", "--to", "rs", "-o", "crate"]);
    assert_eq!(said.code, 0, "{said:?}");
    let main = std::fs::read_to_string(world.path("crate").join("src/main.rs")).unwrap();
    assert!(
        main.contains("carnet::show_value!(x + 1);") && main.contains("// Why."),
        "{main}"
    );
    let manifest = std::fs::read_to_string(world.path("crate").join("Cargo.toml")).unwrap();
    assert!(manifest.contains("carnet-toolkit"), "{manifest}");
    world.notebook("bad.ipynb", &["let x = ;"]);
    let said = world.carnet(&["export", "bad.ipynb", "--to", "rs"]);
    assert!(
        said.code == 2 && said.err.contains("cell 2 is not Rust"),
        "{said:?}"
    );
}

#[test]
fn an_export_does_not_write_over_a_crate_of_somebodys() {
    let world = World::new();
    world.notebook("a.ipynb", &["40 + 2"]);
    std::fs::create_dir_all(world.path("mine/src")).unwrap();
    std::fs::write(
        world.path("mine/Cargo.toml"),
        "[package]\nname = \"mine\"\n",
    )
    .unwrap();
    let said = world.carnet(&["export", "a.ipynb", "--to", "rs", "--output", "mine"]);
    assert_ne!(said.code, 0, "{said:?}");
    assert!(said.err.contains("no export made"), "{}", said.err);
    assert!(!world.path("mine/src/main.rs").exists());
    for _ in 0..2 {
        let said = world.carnet(&["export", "a.ipynb", "--to", "rs", "--output", "own"]);
        assert_eq!(said.code, 0, "{said:?}");
    }
    let manifest = std::fs::read_to_string(world.path("own/Cargo.toml")).unwrap();
    assert!(manifest.ends_with("\n[workspace]\n"), "{manifest}");
}
