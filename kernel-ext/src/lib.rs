//! A Jupyter kernel for Rust notebooks.
//!
//! [`engine`] evaluates cells, [`protocol`] speaks to JupyterLab, [`host`] is the small process that runs what cells
//! compile to, [`toolchain`] finds the compiler and the toolkit, and [`kernelspec`] installs the kernel. Nothing here
//! knows what the toolkit is used for.

pub mod engine;
pub mod host;
pub mod kernelspec;
pub mod protocol;
pub mod toolchain;
