//! A folder with notebooks for each test, and the Carnet kernel installed once for all of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The program under test.
pub(crate) const CARNET: &str = env!("CARGO_BIN_EXE_carnet");

/// A folder of notebooks that is removed with its test.
pub(crate) struct World {
    folder: TempDir,
}

/// What a run of the program said and returned.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a notebook whose code cells are these, each with a line of text before it.
    pub(crate) fn notebook(&self, name: &str, code: &[&str]) -> PathBuf {
        self.write(name, &notebook(code))
    }

    pub(crate) fn write(&self, name: &str, notebook: &Value) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, notebook.to_string()).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// `carnet notebook …` in this folder, with the Carnet kernel as the only one that its environment names.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(CARNET);
        command
            .arg("notebook")
            .args(arguments)
            .current_dir(self.folder.path());
        if arguments[0] == "run" {
            command.env("JUPYTER_PATH", kernel_folder());
        }
        for variable in ["JUPYTER_DATA_DIR", "VIRTUAL_ENV", "CONDA_PREFIX"] {
            command.env_remove(variable);
        }
        command
    }

    pub(crate) fn carnet(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Waits until a cell has written this file.
    pub(crate) fn wait_for(&self, name: &str) {
        let began = Instant::now();
        while !self.path(name).exists() {
            assert!(
                began.elapsed() < Duration::from_secs(120),
                "the cell never wrote {name}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

/// A notebook that names the Carnet kernel; the cells' ids are `text-N` and `code-N`.
pub(crate) fn notebook(code: &[&str]) -> Value {
    let cells = code.iter().enumerate().flat_map(|(at, source)| {
        let text = json!({"cell_type": "markdown", "id": format!("text-{at}"), "metadata": {}, "source": "Why."});
        let code = json!({"cell_type": "code", "id": format!("code-{at}"), "metadata": {"tags": ["kept"]},
            "source": source, "execution_count": null, "outputs": []});
        [text, code]
    });
    let spec = json!({"name": "carnet", "display_name": "Rust (Carnet)", "language": "rust"});
    let metadata = json!({"kernelspec": spec, "another_program": {"b": [1, 2.5], "a": null}});
    json!({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells.collect::<Vec<_>>()})
}

/// The code cells of a notebook.
pub(crate) fn code_cells(notebook: &Value) -> Vec<&Value> {
    notebook["cells"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|cell| cell["cell_type"] == "code")
        .collect()
}

/// The text of a field that may be split into lines.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Array(lines) => lines.iter().map(|line| line.as_str().unwrap()).collect(),
        other => other.as_str().unwrap().to_owned(),
    }
}

/// A data folder of Jupyter in which `carnet` is the Carnet kernel, installed by its own program.
pub(crate) fn kernel_folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let program = Path::new(CARNET).with_file_name("carnet-kernel");
        assert!(
            program.exists(),
            "build the kernel first (`make build`): there is no {}",
            program.display()
        );
        // In the target folder, not a temporary one: a static is never dropped, so nothing would remove it.
        let prefix = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kernel-of-notebook-tests");
        let installed = Command::new(&program)
            .arg("install")
            .arg("--prefix")
            .arg(&prefix)
            .args(["--name", "carnet"])
            .output();
        let installed = Said::from(installed.unwrap());
        assert_eq!(installed.code, 0, "{installed:?}");
        prefix.join("share/jupyter")
    })
}

/// A data folder of Jupyter with one kernel `name` that is this shell command.
pub(crate) fn shell_kernel(world: &World, name: &str, script: &str) -> PathBuf {
    let folder = world.path("jupyter").join("kernels").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let spec = json!({"argv": ["sh", "-c", script], "display_name": name, "language": "sh"});
    std::fs::write(folder.join("kernel.json"), spec.to_string()).unwrap();
    world.path("jupyter")
}
