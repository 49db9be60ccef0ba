//! The libraries that the process loads, and the functions in them that it calls: the toolkit's few, and each cell's one.

use std::ffi::CString;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context, Result};
use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW, Symbol};

use super::input;

/// The toolkit's functions for this process; see its `cell::stop`.
#[derive(Debug, Clone, Copy)]
pub struct Toolkit {
    stop: unsafe extern "C" fn(),
    forget_stop: unsafe extern "C" fn(),
    phase: unsafe extern "C" fn() -> u8,
    probe: unsafe extern "C" fn(),
    abandon: unsafe extern "C" fn(u8),
    ask: unsafe extern "C" fn(),
    flush: unsafe extern "C" fn(),
}

static TOOLKIT: OnceLock<Toolkit> = OnceLock::new();

/// Has reads of standard input ask by the toolkit, which owns the stream that questions go by.
pub(super) fn let_toolkit_ask(toolkit: Toolkit) {
    let _ = TOOLKIT.set(toolkit);
    input::ask_by(|| {
        if let Some(toolkit) = TOOLKIT.get() {
            // SAFETY: as in `Toolkit::open`.
            unsafe { (toolkit.ask)() }
        }
    });
}

impl Toolkit {
    /// Loads the toolkit and prepares it for cells.
    pub fn open(path: &Path) -> Result<Self> {
        // SAFETY: the toolkit is a Rust library of this workspace; its functions have these signatures.
        unsafe {
            let library = Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL)?;
            let open: Symbol<unsafe extern "C" fn()> = library.get(b"carnet_toolkit_open\0")?;
            let toolkit = Self {
                stop: *library.get(b"carnet_toolkit_stop\0")?,
                forget_stop: *library.get(b"carnet_toolkit_forget_stop\0")?,
                phase: *library.get(b"carnet_toolkit_phase\0")?,
                probe: *library.get(b"carnet_toolkit_probe\0")?,
                abandon: *library.get(b"carnet_toolkit_abandon\0")?,
                ask: *library.get(b"carnet_toolkit_ask\0")?,
                flush: *library.get(b"carnet_toolkit_flush\0")?,
            };
            open();
            // Cells and variables use its code: it is never unloaded.
            std::mem::forget(library);
            Ok(toolkit)
        }
    }

    /// Passes on what cells have printed and their copy of the standard library still holds.
    pub fn flush(self) {
        // SAFETY: as in `open`.
        unsafe { (self.flush)() }
    }

    /// Asks the running cell to stop.
    pub(super) fn stop(self) {
        // SAFETY: as in `open`.
        unsafe { (self.stop)() }
    }

    /// Takes back what [`Self::stop`] asked.
    pub(super) fn forget_stop(self) {
        // SAFETY: as in `open`.
        unsafe { (self.forget_stop)() }
    }

    /// Whether the user's statements run just now.
    pub(super) fn is_running(self) -> bool {
        // SAFETY: as in `open`.
        unsafe { (self.phase)() == 1 }
    }

    /// Returns when the locks that cells need are free.
    pub(super) fn probe(self) {
        // SAFETY: as in `open`.
        unsafe { (self.probe)() }
    }

    /// Reports the end of a cell whose thread will never run again.
    ///
    /// # Safety
    /// It does not.
    pub(super) unsafe fn abandon(self, shared: bool) {
        // SAFETY: as in `open`; the rest is the caller's.
        unsafe { (self.abandon)(shared.into()) }
    }
}

/// Loads a cell's library for the rest of the process's life and calls its function.
pub(super) fn call(library: &Path, symbol: &str) -> Result<()> {
    let name = CString::new(symbol)?;
    // SAFETY: the library is a cell, built by the kernel against the toolkit; its constructors are those of Rust
    // libraries, and the symbol is a function of this signature by construction.
    unsafe {
        let library = Library::open(Some(library), RTLD_NOW | RTLD_GLOBAL)?;
        let function: Symbol<unsafe extern "C" fn()> = library
            .get(name.as_bytes_with_nul())
            .with_context(|| format!("{symbol} is not in it"))?;
        function();
        // Later cells and stored variables use its code: it is never unloaded.
        std::mem::forget(library);
    }
    Ok(())
}
