//! The kernel as a frontend sees it: the real program, the real toolkit, real sockets. Every message is read, in order,
//! and one left over fails the test; see [`frontend`].
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod commands;
mod completion;
mod conversation;
mod directives;
mod errors;
mod extending;
mod failures;
mod frontend;
mod futures;
mod interrupting;
mod interrupts;
mod outputs;
mod requests;
mod variables;

/// The kernel's program. Read while the test runs: the compiler is started by a shell script (scripts/rustc-wrapper),
/// and shells drop variables with a `-` in their name.
pub(crate) fn program() -> std::ffi::OsString {
    std::env::var_os("CARGO_BIN_EXE_carnet-kernel")
        .expect("cargo names the program it built for the test")
}
