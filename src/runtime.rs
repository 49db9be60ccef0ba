//! The process's one Tokio runtime. It is made at first use and never stopped, so a database client outlives the cell that
//! made it.

use crate::stop::{self, Stopped};
use std::future::Future;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::LazyLock;
use tokio::runtime::{Builder, EnterGuard, Handle, Runtime, RuntimeFlavor};
use tokio::task::JoinHandle;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
    // Without threads no program can go on; there is nothing a caller could do about it.
    #[allow(clippy::expect_used)]
    Builder::new_multi_thread()
        .worker_threads(cores.clamp(2, 16))
        .enable_all()
        .build()
        .expect("the system gives no threads for a runtime")
});

/// Runs the future on the runtime, beside the caller.
pub(crate) fn spawn<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    RUNTIME.spawn(future)
}

/// Makes the runtime the calling thread's until the guard is dropped: for `tokio::spawn`, and for what is spawned by dropping.
pub fn enter() -> EnterGuard<'static> {
    RUNTIME.enter()
}

/// Runs what blocks on a thread of its own.
pub(crate) fn spawn_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    RUNTIME.spawn_blocking(work)
}

/// Runs the future on the process's one runtime, on the calling thread, also when that thread is inside an `.await` of a
/// runtime with several threads.
///
/// On a thread that listens to [`stop`] requests the future is dropped at such a request, and the thread unwinds.
///
/// # Panics
/// On the thread of a runtime that has only one.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let run = || match stop::listens() {
        false => RUNTIME.block_on(future),
        true => RUNTIME.block_on(until_stopped(future)),
    };
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(run),
        _ => run(),
    }
}

async fn until_stopped<F: Future>(future: F) -> F::Output {
    tokio::select! {
        biased;
        () = stop::requested() => resume_unwind(Box::new(Stopped)),
        output = future => output,
    }
}
