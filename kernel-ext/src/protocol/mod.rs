//! The Jupyter messaging protocol over ZeroMQ: five sockets, and a loop that serves an engine's cells one by one while
//! the control socket stays open for interrupts and shutdown.

mod comms;
mod control;
mod execute;
mod history;
mod info;
mod iopub;
mod places;
mod server;
mod shell;
mod stdin;

pub use server::{ServerError, serve};
