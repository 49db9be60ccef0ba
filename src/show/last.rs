//! What the last expression of a cell shows, whatever its type: [`Show`] where it is implemented, else the message of an
//! error, else `Debug`, else a sentence that names the type.
//!
//! The choice is made by the compiler, by autoref specialisation: [`show_value!`](crate::show_value) calls a method on
//! `&&&&Last`, and the traits below are implemented at different depths of reference. The compiler takes the first that
//! fits, so a kernel needs no knowledge of the type, and a value without any of these traits is no error.

use std::any::type_name;
use std::error::Error;
use std::fmt::{self, Debug, Write};

use super::{Bundle, Role, Show, limits, send};

/// A value whose `Debug` text fits in this many characters is shown on one line.
const ONE_LINE: usize = 100;

/// Sends the value of an expression as the result of the cell; see [`mod@crate::show::last`].
///
/// Takes the expression by reference, so a variable named in it stays usable.
///
/// ```
/// struct Opaque;
/// carnet::show_value!(vec![1, 2, 3]);
/// carnet::show_value!(Opaque); // no Debug, no Show: a sentence
/// carnet::show_value!(()); // shows nothing
/// ```
#[macro_export]
macro_rules! show_value {
    ($value:expr) => {
        $crate::show::last::result($crate::value_bundle!($value))
    };
}

/// The [`Bundle`](crate::show::Bundle) that [`show_value!`](crate::show_value) would send.
#[macro_export]
macro_rules! value_bundle {
    ($value:expr) => {
        match &$value {
            value => {
                #[allow(unused_imports)]
                use $crate::show::last::{ByDebug as _, ByError as _, ByName as _, ByShow as _};
                (&&&&$crate::show::last::Last(value)).last_bundle()
            }
        }
    };
}

/// Sends `bundle` as the result of the cell. It is dropped here, so that the code for that is not compiled with each cell.
#[inline(never)]
pub fn result(bundle: Bundle) {
    send(Role::Result, &bundle);
}

/// The value of a last expression.
pub struct Last<'a, T: ?Sized>(pub &'a T);

/// First choice: the value shows itself.
pub trait ByShow {
    /// What to show.
    fn last_bundle(&self) -> Bundle;
}

impl<T: Show + ?Sized> ByShow for &&&Last<'_, T> {
    fn last_bundle(&self) -> Bundle {
        self.0.bundle()
    }
}

/// Second choice: an error's message and those of its causes.
pub trait ByError {
    /// What to show.
    fn last_bundle(&self) -> Bundle;
}

impl<T: Error + ?Sized> ByError for &&Last<'_, T> {
    fn last_bundle(&self) -> Bundle {
        error_bundle(self.0)
    }
}

/// An error as text.
pub(super) fn error_bundle<E: Error + ?Sized>(error: &E) -> Bundle {
    let mut text = format!("Error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  caused by: {error}"));
        cause = error.source();
    }
    Bundle::text(text)
}

/// Third choice: its `Debug` text.
pub trait ByDebug {
    /// What to show.
    fn last_bundle(&self) -> Bundle;
}

impl<T: Debug + ?Sized> ByDebug for &Last<'_, T> {
    fn last_bundle(&self) -> Bundle {
        let limits = limits();
        Bundle::text(debug_text(self.0, limits.characters, limits.lines))
    }
}

/// Last choice: the name of its type.
pub trait ByName {
    /// What to show.
    fn last_bundle(&self) -> Bundle;
}

impl<T: ?Sized> ByName for Last<'_, T> {
    fn last_bundle(&self) -> Bundle {
        nameless(type_name::<T>())
    }
}

fn nameless(type_: &str) -> Bundle {
    Bundle::text(format!(
        "A value of type {type_} (it has neither Show nor Debug)."
    ))
}

/// `Debug` text, on one line where that is short, else pretty; cut after `characters` or `lines`, and then it says so.
pub fn debug_text<T: Debug + ?Sized>(value: &T, characters: usize, lines: usize) -> String {
    let mut short = Limited::new(ONE_LINE.min(characters), 1);
    if write!(short, "{value:?}").is_ok() {
        return short.text;
    }
    let mut long = Limited::new(characters, lines);
    if write!(long, "{value:#?}").is_err() {
        if !long.full {
            // The value's own Debug failed; what it wrote until then is still worth reading.
            return format!("{}\n… (its Debug ended with an error)", long.text);
        }
        return format!(
            "{}\n… (cut at {characters} characters or {lines} lines)",
            long.text
        );
    }
    long.text
}

/// `Debug` text on one line, cut after `characters`.
pub(super) fn short_text<T: Debug + ?Sized>(value: &T, characters: usize) -> String {
    let mut short = Limited::new(characters, 1);
    if write!(short, "{value:?}").is_err() {
        short.text.push('…');
    }
    short.text
}

/// Text that refuses more than its limits, so that a million elements are never formatted to be thrown away.
struct Limited {
    text: String,
    characters: usize,
    lines: usize,
    full: bool,
}

impl Limited {
    fn new(characters: usize, lines: usize) -> Self {
        Self {
            text: String::new(),
            characters,
            lines,
            full: false,
        }
    }
}

impl Write for Limited {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for character in part.chars() {
            let last_line = character == '\n' && self.lines <= 1;
            if self.characters == 0 || last_line {
                self.full = true;
                return Err(fmt::Error);
            }
            self.characters -= 1;
            if character == '\n' {
                self.lines -= 1;
            }
            self.text.push(character);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    struct Shown;
    impl Show for Shown {
        fn bundle(&self) -> Bundle {
            Bundle::text("shown")
        }
    }

    #[derive(Debug)]
    #[allow(dead_code)]
    struct Debugged(u8);

    struct Opaque;

    #[test]
    fn show_goes_before_an_error_an_error_before_debug_and_debug_before_the_name() {
        let error = "x".parse::<u8>().unwrap_err();
        assert_eq!(
            value_bundle!(error).plain_text(),
            Some("Error: invalid digit found in string")
        );
        assert_eq!(value_bundle!(Shown).plain_text(), Some("shown"));
        assert_eq!(value_bundle!(&Shown).plain_text(), Some("shown"));
        assert_eq!(value_bundle!(Debugged(7)).plain_text(), Some("Debugged(7)"));
        assert_eq!(value_bundle!("text").plain_text(), Some("\"text\""));
        let named = value_bundle!(Opaque);
        assert!(named.plain_text().unwrap().contains("Opaque"));
        assert!(
            value_bundle!(|x: u8| x)
                .plain_text()
                .unwrap()
                .contains("closure")
        );
    }

    #[test]
    fn the_unit_value_shows_nothing() {
        let statement = || {};
        assert!(value_bundle!(statement()).is_empty());
    }

    #[test]
    fn the_value_is_only_borrowed() {
        let values = vec![1, 2, 3];
        assert_eq!(value_bundle!(values).plain_text(), Some("[1, 2, 3]"));
        assert_eq!(values.len(), 3);
    }

    #[test]
    fn a_long_value_is_cut_and_says_so() {
        let many: Vec<Debugged> = (0..100_000).map(|_| Debugged(7)).collect();
        let bundle = value_bundle!(many);
        let text = bundle.plain_text().unwrap();
        assert!(
            text.lines().count() <= limits().lines + 1,
            "{}",
            text.lines().count()
        );
        assert!(text.ends_with("lines)"), "{text}");
        let line = "x".repeat(1_000_000);
        assert!(value_bundle!(line).plain_text().unwrap().len() < limits().characters + 100);
    }
}
