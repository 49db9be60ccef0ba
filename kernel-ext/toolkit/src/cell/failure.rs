//! A failed `?` in a cell: the error's type, its message, its causes, and the place of the `?`.

use std::error::Error;
use std::panic::Location;

/// What a failed `?` becomes. Any error converts into it, `Send` or not, and so do `Box<dyn Error>` and strings.
#[derive(Debug)]
pub struct Failure {
    pub(crate) kind: &'static str,
    pub(crate) error: Box<dyn Error>,
    pub(crate) place: &'static Location<'static>,
}

impl<E: Into<Box<dyn Error>>> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        Self {
            kind: std::any::type_name::<E>(),
            error: error.into(),
            place: Location::caller(),
        }
    }
}

impl Failure {
    /// The messages of the error's causes, nearest first; one that only repeats the message before it is left out.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut last = self.error.to_string();
        let mut source = self.error.source();
        while let Some(cause) = source {
            let message = cause.to_string();
            if message != last {
                causes.push(message.clone());
            }
            last = message;
            source = cause.source();
        }
        causes
    }
}
