//! Something shown that can be replaced, and the clearing of what was shown.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::send::{Message, Role, deliver};
use super::{Bundle, Show};

/// Something shown on the way, by [`display`]. It stays where it is; [`Displayed::update`] gives it new content.
#[derive(Debug, Clone)]
pub struct Displayed {
    id: String,
}

/// Shows `value` now, before what comes after it, and returns a handle to replace it. An empty bundle shows nothing.
///
/// ```
/// let shown = carnet::show::display(&carnet::show::Bundle::text("half way"));
/// shown.update(&carnet::show::Bundle::text("done"));
/// ```
pub fn display<T: Show + ?Sized>(value: &T) -> Displayed {
    let displayed = Displayed { id: new_id() };
    displayed.show(&value.bundle());
    displayed
}

impl Displayed {
    fn show(&self, bundle: &Bundle) {
        deliver(&Message::Show {
            role: Role::Display,
            bundle,
            id: Some(&self.id),
        });
    }

    /// Puts `value` in the place of what is shown, in this cell or a later one. Stock evcxr and a terminal cannot replace
    /// anything: there it is shown once more.
    pub fn update<T: Show + ?Sized>(&self, value: &T) {
        self.replace(&value.bundle());
    }

    pub(super) fn replace(&self, bundle: &Bundle) {
        deliver(&Message::Update {
            bundle,
            id: &self.id,
        });
    }
}

/// Removes what the cell has shown so far: at once, or, with `wait`, when the next output comes, which does not flicker.
/// Does nothing under stock evcxr and in a terminal.
pub fn clear_output(wait: bool) {
    deliver(&Message::Clear { wait });
}

/// An id that no other display has, of this process or of one before it whose outputs a notebook still holds.
fn new_id() -> String {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!(
        "carnet-{:016x}-{}",
        *PROCESS,
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}
