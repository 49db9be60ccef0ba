//! Serving until told to stop: no new connections after SIGTERM or SIGINT, requests in flight finish, within a bound.

use crate::{Service, router};
use std::{future::IntoFuture, io, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::oneshot};

/// Serves until `stop` completes, then lets requests in flight finish for at most `grace`. Returns whether all did.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    stop: impl Future<Output = ()> + Send + 'static,
    grace: Duration,
) -> io::Result<bool> {
    let (stopping, stopped) = oneshot::channel::<()>();
    let told = service.clone();
    let signal = async move {
        stop.await;
        told.begin_stop();
        // The receiver is gone only when serving has already ended.
        let _ = stopping.send(());
    };
    let serving = axum::serve(listener, router(service))
        .with_graceful_shutdown(signal)
        .into_future();
    let bound = async {
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        result = serving => result.map(|()| true),
        () = bound => Ok(false),
    }
}
