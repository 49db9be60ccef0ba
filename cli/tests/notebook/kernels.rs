//! `carnet kernel` and `carnet doctor`, and the kernel under other programs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::world::{CARNET, Said, World, code_cells, kernel_folder, text};

fn carnet(world: &World, arguments: &[&str], environment: &[(&str, &Path)]) -> Said {
    let mut command = Command::new(CARNET);
    command.args(arguments).current_dir(world.path("."));
    for name in [
        "JUPYTER_DATA_DIR",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "CARNET_DATABASE_URL",
        "CARNET_DOCUMENTS_URL",
    ] {
        command.env_remove(name);
    }
    command.envs(environment.iter().copied());
    command.output().unwrap().into()
}

#[test]
fn a_kernel_is_installed_listed_and_taken_away() {
    let world = World::new();
    let environment = world.path("environment");
    std::fs::create_dir(&environment).unwrap();
    let active = [("VIRTUAL_ENV", environment.as_path())];
    let said = carnet(
        &world,
        &["kernel", "install", "--sys-prefix", "--name", "mine"],
        &active,
    );
    assert_eq!(said.code, 0, "{said:?}");
    let folder = environment.join("share/jupyter/kernels/mine");
    for file in [
        "kernel.json",
        "logo-32x32.png",
        "logo-64x64.png",
        "logo-svg.svg",
    ] {
        assert!(folder.join(file).is_file(), "{file}");
    }
    let said = carnet(&world, &["kernel", "list"], &active);
    assert!(
        said.out.contains("mine") && said.out.contains("(ready)"),
        "{said:?}"
    );
    // A kernel whose files have gone is told so.
    let spec = folder.join("kernel.json");
    let mut content: Value = serde_json::from_slice(&std::fs::read(&spec).unwrap()).unwrap();
    content["env"]["CARNET_TOOLKIT_DIR"] = json!("/nowhere");
    std::fs::write(&spec, content.to_string()).unwrap();
    let said = carnet(&world, &["kernel", "list"], &active);
    assert!(
        said.out.contains("broken: the toolkit is not in /nowhere") && said.code == 1,
        "{said:?}"
    );
    let named = [
        "kernel",
        "install",
        "--sys-prefix",
        "--name",
        "mine",
        "--display-name",
        "Rust (mine)",
    ];
    assert_eq!(carnet(&world, &named, &active).code, 0);
    let said = carnet(&world, &["kernel", "list"], &active);
    assert!(said.out.contains("Rust (mine)"), "{said:?}");
    let said = carnet(&world, &["kernel", "uninstall", "mine"], &active);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!folder.exists());
    let said = carnet(&world, &["kernel", "install", "--sys-prefix"], &[]);
    assert!(
        said.code != 0 && said.err.contains("no virtual environment is active"),
        "{said:?}"
    );
}

/// The findings of `carnet doctor --json` by name: state and text.
fn findings(world: &World, environment: &[(&str, &Path)]) -> (i32, Vec<(String, String, String)>) {
    let said = carnet(world, &["doctor", "--json"], environment);
    let list: Vec<Value> = serde_json::from_str(&said.out).unwrap();
    let word = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let findings = list
        .iter()
        .map(|finding| {
            let text = format!("{} {}", word(finding, "found"), word(finding, "remedy"));
            (word(finding, "name"), word(finding, "state"), text)
        })
        .collect();
    (said.code, findings)
}

#[test]
fn a_machine_in_order_is_called_so_and_each_fault_by_name() {
    let world = World::new();
    let good: [(&str, &Path); 1] = [("JUPYTER_PATH", kernel_folder())];
    let (code, found) = findings(&world, &good);
    assert_eq!(code, 0, "{found:#?}");
    let state = |found: &[(String, String, String)], name: &str| {
        let finding = found.iter().find(|(found, _, _)| found == name).unwrap();
        (finding.1.clone(), finding.2.clone())
    };
    for name in [
        "compiler",
        "linker",
        "toolkit",
        "kernel",
        "tables",
        "documents",
    ] {
        assert_eq!(state(&found, name).0, "ok", "{found:#?}");
    }
    let nowhere = Path::new("/nowhere");
    for (variable, value, name, part) in [
        ("PATH", nowhere, "linker", "apt install gcc"),
        ("CARNET_RUSTC", nowhere, "compiler", "rustup.rs"),
        ("CARNET_TOOLKIT_DIR", nowhere, "toolkit", "cargo build"),
        ("JUPYTER_PATH", nowhere, "kernel", "carnet kernel install"),
        ("TMPDIR", nowhere, "disk", "TMPDIR"),
        (
            "CARNET_DATABASE_URL",
            Path::new("postgres://u:secret@127.0.0.1:1/x"),
            "tables",
            "nothing answers at 127.0.0.1:1",
        ),
        (
            "CARNET_DOCUMENTS_URL",
            Path::new("mongodb://127.0.0.1:1/x"),
            "documents",
            "docker compose up",
        ),
    ] {
        let home = world.path("home");
        let environment = [("HOME", home.as_path()), good[0], (variable, value)];
        let environment = if name == "kernel" || name == "disk" {
            &environment[..]
        } else {
            &environment[1..]
        };
        let (code, found) = findings(&world, environment);
        let (state, text) = state(&found, name);
        assert_eq!(
            (code, state.as_str()),
            (1, "missing"),
            "{variable}: {found:#?}"
        );
        assert!(
            text.contains(part) && !text.contains("secret"),
            "{variable}: {text}"
        );
    }
}

/// A program of the project's virtual environment.
fn python(name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../.venv/bin")
        .join(name);
    assert!(
        program.is_file(),
        "`make .venv/bin/jupyter-lab` makes {}",
        program.display()
    );
    program
}

#[test]
fn other_programs_run_the_kernel_too() {
    let world = World::new();
    let code = [
        "let x = 20;",
        "println!(\"here\");\nx * 2 + 2",
        "carnet::show::display(&carnet::show::Bundle::text(\"shown\"));",
    ];
    let runs: [(&str, &[&str]); 2] = [
        ("jupyter", &["execute", "--inplace", "a.ipynb"]),
        ("papermill", &["--no-progress-bar", "a.ipynb", "a.ipynb"]),
    ];
    for (program, arguments) in runs {
        world.notebook("a.ipynb", &code);
        let output = Command::new(python(program))
            .args(arguments)
            .current_dir(world.path("."))
            .env("JUPYTER_PATH", kernel_folder())
            .output();
        let said = Said::from(output.unwrap());
        assert_eq!(said.code, 0, "{program}: {said:?}");
        let done = world.read("a.ipynb");
        let cells = code_cells(&done);
        assert_eq!(text(&cells[1]["outputs"][0]["text"]), "here\n", "{program}");
        assert_eq!(
            text(&cells[1]["outputs"][1]["data"]["text/plain"]),
            "42",
            "{program}"
        );
        assert_eq!(
            text(&cells[2]["outputs"][0]["data"]["text/plain"]),
            "shown",
            "{program}"
        );
    }
    // An error stops them, and is in the notebook.
    world.notebook("a.ipynb", &["panic!(\"no\")", "1"]);
    let output = Command::new(python("jupyter"))
        .args(["execute", "--inplace", "a.ipynb"])
        .current_dir(world.path("."))
        .env("JUPYTER_PATH", kernel_folder())
        .output();
    let said = Said::from(output.unwrap());
    assert!(said.code != 0 && said.err.contains("panic"), "{said:?}");
}
