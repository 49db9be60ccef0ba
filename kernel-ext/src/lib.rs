//! A Jupyter kernel for Rust notebooks.
//!
//! [`engine`] evaluates cells, [`protocol`] speaks to JupyterLab, [`host`] is the small process that runs what cells
//! compile to, [`toolchain`] finds the compiler and the toolkit, [`kernelspec`] installs the kernel, and [`program`] is what the programs of all engines share. Nothing here
//! knows what the toolkit is used for.

pub mod engine;
pub mod host;
pub mod kernelspec;
pub mod program;
pub mod protocol;
pub mod toolchain;
