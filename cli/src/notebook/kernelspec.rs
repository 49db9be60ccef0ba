//! Which kernels are installed and how each is started: the `kernels/NAME/kernel.json` of Jupyter's data folders, searched
//! in Jupyter's order.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jupyter_protocol::JupyterKernelspec;
use thiserror::Error;

use crate::programs::own_name;

/// The virtual environment of a project, below its folder.
pub(crate) const ENVIRONMENT: &str = ".venv";

/// Why no kernel could be chosen.
#[derive(Debug, Error)]
pub(crate) enum KernelspecError {
    /// No kernel has this name.
    #[error("there is no kernel named `{name}`\n{choice}")]
    Unknown { name: String, choice: Choice },
    /// The notebook names no kernel and neither does the command.
    #[error("the notebook names no kernel: add `--kernel NAME`\n{choice}")]
    Unnamed { choice: Choice },
    /// The kernel's description cannot be used.
    #[error("the kernel `{name}` cannot be started from {}: {what}", file.display())]
    Broken {
        name: String,
        file: PathBuf,
        what: String,
    },
}

/// What there is to choose from, for an error message.
#[derive(Debug)]
pub(crate) struct Choice {
    installed: BTreeMap<String, PathBuf>,
    searched: Vec<PathBuf>,
}

impl std::fmt::Display for Choice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        if self.installed.is_empty() {
            text.push_str("no kernel is installed");
        } else {
            text.push_str("installed kernels:");
            for (name, folder) in &self.installed {
                write!(text, "\n  {name}  ({})", folder.display())?;
            }
        }
        text.push_str("\nfolders searched:");
        for folder in &self.searched {
            write!(text, "\n  {}", folder.join("kernels").display())?;
        }
        write!(
            text,
            "\ninstall Carnet's kernel with `{} kernel install`, or name another folder in JUPYTER_PATH",
            own_name()
        )?;
        formatter.write_str(&text)
    }
}

/// A kernel that can be started.
#[derive(Debug, Clone)]
pub(crate) struct Kernelspec {
    /// The name that notebooks use.
    pub(crate) name: String,
    /// The folder that holds `kernel.json`.
    pub(crate) folder: PathBuf,
    /// What is in `kernel.json`.
    pub(crate) spec: JupyterKernelspec,
}

impl Kernelspec {
    /// Finds a kernel by name in the folders where Jupyter looks.
    pub(crate) fn find(name: Option<&str>) -> Result<Self, KernelspecError> {
        Self::find_in(name, searched())
    }

    /// Finds a kernel by name in one of Jupyter's data folders.
    pub(crate) fn find_below(name: &str, data_folder: PathBuf) -> Result<Self, KernelspecError> {
        Self::find_in(Some(name), vec![data_folder])
    }

    /// All kernels where Jupyter looks, broken ones with what is wrong.
    pub(crate) fn all() -> Vec<Result<Self, KernelspecError>> {
        let searched = searched();
        let names = installed(&searched).into_keys();
        names
            .map(|name| Self::find_in(Some(&name), searched.clone()))
            .collect()
    }

    fn find_in(name: Option<&str>, searched: Vec<PathBuf>) -> Result<Self, KernelspecError> {
        let installed = installed(&searched);
        let Some(name) = name else {
            return Err(KernelspecError::Unnamed {
                choice: Choice {
                    installed,
                    searched,
                },
            });
        };
        // Jupyter takes a kernel's name in any case.
        let found = installed
            .iter()
            .find(|(installed, _)| installed.eq_ignore_ascii_case(name));
        let Some((name, folder)) = found.map(|(name, folder)| (name.clone(), folder.clone()))
        else {
            let name = name.to_owned();
            return Err(KernelspecError::Unknown {
                name,
                choice: Choice {
                    installed,
                    searched,
                },
            });
        };
        let file = folder.join("kernel.json");
        let broken = |what: String| KernelspecError::Broken {
            name: name.clone(),
            file: file.clone(),
            what,
        };
        let text = std::fs::read_to_string(&file).map_err(|error| broken(error.to_string()))?;
        let spec: JupyterKernelspec =
            serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
        if spec.argv.is_empty() {
            return Err(broken("`argv` is empty".into()));
        }
        Ok(Self { name, folder, spec })
    }

    /// The command line: program and arguments, with the connection file and the kernel's own folder filled in.
    pub(crate) fn command_line(&self, connection_file: &Path) -> Vec<String> {
        let prefix = self.folder.ancestors().nth(4).unwrap_or(&self.folder);
        let fill = |argument: &String| {
            argument
                .replace("{connection_file}", &connection_file.to_string_lossy())
                .replace("{resource_dir}", &self.folder.to_string_lossy())
                .replace("{prefix}", &prefix.to_string_lossy())
        };
        let mut line: Vec<_> = self.spec.argv.iter().map(fill).collect();
        // A bare `python` means the Python of the environment in which the kernel is installed.
        if let Some(program) = line
            .first_mut()
            .filter(|program| *program == "python" || program.starts_with("python3"))
        {
            let own = prefix.join("bin").join("python");
            if own.exists() {
                *program = own.to_string_lossy().into_owned();
            }
        }
        line
    }

    /// The variables that the kernel asks for, `${NAME}` filled in from this environment.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let variables = self.spec.env.iter().flatten();
        variables
            .map(|(name, value)| {
                (
                    name.clone(),
                    fill_variables(value, |name| std::env::var(name).ok()),
                )
            })
            .collect()
    }

    /// Whether the kernel is interrupted by a message rather than a signal.
    pub(crate) fn interrupts_by_message(&self) -> bool {
        self.spec.interrupt_mode.as_deref() == Some("message")
    }
}

/// Replaces `${NAME}` by the variable's value; what is unset stays as it is written.
fn fill_variables(template: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) => {
                match variable(name) {
                    Some(value) => filled.push_str(&value),
                    None => filled.extend(["${", name, "}"]),
                }
                rest = tail;
            }
            None => {
                filled.push_str("${");
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// The data folders of this environment and the current folder.
fn searched() -> Vec<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    data_folders(|variable| std::env::var_os(variable), &here)
}

/// Jupyter's data folders, the first to be searched first.
fn data_folders(variable: impl Fn(&str) -> Option<OsString>, here: &Path) -> Vec<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let mut folders: Vec<PathBuf> = Vec::new();
    if let Some(paths) = set("JUPYTER_PATH") {
        folders.extend(std::env::split_paths(&paths));
    }
    if let Some(folder) = set("JUPYTER_DATA_DIR") {
        folders.push(folder.into());
    }
    for prefix in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        if let Some(prefix) = set(prefix) {
            folders.push(PathBuf::from(prefix).join("share/jupyter"));
        }
    }
    // The JupyterLab of a project is started from there without activating anything, and finds the kernels beside it.
    let environment = here.join(ENVIRONMENT);
    if environment.is_dir() {
        folders.push(environment.join("share/jupyter"));
    }
    if let Some(data) = set("XDG_DATA_HOME") {
        folders.push(PathBuf::from(data).join("jupyter"));
    }
    if let Some(home) = set("HOME") {
        folders.push(PathBuf::from(&home).join(".local/share/jupyter"));
        if cfg!(target_os = "macos") {
            folders.push(PathBuf::from(&home).join("Library/Jupyter"));
        }
    }
    folders.extend(["/usr/local/share/jupyter", "/usr/share/jupyter"].map(PathBuf::from));
    let mut seen = std::collections::HashSet::new();
    folders.retain(|folder| seen.insert(folder.clone()));
    folders
}

/// The kernels in these folders by name; the first folder that has a name wins.
fn installed(folders: &[PathBuf]) -> BTreeMap<String, PathBuf> {
    let mut kernels = BTreeMap::new();
    let entries = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder.join("kernels")).ok())
        .flatten()
        .flatten();
    for entry in entries.filter(|entry| entry.path().join("kernel.json").is_file()) {
        kernels
            .entry(entry.file_name().to_string_lossy().into_owned())
            .or_insert_with(|| entry.path());
    }
    kernels
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn with_kernel(name: &str, json: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let kernel = folder.path().join("share/jupyter/kernels").join(name);
        std::fs::create_dir_all(&kernel).unwrap();
        std::fs::write(kernel.join("kernel.json"), json).unwrap();
        folder
    }

    #[test]
    fn an_unknown_name_lists_the_kernels_and_the_folders() {
        let folder = with_kernel(
            "rusty",
            r#"{"argv": ["x"], "display_name": "R", "language": "rust"}"#,
        );
        let data = folder.path().join("share/jupyter");
        let error = Kernelspec::find_in(Some("absent"), vec![data.clone()])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`absent`") && error.contains("rusty"),
            "{error}"
        );
        assert!(
            error.contains(&data.join("kernels").display().to_string()),
            "{error}"
        );
        assert!(
            Kernelspec::find_in(None, vec![data.clone()])
                .unwrap_err()
                .to_string()
                .contains("--kernel")
        );
        assert_eq!(
            Kernelspec::find_in(Some("RUSTY"), vec![data]).unwrap().name,
            "rusty"
        );
    }

    #[test]
    fn a_broken_description_names_its_file() {
        let folder = with_kernel(
            "bad",
            r#"{"argv": [], "display_name": "B", "language": "b"}"#,
        );
        let error = Kernelspec::find_in(Some("bad"), vec![folder.path().join("share/jupyter")])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("kernel.json") && error.contains("`argv` is empty"),
            "{error}"
        );
    }

    #[test]
    fn folders_come_in_jupyters_order() {
        let variable = |name: &str| match name {
            "JUPYTER_PATH" => Some("/one:/two".into()),
            "JUPYTER_DATA_DIR" => Some("/three".into()),
            "VIRTUAL_ENV" => Some("/venv".into()),
            "HOME" => Some("/h".into()),
            _ => None,
        };
        let mut expected = [
            "/one",
            "/two",
            "/three",
            "/venv/share/jupyter",
            "/h/.local/share/jupyter",
            "/usr/local/share/jupyter",
            "/usr/share/jupyter",
        ]
        .map(PathBuf::from)
        .to_vec();
        let here = tempfile::tempdir().unwrap();
        if !cfg!(target_os = "macos") {
            assert_eq!(data_folders(variable, here.path()), expected);
            let environment = here.path().join(ENVIRONMENT);
            std::fs::create_dir(&environment).unwrap();
            expected.insert(4, environment.join("share/jupyter"));
            assert_eq!(data_folders(variable, here.path()), expected);
        }
    }

    #[test]
    fn the_command_line_and_the_environment_are_filled_in() {
        let json = r#"{"argv": ["python", "-f", "{connection_file}", "{resource_dir}/x"], "display_name": "P", "language": "p"}"#;
        let folder = with_kernel("p", json);
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        std::fs::write(folder.path().join("bin/python"), "").unwrap();
        let kernel =
            Kernelspec::find_in(Some("p"), vec![folder.path().join("share/jupyter")]).unwrap();
        let line = kernel.command_line(Path::new("/c.json"));
        assert_eq!(line[0], folder.path().join("bin/python").to_string_lossy());
        assert_eq!(line[2], "/c.json");
        assert_eq!(line[3], kernel.folder.join("x").to_string_lossy());
        let value = |name: &str| (name == "A").then(|| "1".to_owned());
        assert_eq!(fill_variables("x${A}:${B}:${", value), "x1:${B}:${");
    }
}
