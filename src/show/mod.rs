//! What a notebook displays: tables and charts, and the one way from a value to the reader's screen.
//!
//! A value that implements [`Show`] gives itself in several forms at once, a [`Bundle`]: HTML or an interactive chart, a
//! static picture, and plain text for wherever nothing else is understood. [`display`] sends a bundle to whoever runs the
//! code: the Carnet kernel, stock evcxr, or a terminal. [`show_value!`](crate::show_value) does the same for the last
//! expression of a cell, whatever its type. Nothing in the library depends on this module; it may read any value.

mod bundle;
pub mod chart;
mod comparison;
mod description;
mod displayed;
pub mod frame;
pub mod last;
mod limits;
mod loaded;
mod long_work;
mod model;
mod parts;
mod plot;
mod progress;
mod send;
mod table;

pub use bundle::{Bundle, mime};
pub use chart::{Chart, ChartError};
pub use displayed::{Displayed, clear_output, display};
pub use limits::{Limits, limits, set_limits};
pub use long_work::watch_long_work;
pub use progress::{Bar, Progressing, progress, progress_of};
pub use send::{Role, send};
pub use table::{Table, table};

/// The macro under the name of its module: `carnet::show::show_value!(value)`.
pub use crate::show_value;

/// Takes and gives back every lock of this module, for a kernel that stops a cell at any moment: it returns only if no
/// thread that stands still holds one.
pub fn probe() {
    frame::probe();
    limits::probe();
    long_work::probe();
}

/// A value that a notebook can show.
///
/// ```
/// use carnet::show::{Bundle, Show, mime};
///
/// struct Delay {
///     minutes: f64,
/// }
///
/// impl Show for Delay {
///     fn bundle(&self) -> Bundle {
///         let text = format!("{} min", self.minutes);
///         Bundle::text(text.clone()).with(mime::HTML, format!("<b>{text}</b>"))
///     }
/// }
/// assert_eq!(vec![Delay { minutes: 3.0 }].bundle().plain_text(), Some("[0]:\n3 min"));
/// ```
pub trait Show {
    /// The value in every form it has; always with [`mime::TEXT`], unless there is nothing to show.
    fn bundle(&self) -> Bundle;
}

impl<T: Show + ?Sized> Show for &T {
    fn bundle(&self) -> Bundle {
        T::bundle(self)
    }
}

impl<T: Show + ?Sized> Show for Box<T> {
    fn bundle(&self) -> Bundle {
        T::bundle(self)
    }
}

/// A cell that ends in a statement shows nothing.
impl Show for () {
    fn bundle(&self) -> Bundle {
        Bundle::new()
    }
}

/// A bundle made by hand shows as it is.
impl Show for Bundle {
    fn bundle(&self) -> Bundle {
        self.clone()
    }
}

/// An error reads as its message, with the causes below; so does one in a box.
impl Show for dyn std::error::Error {
    fn bundle(&self) -> Bundle {
        last::error_bundle(self)
    }
}

/// As an error that need not be sent.
impl Show for dyn std::error::Error + Send + Sync {
    fn bundle(&self) -> Bundle {
        last::error_bundle(self)
    }
}

/// An error in place of a value reads as its message, with the causes below.
impl<T: Show, E: std::error::Error> Show for Result<T, E> {
    fn bundle(&self) -> Bundle {
        match self {
            Ok(value) => value.bundle(),
            Err(error) => last::error_bundle(error),
        }
    }
}
