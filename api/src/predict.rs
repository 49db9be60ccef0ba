//! `POST /v1/predict`: records in, probabilities and labels out.

use crate::{
    Service,
    body::{self, Records},
    problem::{Problem, ProblemBody},
};
use axum::{
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use carnet::record::FieldError;
use serde::Serialize;
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

/// Bodies up to this size are parsed and predicted where they arrived; larger ones move to a blocking thread, so that one
/// long list does not hold up everybody's short requests. A single record is well below, and a thread hop would cost it
/// more than the work.
const INLINE_BYTES: usize = 4 * 1024;

/// The answer to one request.
#[derive(Debug, Serialize, ToSchema)]
pub struct Answer {
    /// The model that answered.
    pub model: ModelVersion,
    /// One prediction a record, in the order of the records.
    pub predictions: Vec<Prediction>,
}

/// Which model answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelVersion {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The prediction for one record.
#[derive(Debug, Serialize, ToSchema)]
pub struct Prediction {
    /// The probability of the target, from 0 to 1; the card says what the target is.
    #[schema(minimum = 0.0, maximum = 1.0)]
    pub probability: f64,
    /// Whether the probability reaches the threshold, and so whether the target is expected.
    pub label: bool,
    /// The probability from which on the label is `true`.
    pub threshold: f64,
}

/// Predicts for one record or many.
///
/// One record is a JSON object, many are an array of objects; the answer has the same shape for both.
#[utoipa::path(post, path = "/v1/predict", tag = "model", responses(
    (status = 200, description = "One prediction a record, in order", body = Answer),
    (status = 400, description = "The body is not JSON, or broke off", body = ProblemBody, content_type = "application/problem+json"),
    (status = 408, description = "The body came too slowly", body = ProblemBody, content_type = "application/problem+json"),
    (status = 413, description = "Too many bytes or records", body = ProblemBody, content_type = "application/problem+json"),
    (status = 415, description = "The body is not declared as JSON", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "A record does not fit the model; every wrong value is listed", body = ProblemBody, content_type = "application/problem+json"),
    (status = 500, description = "The service failed; its log has the cause", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "Too many requests at once, or the prediction took too long", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn predict(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Problem> {
    let limits = service.limits;
    let deadline = Instant::now() + limits.timeout;
    let (parts, body) = request.into_parts();
    body::check_media_type(&parts.headers)?;
    // Taken before the body is read, so that places times the body limit is the memory that bodies can fill. The place is held
    // until the work has really ended, also when the client has already been told that it took too long.
    let place = service
        .places
        .clone()
        .try_acquire_owned()
        .map_err(|_| Problem::Busy {
            limit: limits.concurrency,
        })?;
    let bytes = timeout_at(
        deadline,
        body::read(&parts.headers, body, limits.body_limit),
    )
    .await
    .map_err(|_| Problem::SlowBody {
        within: limits.timeout,
    })??;
    let inline = bytes.len() <= INLINE_BYTES;
    let work = move || {
        let _place = place;
        service.answer(&bytes)
    };
    let answer = if inline {
        work()?
    } else {
        timeout_at(deadline, tokio::task::spawn_blocking(work))
            .await
            .map_err(|_| Problem::TimedOut {
                within: limits.timeout,
            })?
            .map_err(|error| match error.try_into_panic() {
                Ok(cause) => Problem::panic(cause),
                Err(error) => Problem::Internal(error.to_string()),
            })??
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response())
}

impl Service {
    /// The answer to a body, as JSON text.
    fn answer(&self, body: &[u8]) -> Result<Vec<u8>, Problem> {
        let schema = self.artefact.schema();
        let Records { values, single } = body::records(body, &self.limits, schema.fields.len())?;
        let columns = schema
            .read_json(&values)
            .map_err(|errors| Problem::Records(name_paths(errors, single)))?;
        drop(values);
        let probabilities = self
            .artefact
            .predict(&columns)
            .map_err(|error| Problem::Internal(error.to_string()))?;
        let card = self.artefact.card();
        let predictions = probabilities.into_iter().map(|probability| Prediction {
            probability,
            label: self.artefact.label(probability),
            threshold: card.threshold,
        });
        let predictions = predictions.collect();
        let model = ModelVersion {
            name: card.name.clone(),
            version: card.version.clone(),
        };
        serde_json::to_vec(&Answer { model, predictions })
            .map_err(|error| Problem::Internal(error.to_string()))
    }
}

/// Paths as the client wrote them: a single record has no index.
fn name_paths(mut errors: Vec<FieldError>, single: bool) -> Vec<FieldError> {
    if single {
        for error in &mut errors {
            let path = error.path.strip_prefix("[0]").unwrap_or(&error.path);
            error.path = path.strip_prefix('.').unwrap_or(path).to_owned();
            if error.path.is_empty() {
                error.path = "body".into();
                error.expected.push_str(", or a list of such objects");
            }
        }
    }
    errors
}
