//! `carnet kernel`: makes the kernel known to JupyterLab, lists the kernels there are, and takes one away.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};

use crate::notebook::kernelspec::Kernelspec;

/// What to do with kernels.
#[derive(Debug, Subcommand)]
pub(crate) enum KernelCommand {
    /// Install the kernel for this user, a folder or the active virtual environment
    #[command(after_help = INSTALL_HELP)]
    Install(InstallArguments),
    /// Take an installed kernel away
    Uninstall {
        /// The name that notebooks refer to
        #[arg(default_value = "carnet")]
        name: String,
    },
    /// List the installed kernels, and whether what they need is there; exits with 1 when something is not
    List,
}

const INSTALL_HELP: &str = "\
Examples:
  carnet kernel install                          # for this user
  carnet kernel install --sys-prefix             # in the active virtual environment
  carnet kernel install --prefix .venv --name carnet-dev --display-name \"Rust (mine)\"
  carnet kernel install --engine evcxr           # the other engine; `make kernel-evcxr` builds it";

/// What evaluates cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// Each cell by the compiler alone
    Direct,
    /// By the evcxr crate
    Evcxr,
}

impl Engine {
    /// The name of the kernel's program, and of the kernel.
    fn program(self) -> (&'static str, &'static str) {
        match self {
            Self::Direct => ("carnet-kernel", "carnet"),
            Self::Evcxr => ("carnet-kernel-evcxr", "carnet-evcxr"),
        }
    }
}

/// The arguments of `carnet kernel install`.
#[derive(Debug, Args)]
pub(crate) struct InstallArguments {
    /// Install for this user only (the default)
    #[arg(long, conflicts_with_all = ["prefix", "sys_prefix"])]
    user: bool,
    /// Install below this folder
    #[arg(long, value_name = "DIR", conflicts_with = "sys_prefix")]
    prefix: Option<PathBuf>,
    /// Install in the active virtual environment
    #[arg(long)]
    sys_prefix: bool,
    /// The name that notebooks refer to [default: carnet, or carnet-evcxr]
    #[arg(long)]
    name: Option<String>,
    /// What JupyterLab calls it
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// What evaluates cells
    #[arg(long, value_enum, default_value = "direct")]
    engine: Engine,
}

impl KernelCommand {
    /// Does it.
    pub(crate) fn execute(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Install(arguments) => install(&arguments),
            Self::Uninstall { name } => uninstall(&name),
            Self::List => Ok(list()),
        }
    }
}

/// The kernel's program lies beside this one.
fn program(engine: Engine) -> anyhow::Result<PathBuf> {
    let (name, _) = engine.program();
    let own = std::env::current_exe().and_then(|path| path.canonicalize());
    let program = own
        .context("the path of this program is not known")?
        .with_file_name(name);
    if !program.is_file() {
        let made_by = match engine {
            Engine::Direct => "cargo build --workspace --lib --bins",
            Engine::Evcxr => "make kernel-evcxr",
        };
        bail!(
            "the kernel's program {} is not there; `{made_by}` makes it",
            program.display()
        );
    }
    Ok(program)
}

fn install(arguments: &InstallArguments) -> anyhow::Result<ExitCode> {
    let prefix = match (&arguments.prefix, arguments.sys_prefix) {
        (_, true) => {
            let named = ["VIRTUAL_ENV", "CONDA_PREFIX"]
                .into_iter()
                .find_map(|name| std::env::var_os(name).filter(|value| !value.is_empty()));
            Some(PathBuf::from(named.context(
                "no virtual environment is active: activate one, or name a folder by --prefix",
            )?))
        }
        (prefix, false) => prefix.clone(),
    };
    let mut command = Command::new(program(arguments.engine)?);
    let (_, name) = arguments.engine.program();
    let name = arguments.name.as_deref().unwrap_or(name);
    command.args(["install", "--name", name]);
    if let Some(display_name) = &arguments.display_name {
        command.args(["--display-name", display_name]);
    }
    if let Some(prefix) = prefix {
        command.arg("--prefix").arg(prefix);
    }
    let status = command
        .status()
        .context("the kernel's program did not start")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn uninstall(name: &str) -> anyhow::Result<ExitCode> {
    let kernel = Kernelspec::find(Some(name))?;
    // Another program's kernel is that program's to take away.
    let ours = kernel.spec.argv.first().is_some_and(|program| {
        Path::new(program)
            .file_name()
            .is_some_and(|name| name == "carnet-kernel" || name == "carnet-kernel-evcxr")
    });
    if !ours {
        bail!(
            "the kernel `{}` in {} is not Carnet's; `jupyter kernelspec uninstall {}` takes it away",
            kernel.name,
            kernel.folder.display(),
            kernel.name
        );
    }
    std::fs::remove_dir_all(&kernel.folder)
        .with_context(|| format!("{} could not be removed", kernel.folder.display()))?;
    println!(
        "The kernel `{}` is gone from {}",
        kernel.name,
        kernel.folder.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn list() -> ExitCode {
    let kernels = Kernelspec::all();
    if kernels.is_empty() {
        println!("No kernel is installed; `carnet kernel install` installs Carnet's");
    }
    let mut code = ExitCode::SUCCESS;
    for kernel in kernels {
        match kernel {
            Ok(kernel) => {
                let state = match missing(&kernel) {
                    None => "ready".to_owned(),
                    Some(what) => {
                        code = ExitCode::FAILURE;
                        format!("broken: {what}")
                    }
                };
                println!(
                    "{:<16} {:<24} {}  ({state})",
                    kernel.name,
                    kernel.spec.display_name,
                    kernel.folder.display()
                );
            }
            Err(error) => {
                println!("{error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// What of the files that a kernel names is not there.
pub(crate) fn missing(kernel: &Kernelspec) -> Option<String> {
    let program = Path::new(kernel.spec.argv.first()?);
    if program.is_absolute() && !program.is_file() {
        return Some(format!("its program {} is not there", program.display()));
    }
    let environment = kernel.environment();
    let named = |name: &str| {
        let value = environment.iter().find(|(found, _)| found == name);
        value.map(|(_, value)| PathBuf::from(value))
    };
    if let Some(folder) = named("CARNET_TOOLKIT_DIR")
        && !folder.join("libcarnet_toolkit.so").is_file()
    {
        return Some(format!("the toolkit is not in {}", folder.display()));
    }
    match named("CARNET_RUSTC") {
        Some(rustc) if !rustc.is_file() => {
            Some(format!("its compiler {} is not there", rustc.display()))
        }
        _ => None,
    }
}
