//! The Jupyter messaging protocol over ZeroMQ: five sockets, and a loop that serves an engine's cells one by one while
//! the control socket stays open for interrupts and shutdown.

mod control;
mod execute;
mod info;
mod iopub;
mod server;
mod shell;

pub use server::{ServerError, serve};
