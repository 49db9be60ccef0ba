//! `GET /health/live` and `GET /health/ready`, for whatever restarts the service and routes requests to it.

use crate::{Service, problem::Problem};
use axum::{Json, extract::State};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `live` or `ready`.
    #[schema(example = "ready")]
    pub status: &'static str,
}

/// Whether the process answers at all.
///
/// Says nothing about the model: a restart would not mend one.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, description = "The process answers", body = Health)))]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "live" })
}

/// Whether predictions will be answered.
///
/// They are when the model answers its own example and the service is not stopping.
#[utoipa::path(get, path = "/health/ready", tag = "health", responses(
    (status = 200, description = "Predictions are answered", body = Health),
    (status = 503, description = "The service is stopping, or the model does not answer its own example",
        body = crate::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn ready(State(service): State<Arc<Service>>) -> Result<Json<Health>, Problem> {
    if service.is_stopping() {
        return Err(Problem::NotReady("the service is stopping"));
    }
    service.check().map_err(|error| {
        tracing::error!(%error, "the model does not answer its own example");
        Problem::NotReady("the model does not answer its own example")
    })?;
    Ok(Json(Health { status: "ready" }))
}
