//! `carnet kernel`: makes the kernel known to JupyterLab, lists the kernels there are, and takes one away.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, anyhow, bail};
use carnet_kernel::toolchain::TOOLKIT_FILE;
use clap::{Args, Subcommand, ValueEnum};

use crate::notebook::kernelspec::Kernelspec;
use crate::programs::{own_name, printed, quoted};
use crate::toolkit;

/// What to do with kernels.
#[derive(Debug, Subcommand)]
pub(crate) enum KernelCommand {
    /// Install the kernel for this user, a folder or the active virtual environment
    #[command(after_help = INSTALL_HELP)]
    Install(InstallArguments),
    /// Take an installed kernel away
    #[command(after_help = UNINSTALL_HELP)]
    Uninstall(UninstallArguments),
    /// List the installed kernels, and whether what they need is there; exits with 1 when something is not
    #[command(after_help = LIST_HELP)]
    List,
}

const INSTALL_HELP: &str = "\
The kernel is installed for this user unless another place is named. Run this in the project's folder, or name the
compiler that built the toolkit in CARNET_RUSTC: no other one can compile cells.

Examples:
  carnet kernel install                          # for this user
  carnet kernel install --sys-prefix             # in the active virtual environment
  carnet kernel install --prefix .venv --name carnet-dev --display-name \"Rust (mine)\"
  carnet kernel install --engine evcxr           # the other engine; `make kernel-evcxr` builds it";

const UNINSTALL_HELP: &str = "\
Unless a place is named, it is the kernel that `carnet kernel list` shows: the first of that name in JUPYTER_PATH,
JUPYTER_DATA_DIR, the active virtual environment, .venv in the current folder, the user's own folder and the system's.

Examples:
  carnet kernel uninstall                        # the kernel `carnet`
  carnet kernel uninstall carnet-evcxr --user    # this user's, also while a virtual environment has one
  carnet kernel uninstall --prefix .venv";

const LIST_HELP: &str = "\
Of several kernels of one name the first is listed, which is the one that runs; the folders are searched in the order
that `carnet notebook run --help` gives.

Examples:
  carnet kernel list
  JUPYTER_PATH=/opt/share/jupyter carnet kernel list    # in one more folder, before the others";

/// What evaluates cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// Each cell by the compiler alone
    Direct,
    /// By the evcxr crate
    Evcxr,
}

impl Engine {
    /// The name of the kernel's program.
    fn program(self) -> &'static str {
        match self {
            Self::Direct => "carnet-kernel",
            Self::Evcxr => "carnet-kernel-evcxr",
        }
    }

    /// The name of the kernel, unless another is given.
    pub(crate) fn kernel(self) -> &'static str {
        match self {
            Self::Direct => "carnet",
            Self::Evcxr => "carnet-evcxr",
        }
    }
}

/// Where a kernel is installed, or taken away.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// This user's own folder
    #[arg(long, conflicts_with_all = ["prefix", "sys_prefix"])]
    user: bool,
    /// Below this folder
    #[arg(long, value_name = "DIR", conflicts_with = "sys_prefix")]
    prefix: Option<PathBuf>,
    /// The active virtual environment
    #[arg(long)]
    sys_prefix: bool,
}

impl Place {
    /// The folder that was named, or that of the environment; none for the user's own, and when nothing was named.
    fn prefix(&self) -> anyhow::Result<Option<PathBuf>> {
        if !self.sys_prefix {
            return Ok(self.prefix.clone());
        }
        let named = ["VIRTUAL_ENV", "CONDA_PREFIX"]
            .into_iter()
            .find_map(|name| std::env::var_os(name).filter(|value| !value.is_empty()));
        let named = named.context(
            "no virtual environment is active: activate one, or name a folder by --prefix",
        )?;
        Ok(Some(PathBuf::from(named)))
    }

    /// Jupyter's data folder there; none when nothing was named.
    fn data_folder(&self) -> anyhow::Result<Option<PathBuf>> {
        match self.prefix()? {
            Some(prefix) => Ok(Some(prefix.join("share/jupyter"))),
            None if self.user => user_folder().map(Some),
            None => Ok(None),
        }
    }
}

/// The user's data folder, by the rule that the kernel's program installs by.
fn user_folder() -> anyhow::Result<PathBuf> {
    if let Some(folder) = std::env::var_os("JUPYTER_DATA_DIR").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder));
    }
    jupyter_zmq_client::dirs::user_data_dir().map_err(|error| {
        anyhow!("the user's data folder is not known: {error}; give a folder by --prefix")
    })
}

/// The arguments of `carnet kernel install`.
#[derive(Debug, Args)]
pub(crate) struct InstallArguments {
    #[command(flatten)]
    place: Place,
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

/// The arguments of `carnet kernel uninstall`.
#[derive(Debug, Args)]
pub(crate) struct UninstallArguments {
    /// The name that notebooks refer to
    #[arg(default_value = "carnet")]
    name: String,
    #[command(flatten)]
    place: Place,
}

impl KernelCommand {
    /// Does it.
    pub(crate) fn execute(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Install(arguments) => install(&arguments),
            Self::Uninstall(arguments) => uninstall(&arguments),
            Self::List => Ok(list()),
        }
    }
}

/// The kernel's program lies beside this one.
fn program(engine: Engine) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().and_then(|path| path.canonicalize());
    let program = own
        .context("the path of this program is not known")?
        .with_file_name(engine.program());
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
    let prefix = arguments.place.prefix()?;
    let mut command = Command::new(program(arguments.engine)?);
    let name = arguments.name.as_deref();
    let name = name.unwrap_or(arguments.engine.kernel());
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

fn uninstall(arguments: &UninstallArguments) -> anyhow::Result<ExitCode> {
    let kernel = match arguments.place.data_folder()? {
        Some(folder) => Kernelspec::find_below(&arguments.name, folder)?,
        None => Kernelspec::find(Some(&arguments.name))?,
    };
    // Another program's kernel is that program's to take away.
    let ours = kernel.spec.argv.first().is_some_and(|program| {
        Path::new(program)
            .file_name()
            .is_some_and(|name| name == Engine::Direct.program() || name == Engine::Evcxr.program())
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
        println!(
            "No kernel is installed; `{} kernel install` installs Carnet's",
            own_name()
        );
    }
    let mut code = ExitCode::SUCCESS;
    for kernel in kernels {
        match kernel {
            Ok(kernel) => {
                let state = match fault(&kernel) {
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

/// The command that installs a kernel of this name again in the folder where it lies.
pub(crate) fn install_command(engine: Engine, name: &str, folder: &Path) -> String {
    let mut command = format!("{} kernel install", own_name());
    if engine == Engine::Evcxr {
        command.push_str(" --engine evcxr");
    }
    if name != engine.kernel() {
        command.push_str(&format!(" --name {name}"));
    }
    // A folder of another shape is the user's own, or was put together by hand.
    let kernels = folder.parent();
    if kernels.is_some_and(|kernels| kernels.ends_with("share/jupyter/kernels"))
        && let Some(prefix) = folder.ancestors().nth(4)
    {
        command.push_str(&format!(" --prefix {}", quoted(prefix)));
    }
    command
}

/// Why a kernel cannot run cells: a file that it names is not there, or its compiler is not the toolkit's.
pub(crate) fn fault(kernel: &Kernelspec) -> Option<String> {
    let program = Path::new(kernel.spec.argv.first()?);
    if program.is_absolute() && !program.is_file() {
        return Some(format!("its program {} is not there", program.display()));
    }
    let environment = kernel.environment();
    let named = |name: &str| {
        let value = environment.iter().find(|(found, _)| found == name);
        value.map(|(_, value)| PathBuf::from(value))
    };
    let folder = named("CARNET_TOOLKIT_DIR");
    if let Some(folder) = &folder
        && !folder.join(TOOLKIT_FILE).is_file()
    {
        return Some(format!("the toolkit is not in {}", folder.display()));
    }
    let rustc = named("CARNET_RUSTC")?;
    if !rustc.is_file() {
        return Some(format!("its compiler {} is not there", rustc.display()));
    }
    // Which compiler built another toolkit is not known here.
    if folder.is_none_or(|folder| !toolkit::is_own(&folder)) {
        return None;
    }
    let Some(version) = printed(&rustc, &["--version"]) else {
        return Some(format!("its compiler {} does not start", rustc.display()));
    };
    toolkit::refusal(&rustc, &version).map(|what| {
        format!("{what}: install the kernel again in the project's folder, or with that compiler in CARNET_RUSTC")
    })
}
