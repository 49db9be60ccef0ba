//! The kernel as a frontend sees it: the real program, the real toolkit, real sockets. Every message is read, in order,
//! and one left over fails the test; see [`frontend`].
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod commands;
mod errors;
mod frontend;
mod interrupts;
mod outputs;
mod requests;
mod variables;
