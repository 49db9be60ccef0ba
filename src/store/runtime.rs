//! The process's one Tokio runtime. It is made at first use and never stopped, so a database client outlives the cell that
//! made it.

use std::future::Future;
use std::sync::LazyLock;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    // Without threads no program can go on; there is nothing a caller could do about it.
    #[allow(clippy::expect_used)]
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("the system gives no threads for a runtime")
});

/// Runs the future on the runtime, on the calling thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}
