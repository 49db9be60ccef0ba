//! The installed kernels, JupyterLab, and what draws its charts.

use std::path::{Path, PathBuf};

use super::Finding;
use crate::kernel::{Engine, fault, install_command};
use crate::notebook::kernelspec::{ENVIRONMENT, Kernelspec, KernelspecError};
use crate::programs::{own_name, printed};

/// Whether Carnet's kernel is installed, with all it names.
pub(super) fn kernel() -> Finding {
    const NAME: &str = "kernel";
    installed(NAME, Engine::Direct).unwrap_or_else(|| {
        Finding::missing(
            NAME,
            "no kernel `carnet` is installed where Jupyter looks",
            format!(
                "{} kernel install (in a virtual environment: --sys-prefix, or --prefix {ENVIRONMENT})",
                own_name()
            ),
        )
    })
}

/// The kernel with the other engine. Nobody needs it, but where it is installed it should work.
pub(super) fn evcxr() -> Finding {
    const NAME: &str = "evcxr kernel";
    installed(NAME, Engine::Evcxr).unwrap_or_else(|| {
        Finding::ok(
            NAME,
            "not installed; `make kernel-evcxr` builds and installs it",
        )
    })
}

/// How the kernel with this engine is; none when it is not installed.
fn installed(name: &'static str, engine: Engine) -> Option<Finding> {
    let wrong = |what: String, kernel: &str, folder: &Path| {
        Finding::missing(name, what, install_command(engine, kernel, folder))
    };
    match Kernelspec::find(Some(engine.kernel())) {
        Ok(kernel) => Some(match fault(&kernel) {
            None => Finding::ok(name, kernel.folder.display().to_string()),
            Some(what) => wrong(what, &kernel.name, &kernel.folder),
        }),
        Err(error) => match &error {
            KernelspecError::Broken {
                name: kernel, file, ..
            } => {
                let folder = file.parent().unwrap_or(file);
                Some(wrong(error.to_string(), kernel, folder))
            }
            KernelspecError::Unknown { .. } | KernelspecError::Unnamed { .. } => None,
        },
    }
}

/// The `jupyter` that would be started: the active virtual environment's, the current folder's, or the search path's.
fn program(name: &str) -> PathBuf {
    let environment = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    let folders = environment.into_iter().chain([PathBuf::from(ENVIRONMENT)]);
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
