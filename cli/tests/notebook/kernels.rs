//! `carnet kernel` and `carnet doctor`, and the kernel under other programs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::world::{CARNET, Said, World, code_cells, kernel_folder, text};

fn carnet(world: &World, arguments: &[&str], environment: &[(&str, &Path)]) -> Said {
    let mut command = Command::new(CARNET);
    command.args(arguments).current_dir(world.path("."));
    for name in [
        "JUPYTER_PATH",
        "JUPYTER_DATA_DIR",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "CARNET_RUSTC",
        "CARNET_TOOLKIT_DIR",
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

#[test]
fn a_kernel_is_taken_away_from_the_place_that_is_named() {
    let world = World::new();
    let environment = world.path("environment");
    let user = world.path("user");
    let places = [
        ("VIRTUAL_ENV", environment.as_path()),
        ("JUPYTER_DATA_DIR", user.as_path()),
    ];
    let kernel = |command: &str, place: &[&str]| {
        let mut arguments = vec!["kernel", command];
        arguments.extend(place);
        carnet(&world, &arguments, &places)
    };
    let named: [(&[&str], PathBuf); 3] = [
        (&["--prefix", "one"], world.path("one/share/jupyter")),
        (&["--sys-prefix"], environment.join("share/jupyter")),
        (&["--user"], user.clone()),
    ];
    let left = || {
        let folders = named
            .iter()
            .map(|(_, folder)| folder.join("kernels/carnet"));
        folders.filter(|folder| folder.is_dir()).count()
    };
    for (place, _) in &named {
        let said = kernel("install", place);
        assert_eq!(said.code, 0, "{place:?}: {said:?}");
    }
    for (taken, (place, folder)) in named.iter().enumerate() {
        let said = kernel("uninstall", place);
        assert_eq!(said.code, 0, "{place:?}: {said:?}");
        assert!(!folder.join("kernels/carnet").exists(), "{place:?}");
        // No other one is taken instead where it is not.
        let said = kernel("uninstall", place);
        assert!(
            said.code != 0 && said.err.contains("no kernel named `carnet`"),
            "{place:?}: {said:?}"
        );
        assert_eq!(left(), named.len() - 1 - taken, "{place:?}");
    }
    let said = kernel("uninstall", &["--user", "--sys-prefix"]);
    assert_eq!(said.code, 2, "{said:?}");
}

/// A folder for the search path whose `rustc` answers as one of another version.
fn other_compiler(world: &World) -> PathBuf {
    let folder = world.path("other/bin");
    std::fs::create_dir_all(&folder).unwrap();
    let rustc = folder.join("rustc");
    let script = "#!/bin/sh\ncase \"$1\" in\n--print) cd \"$(dirname \"$0\")/..\" && pwd ;;\n\
        *) echo 'rustc 1.94.0 (0123456789 2026-03-01)' ;;\nesac\n";
    std::fs::write(&rustc, script).unwrap();
    std::fs::set_permissions(&rustc, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// The search path with this folder at its beginning.
fn search_path(first: &Path) -> OsString {
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(first.to_owned()).chain(std::env::split_paths(&inherited));
    std::env::join_paths(folders).unwrap()
}

fn read_spec(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn a_compiler_that_did_not_build_the_toolkit_is_told_with_the_one_that_did() {
    let world = World::new();
    let other = other_compiler(&world);
    let path = search_path(&other);
    let outside = ("PATH", Path::new(&path));
    let environment = world.path("environment");
    let active = ("VIRTUAL_ENV", environment.as_path());
    let install = ["kernel", "install", "--sys-prefix"];
    let parts = [
        "rustc 1.94.0",
        carnet_kernel::toolchain::BUILT_WITH,
        "in the project's folder",
        "CARNET_RUSTC",
    ];
    let said = carnet(&world, &install, &[active, outside]);
    assert_eq!(said.code, 1, "{said:?}");
    for part in parts {
        assert!(said.err.contains(part), "{part}: {said:?}");
    }
    let file = environment.join("share/jupyter/kernels/carnet/kernel.json");
    assert!(!file.exists(), "nothing is installed");

    // The right one may be named, wherever this runs.
    let good = read_spec(&kernel_folder().join("kernels/carnet/kernel.json"));
    let rustc = good["env"]["CARNET_RUSTC"].as_str().unwrap();
    let named = ("CARNET_RUSTC", Path::new(rustc));
    let said = carnet(&world, &install, &[active, outside, named]);
    assert_eq!(said.code, 0, "{said:?}");
    let mut spec = read_spec(&file);
    assert_eq!(spec["env"]["CARNET_RUSTC"], rustc);

    // A kernel that names another one is not called ready.
    spec["env"]["CARNET_RUSTC"] = json!(other.join("rustc"));
    std::fs::write(&file, spec.to_string()).unwrap();
    let said = carnet(&world, &["kernel", "list"], &[active]);
    assert!(
        said.code == 1 && said.out.contains("broken: the compiler"),
        "{said:?}"
    );
    let (code, found) = findings(&world, &[active]);
    assert_eq!(code, 1, "{found:#?}");
    assert_eq!(finding(&found, "kernel").0, "missing", "{found:#?}");
    let (state, text) = finding(&found, "compiler");
    assert_eq!(state, "missing", "{found:#?}");
    for part in parts {
        assert!(said.out.contains(part), "{part}: {said:?}");
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn the_kernels_of_the_projects_environment_are_found_and_broken_ones_told() {
    let world = World::new();
    let said = carnet(&world, &["kernel", "install", "--prefix", ".venv"], &[]);
    assert_eq!(said.code, 0, "{said:?}");
    let (code, found) = findings(&world, &[]);
    assert_eq!(code, 0, "{found:#?}");
    let (state, text) = finding(&found, "kernel");
    assert_eq!(state, "ok", "{found:#?}");
    assert!(
        text.contains(".venv/share/jupyter/kernels/carnet"),
        "{text}"
    );
    // Nobody needs the other engine, but where it is installed it is looked at.
    assert_eq!(finding(&found, "evcxr kernel").0, "ok", "{found:#?}");
    let kernels = world.path(".venv/share/jupyter/kernels");
    let file = kernels.join("carnet/kernel.json");
    let mut spec = read_spec(&file);
    spec["argv"][0] = json!("/nowhere/carnet-kernel-evcxr");
    std::fs::create_dir(kernels.join("carnet-evcxr")).unwrap();
    std::fs::write(kernels.join("carnet-evcxr/kernel.json"), spec.to_string()).unwrap();
    std::fs::write(&file, "{").unwrap();
    let (code, found) = findings(&world, &[]);
    assert_eq!(code, 1, "{found:#?}");
    for (name, part, remedy) in [
        ("kernel", "kernel.json", "kernel install --prefix /"),
        (
            "evcxr kernel",
            "/nowhere/carnet-kernel-evcxr",
            "kernel install --engine evcxr --prefix /",
        ),
    ] {
        let (state, text) = finding(&found, name);
        assert_eq!(state, "missing", "{found:#?}");
        assert!(text.contains(part) && text.contains(remedy), "{text}");
    }
}

#[test]
fn a_remedy_calls_this_program_as_a_shell_finds_it() {
    let world = World::new();
    let kernel = world.path(".venv/share/jupyter/kernels/carnet");
    std::fs::create_dir_all(&kernel).unwrap();
    std::fs::write(kernel.join("kernel.json"), "{").unwrap();
    let own = Path::new(CARNET).canonicalize().unwrap();
    let by_path = format!("{} kernel install", own.display());
    let (_, found) = findings(&world, &[]);
    let (_, text) = finding(&found, "kernel");
    assert!(text.contains(&by_path), "{text}");
    let path = search_path(own.parent().unwrap());
    let (_, found) = findings(&world, &[("PATH", Path::new(&path))]);
    let (_, text) = finding(&found, "kernel");
    assert!(
        text.contains(" carnet kernel install") && !text.contains(&by_path),
        "{text}"
    );
}

/// State and text of one finding.
fn finding(found: &[(String, String, String)], name: &str) -> (String, String) {
    let finding = found.iter().find(|(found, _, _)| found == name).unwrap();
    (finding.1.clone(), finding.2.clone())
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
    for name in [
        "compiler",
        "linker",
        "toolkit",
        "kernel",
        "tables",
        "documents",
    ] {
        assert_eq!(finding(&found, name).0, "ok", "{found:#?}");
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
        let (state, text) = finding(&found, name);
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
