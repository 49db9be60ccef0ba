//! The installed kernel, JupyterLab, and what draws its charts.

use std::path::{Path, PathBuf};

use super::Finding;
use super::tools::printed;
use crate::kernel::missing;
use crate::notebook::kernelspec::Kernelspec;

/// Whether Carnet's kernel is installed, with all it names.
pub(super) fn kernel() -> Finding {
    const NAME: &str = "kernel";
    match Kernelspec::find(Some("carnet")) {
        Ok(kernel) => match missing(&kernel) {
            None => Finding::ok(NAME, kernel.folder.display().to_string()),
            Some(what) => Finding::missing(NAME, what, "carnet kernel install"),
        },
        Err(_) => Finding::missing(
            NAME,
            "no kernel `carnet` is installed where Jupyter looks",
            "carnet kernel install (in a virtual environment: --sys-prefix)",
        ),
    }
}

/// The `jupyter` that would be started: the active virtual environment's, the project's, or the search path's.
fn program(name: &str) -> PathBuf {
    let environment = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    let folders = environment.into_iter().chain([PathBuf::from(".venv")]);
    folders
        .map(|folder| folder.join("bin").join(name))
        .find(|program| program.is_file())
        .unwrap_or_else(|| PathBuf::from(name))
}

/// JupyterLab; notebooks also run without, by `carnet notebook run`.
pub(super) fn lab() -> Finding {
    const NAME: &str = "JupyterLab";
    match printed(&program("jupyter-lab"), &["--version"]) {
        Some(version) => Finding::ok(NAME, version),
        None => Finding::warning(
            NAME,
            "`jupyter-lab` does not start",
            "make lab, or pip install jupyterlab",
        ),
    }
}

/// Interactive charts need plotly's extension; the pictures show without.
pub(super) fn plotly() -> Finding {
    const NAME: &str = "plotly";
    const REMEDY: &str =
        "pip install plotly (beside JupyterLab); without it charts show as pictures";
    let folders = printed(&program("jupyter"), &["--paths", "--json"])
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let Some(paths) = folders else {
        return Finding::warning(NAME, "`jupyter` does not start", REMEDY);
    };
    let data = paths["data"].as_array().into_iter().flatten();
    let found = data
        .filter_map(|folder| folder.as_str())
        .map(|folder| {
            Path::new(folder)
                .join("labextensions")
                .join("jupyterlab-plotly")
        })
        .find(|folder| folder.is_dir());
    match found {
        Some(folder) => Finding::ok(NAME, folder.display().to_string()),
        None => Finding::warning(
            NAME,
            "JupyterLab has no renderer for plotly's charts",
            REMEDY,
        ),
    }
}
