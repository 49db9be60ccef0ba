//! What a run that fails says, returns, and keeps.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::world::{Said, World, code_cells, notebook, shell_kernel, text};

const SLEEP: &str = "println!(\"begun\");\nstd::fs::write(\"begun\", \"\").unwrap();\nstd::thread::sleep(std::time::Duration::from_secs(300));";

/// The first cell ran, the second shows this error, the third shows nothing.
fn assert_partial(notebook: &Value, ename: Option<&str>) {
    let cells = code_cells(notebook);
    assert_eq!(text(&cells[0]["outputs"][0]["data"]["text/plain"]), "42");
    let outputs = cells[1]["outputs"].as_array().unwrap();
    let error = outputs
        .iter()
        .find(|output| output["output_type"] == "error")
        .expect("the failed cell shows its error");
    if let Some(ename) = ename {
        assert!(
            outputs.iter().any(|output| output["ename"] == ename),
            "{error}"
        );
    }
    assert_eq!(cells[2]["outputs"], json!([]));
    assert_eq!(cells[2]["execution_count"], json!(null));
}

#[test]
fn a_cell_that_does_not_compile_is_named_and_the_partial_result_kept() {
    let world = World::new();
    let mut before = notebook(&[
        "40 + 2",
        "let n: i32 = \"seven\";\nn",
        "println!(\"never\");",
    ]);
    before["cells"][5]["outputs"] =
        json!([{"output_type": "stream", "name": "stdout", "text": "stale"}]);
    before["cells"][5]["execution_count"] = json!(7);
    world.write("a.ipynb", &before);
    let said = world.carnet(&["run", "a.ipynb"]);
    assert_eq!(said.code, 1, "{said:?}");
    let named =
        "a.ipynb: cell 4 of 6 (code cell 2 of 3, id code-1) failed: let n: i32 = \"seven\";…";
    assert!(said.err.contains(named), "{}", said.err);
    assert!(
        said.err.contains("mismatched types"),
        "the compiler's reason is shown: {}",
        said.err
    );
    assert!(
        said.err
            .contains("the partial result is saved in a.partial.ipynb"),
        "{}",
        said.err
    );
    assert!(
        !said.err.contains("[3/3]"),
        "nothing runs after the failure: {}",
        said.err
    );
    assert_partial(&world.read("a.partial.ipynb"), None);
    assert_eq!(
        world.read("a.ipynb"),
        before,
        "the notebook keeps the outputs it had"
    );
}

#[test]
fn a_failure_with_an_output_keeps_the_partial_result_there() {
    let world = World::new();
    world.notebook("a.ipynb", &["40 + 2", "let n: i32 = \"seven\";", "1"]);
    let said = world.carnet(&["run", "a.ipynb", "--output", "b.ipynb"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert_partial(&world.read("b.ipynb"), None);
    assert!(!world.path("a.partial.ipynb").exists());
}

#[test]
fn a_cell_that_panics_stops_the_run() {
    let world = World::new();
    world.notebook(
        "a.ipynb",
        &[
            "40 + 2",
            "let none: Option<i32> = None;\nnone.expect(\"a number\")",
            "1",
        ],
    );
    let said = world.carnet(&["run", "a.ipynb"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.err.contains("id code-1") && said.err.contains("a number"),
        "{}",
        said.err
    );
    assert_partial(&world.read("a.partial.ipynb"), None);
}

#[test]
fn a_kernel_that_dies_in_a_cell_is_an_error_of_that_cell() {
    let world = World::new();
    // Cells run in a process of their own; its parent is the kernel.
    let kill = "println!(\"before\");\nlet kernel = std::os::unix::process::parent_id().to_string();\n\
        std::thread::sleep(std::time::Duration::from_millis(500));\n\
        std::process::Command::new(\"kill\").args([\"-9\", &kernel]).status().unwrap();\n\
        std::thread::sleep(std::time::Duration::from_secs(60));";
    world.notebook("a.ipynb", &["40 + 2", kill, "1"]);
    let said = world.carnet(&["run", "a.ipynb"]);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(
        said.err.contains("id code-1") && said.err.contains("the kernel was ended by signal 9"),
        "{}",
        said.err
    );
    let saved = world.read("a.partial.ipynb");
    assert_partial(&saved, Some("KernelDied"));
    assert_eq!(
        text(&code_cells(&saved)[1]["outputs"][0]["text"]),
        "before\n"
    );
}

#[test]
fn a_cell_that_takes_too_long_is_interrupted() {
    let world = World::new();
    world.notebook("a.ipynb", &["40 + 2", SLEEP, "1"]);
    let began = Instant::now();
    let said = world.carnet(&["run", "a.ipynb", "--timeout", "10"]);
    assert!(
        began.elapsed().as_secs() < 100,
        "it took {:?}",
        began.elapsed()
    );
    assert_eq!(said.code, 3, "{said:?}");
    assert!(
        said.err.contains("id code-1") && said.err.contains("longer than the 10 s of --timeout"),
        "{}",
        said.err
    );
    assert_partial(&world.read("a.partial.ipynb"), Some("Timeout"));
}

#[test]
fn ctrl_c_interrupts_the_cell_and_saves_what_there_is() {
    let world = World::new();
    world.notebook("a.ipynb", &["40 + 2", SLEEP, "1"]);
    let run = world.start(&["run", "a.ipynb"]);
    world.wait_for("begun");
    assert!(
        Command::new("kill")
            .args(["-INT", &run.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let said = Said::from(run.wait_with_output().unwrap());
    assert_eq!(said.code, 130, "{said:?}");
    assert!(
        said.err.contains("id code-1) was interrupted"),
        "{}",
        said.err
    );
    assert_partial(&world.read("a.partial.ipynb"), Some("Interrupted"));
}

#[test]
fn an_unknown_kernel_lists_those_that_exist_and_changes_nothing() {
    let world = World::new();
    let path = world.notebook("a.ipynb", &["1"]);
    let before = std::fs::read(&path).unwrap();
    let said = world.carnet(&["run", "a.ipynb", "--kernel", "cobol"]);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.err.contains("no kernel named `cobol`"), "{}", said.err);
    assert!(
        said.err.lines().any(|line| line.starts_with("  carnet  (")),
        "{}",
        said.err
    );
    assert!(said.err.contains("folders searched:"), "{}", said.err);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_kernel_that_dies_at_its_start_says_why() {
    let world = World::new();
    let path = world.notebook("a.ipynb", &["1"]);
    let before = std::fs::read(&path).unwrap();
    let jupyter = shell_kernel(&world, "broken", "echo the toolkit is missing >&2; exit 3");
    let said = world
        .command(&["run", "a.ipynb", "--kernel", "broken"])
        .env("JUPYTER_PATH", jupyter)
        .output()
        .unwrap();
    let said = Said::from(said);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(
        said.err.contains("ended with exit code 3") && said.err.contains("the toolkit is missing"),
        "{}",
        said.err
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn ctrl_c_while_the_kernel_starts_ends_the_kernel_and_changes_nothing() {
    let world = World::new();
    let path = world.notebook("a.ipynb", &["1"]);
    let before = std::fs::read(&path).unwrap();
    let jupyter = shell_kernel(
        &world,
        "silent",
        "echo $$ > pid.new; mv pid.new pid; exec sleep 300",
    );
    let mut run = world.command(&["run", "a.ipynb", "--kernel", "silent"]);
    let run = run
        .env("JUPYTER_PATH", jupyter)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    world.wait_for("pid");
    assert!(
        Command::new("kill")
            .args(["-INT", &run.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let said = Said::from(run.wait_with_output().unwrap());
    assert_eq!(said.code, 130, "{said:?}");
    let pid = std::fs::read_to_string(world.path("pid")).unwrap();
    let alive = Command::new("kill")
        .args(["-0", pid.trim()])
        .output()
        .unwrap();
    assert!(!alive.status.success(), "the kernel {pid} is still running");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_that_is_no_notebook_is_refused_before_any_kernel_starts() {
    let world = World::new();
    std::fs::write(world.path("a.ipynb"), "{\"cells\": [").unwrap();
    for (name, reason) in [
        ("a.ipynb", "not JSON"),
        ("absent.ipynb", "cannot read the notebook absent.ipynb"),
    ] {
        let said = world.carnet(&["run", name]);
        assert_eq!(said.code, 2);
        assert!(
            said.err.contains(reason) && !said.err.contains("kernel"),
            "{}",
            said.err
        );
    }
    assert_eq!(world.carnet(&["run", "a.ipynb", "--timeout", "0"]).code, 2);
}

#[test]
fn what_ran_is_kept_cell_by_cell_also_when_the_run_is_killed() {
    let world = World::new();
    let kernel =
        "std::fs::write(\"kernel\", std::os::unix::process::parent_id().to_string())?;\n40 + 2";
    world.notebook("a.ipynb", &[kernel, SLEEP, "1"]);
    let mut run = world.start(&["run", "a.ipynb"]);
    world.wait_for("begun");
    run.kill().unwrap();
    run.wait().unwrap();
    // The kernel is nobody's now.
    let kernel = std::fs::read_to_string(world.path("kernel")).unwrap();
    assert!(
        Command::new("kill")
            .args(["-9", &kernel])
            .status()
            .unwrap()
            .success()
    );
    let saved = world.read("a.partial.ipynb");
    let cells = code_cells(&saved);
    assert_eq!(text(&cells[0]["outputs"][0]["data"]["text/plain"]), "42");
    assert_eq!(cells[1]["outputs"], json!([]));
}

#[test]
fn an_output_that_cannot_be_written_stops_the_run_before_it_begins() {
    let world = World::new();
    world.notebook("a.ipynb", &["std::fs::write(\"ran\", \"\")?;"]);
    let said = world.carnet(&["run", "a.ipynb", "--output", "nowhere/b.ipynb"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.err.contains("nowhere/b.ipynb") && !said.err.contains("is saved"),
        "{}",
        said.err
    );
    assert!(!world.path("ran").exists());
}

#[test]
fn an_output_with_the_name_of_a_partial_result_is_kept() {
    let world = World::new();
    world.notebook("a.ipynb", &["40 + 2"]);
    let said = world.carnet(&["run", "a.ipynb", "--output", "a.partial.ipynb"]);
    assert_eq!(said.code, 0, "{said:?}");
    let saved = world.read("a.partial.ipynb");
    let cells = code_cells(&saved);
    assert_eq!(text(&cells[0]["outputs"][0]["data"]["text/plain"]), "42");
}

#[test]
fn only_a_run_in_place_takes_the_partial_result_of_a_failed_one_away() {
    let world = World::new();
    world.notebook("a.ipynb", &["std::fs::read_to_string(\"there\")?"]);
    assert_eq!(world.carnet(&["run", "a.ipynb"]).code, 1);
    let partial = world.read("a.partial.ipynb");
    std::fs::write(world.path("there"), "").unwrap();
    let said = world.carnet(&["run", "a.ipynb", "--output", "b.ipynb"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(world.read("a.partial.ipynb"), partial);
    assert_eq!(world.carnet(&["run", "a.ipynb"]).code, 0);
    assert!(!world.path("a.partial.ipynb").exists());
}

#[test]
fn the_time_for_all_counts_the_start_of_the_kernel() {
    let world = World::new();
    let path = world.notebook("a.ipynb", &["1"]);
    let before = std::fs::read(&path).unwrap();
    let jupyter = shell_kernel(&world, "silent", "exec sleep 300");
    let began = Instant::now();
    let said = world
        .command(&[
            "run",
            "a.ipynb",
            "--kernel",
            "silent",
            "--total-timeout",
            "1",
        ])
        .env("JUPYTER_PATH", jupyter)
        .output()
        .unwrap();
    let said = Said::from(said);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("--total-timeout"), "{}", said.err);
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
