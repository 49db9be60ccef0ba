//! The process's one Tokio runtime. It is made at first use and never stopped, so a database client outlives the cell that
//! made it.

use std::future::Future;
use std::num::NonZero;
use std::sync::LazyLock;
use tokio::runtime::{Builder, EnterGuard, Runtime};
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

/// Makes the runtime the calling thread's until the guard is dropped, for what is spawned by dropping.
pub(crate) fn enter() -> EnterGuard<'static> {
    RUNTIME.enter()
}

/// Runs what blocks on a thread of its own.
pub(crate) fn spawn_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    RUNTIME.spawn_blocking(work)
}

/// Runs the future on the runtime, on the calling thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}
