//! One line in the log for each request.

use axum::{extract::Request, middleware::Next, response::Response};
use std::time::Instant;

/// Logs method, path, status and milliseconds; the query is left out, since it may hold what nobody should log.
pub(crate) async fn request(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let begun = Instant::now();
    let response = next.run(request).await;
    let ms = (begun.elapsed().as_secs_f64() * 1e5).round() / 1e2;
    // Probes come every few seconds for as long as the service runs.
    if path.starts_with("/health/") && response.status().is_success() {
        tracing::debug!(%method, path, status = response.status().as_u16(), ms, "request");
    } else {
        tracing::info!(%method, path, status = response.status().as_u16(), ms, "request");
    }
    response
}
