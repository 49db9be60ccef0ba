//! A description as a notebook shows it: Rust to copy, in lines of equal letters.

use crate::frame::Description;

use super::table::escape;
use super::{Bundle, Role, Show, mime, send};

impl Show for Description {
    fn bundle(&self) -> Bundle {
        let text = self.to_string();
        let html = format!("<pre>{}</pre>", escape(&text));
        Bundle::text(text).with(mime::HTML, html)
    }
}

impl Description {
    /// Shows the description under stock evcxr.
    pub fn evcxr_display(&self) {
        send(Role::Result, &self.bundle());
    }
}
