//! What cells that evcxr compiles find in scope: a last expression is shown by [`Show`], as under the kernel's own engine.

use carnet::show::{Role, Show, send};

/// evcxr asks the value of a last expression for this method, and falls back on `Debug`.
pub trait EvcxrDisplay {
    /// Shows the value.
    fn evcxr_display(&self);
}

impl<T: Show + ?Sized> EvcxrDisplay for T {
    fn evcxr_display(&self) {
        send(Role::Result, &self.bundle());
    }
}
