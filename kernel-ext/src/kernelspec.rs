//! Writes the kernelspec by which JupyterLab finds the kernel.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jupyter_protocol::JupyterKernelspec;

use crate::toolchain::{RUSTC, TOOLKIT_DIR, ToolchainError, find_rustc, find_toolkit};

/// The kernel's sign, as JupyterLab's launcher shows it.
const LOGOS: [(&str, &[u8]); 3] = [
    ("logo-svg.svg", include_bytes!("../logo/logo-svg.svg")),
    ("logo-32x32.png", include_bytes!("../logo/logo-32x32.png")),
    ("logo-64x64.png", include_bytes!("../logo/logo-64x64.png")),
];

/// Where kernelspecs lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Below a prefix, such as a virtual environment.
    Prefix(PathBuf),
    /// In the user's own folder.
    User,
}

/// Why the kernel was not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The name is not one that Jupyter accepts.
    #[error("`{0}` is not a kernel's name: letters, digits, `.`, `-` and `_` only")]
    BadName(String),
    /// The user's folder is unknown.
    #[error("the user's data folder is not known: {0}; give a folder by --prefix")]
    NoUserFolder(String),
    /// Something that cells need is missing.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// A file could not be written.
    #[error("{path} could not be written: {source}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What JupyterLab calls the kernel.
pub const DISPLAY_NAME: &str = "Rust (Carnet)";

/// Installs the kernel `program` under `name`, as `display_name`, and returns the folder of its kernelspec. The toolkit and
/// the compiler are those found now, so that the kernel works from any folder.
pub fn install(
    program: &Path,
    destination: &Destination,
    name: &str,
    display_name: &str,
) -> Result<PathBuf, InstallError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if name.is_empty() || !name.chars().all(allowed) || name.starts_with('.') {
        return Err(InstallError::BadName(name.to_owned()));
    }
    let base = match destination {
        Destination::Prefix(prefix) => prefix.join("share").join("jupyter"),
        Destination::User => user_folder()?,
    };
    let folder = base.join("kernels").join(name);
    let spec = kernelspec(program, display_name, &find_toolkit()?, &find_rustc()?);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| InstallError::Write { path, source }
    };
    std::fs::create_dir_all(&folder).map_err(failed(&folder))?;
    for (name, content) in LOGOS {
        let file = folder.join(name);
        std::fs::write(&file, content).map_err(failed(&file))?;
    }
    let file = folder.join("kernel.json");
    let text = serde_json::to_string_pretty(&spec).map_err(|error| failed(&file)(error.into()))?;
    // Written beside and renamed: a frontend that lists kernels meanwhile sees the old one or the new one.
    let temporary = folder.join("kernel.json.new");
    std::fs::write(&temporary, text + "\n").map_err(failed(&temporary))?;
    std::fs::rename(&temporary, &file).map_err(failed(&file))?;
    Ok(folder)
}

fn kernelspec(
    program: &Path,
    display_name: &str,
    toolkit: &Path,
    rustc: &Path,
) -> JupyterKernelspec {
    let text = |path: &Path| path.display().to_string();
    JupyterKernelspec {
        argv: vec![
            text(program),
            "--connection-file".to_owned(),
            "{connection_file}".to_owned(),
        ],
        display_name: display_name.to_owned(),
        language: "rust".to_owned(),
        metadata: Some(HashMap::new()),
        interrupt_mode: Some("message".to_owned()),
        env: Some(HashMap::from([
            (TOOLKIT_DIR.to_owned(), text(toolkit)),
            (RUSTC.to_owned(), text(rustc)),
        ])),
    }
}

/// Jupyter's own rule: `JUPYTER_DATA_DIR`, else the data folder of the desktop standard.
fn user_folder() -> Result<PathBuf, InstallError> {
    if let Some(folder) = std::env::var_os("JUPYTER_DATA_DIR").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder));
    }
    jupyter_zmq_client::dirs::user_data_dir()
        .map_err(|error| InstallError::NoUserFolder(error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_kernelspec_names_the_kernel_the_toolkit_and_the_compiler() {
        let spec = kernelspec(
            Path::new("/bin/carnet-kernel"),
            DISPLAY_NAME,
            Path::new("/deps"),
            Path::new("/rustc"),
        );
        assert_eq!(
            spec.argv,
            [
                "/bin/carnet-kernel",
                "--connection-file",
                "{connection_file}"
            ]
        );
        assert_eq!(spec.interrupt_mode.as_deref(), Some("message"));
        let env = spec.env.unwrap();
        assert_eq!(
            (env[TOOLKIT_DIR].as_str(), env[RUSTC].as_str()),
            ("/deps", "/rustc")
        );
    }

    #[test]
    fn names_that_would_leave_the_folder_are_refused() {
        for name in ["", "../x", "a/b", ".hidden"] {
            let error = install(
                Path::new("/k"),
                &Destination::Prefix(PathBuf::from("/nowhere")),
                name,
                DISPLAY_NAME,
            );
            assert!(matches!(error, Err(InstallError::BadName(_))), "{name}");
        }
    }
}
