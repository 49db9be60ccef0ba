//! The request to stop what a notebook's cell does. What Carnet itself waits for or loops over ends at such a request by
//! unwinding, so that the cell's variables stay whole; the kernel has other means for code that never asks.

use std::cell::Cell;
use std::panic::resume_unwind;
use std::sync::LazyLock;
use tokio::sync::watch;

static REQUESTED: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

thread_local! {
    static LISTENS: Cell<bool> = const { Cell::new(false) };
}

/// What a thread unwinds with when it was asked to stop. No panic hook is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// Asks every thread that [`listen`]s to stop, from any thread.
pub fn request() {
    REQUESTED.send_replace(true);
}

/// Takes the request back: what begins now goes on.
pub fn clear() {
    REQUESTED.send_replace(false);
}

/// Whether a stop was asked for and not yet taken back.
pub fn is_requested() -> bool {
    *REQUESTED.borrow()
}

/// Makes requests count on this thread, for the rest of its life.
pub fn listen() {
    LISTENS.set(true);
}

/// A place where a long computation may end: does nothing, or unwinds with [`Stopped`] when a stop was asked for and this
/// thread [`listen`]s.
///
/// ```
/// for i in 0..1_000_000_u64 {
///     if i % 10_000 == 0 {
///         carnet::stop::check();
///     }
/// }
/// ```
pub fn check() {
    if LISTENS.get() && is_requested() {
        resume_unwind(Box::new(Stopped));
    }
}

/// Whether this thread listens.
pub(crate) fn listens() -> bool {
    LISTENS.get()
}

/// Waits for a request.
pub(crate) async fn requested() {
    let mut receiver = REQUESTED.subscribe();
    // The sender lives as long as the process.
    let _ = receiver.wait_for(|requested| *requested).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_thread_that_listens_unwinds_and_only_until_the_request_is_taken_back() {
        request();
        check();
        let stopped = std::thread::spawn(|| {
            listen();
            check();
        });
        let payload = stopped.join().err();
        assert!(payload.is_some_and(|payload| payload.is::<Stopped>()));
        clear();
        let passed = std::thread::spawn(|| {
            listen();
            check();
        });
        assert!(passed.join().is_ok());
    }
}
