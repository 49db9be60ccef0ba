//! Serves one artefact over HTTP: predictions, the model's card, health, and an OpenAPI document that comes from the
//! artefact itself. Nothing here knows what the model is about; what a record is, what training saw and what an answer
//! means are all read from the file.
//!
//! [`router`] is the whole service without a socket; the binary adds the socket, signals and the log.

mod body;
mod health;
mod log;
mod model;
mod openapi;
mod predict;
mod problem;
mod settings;
mod stop;

#[cfg(test)]
#[path = "../tests/service/parcel.rs"]
mod parcel;
#[cfg(test)]
mod tests;

pub use health::Health;
pub use predict::{Answer, Prediction};
pub use problem::{Problem, ProblemBody, WrongValue};
pub use settings::{Limits, Settings};
pub use stop::serve;

use axum::{
    Router,
    extract::{OriginalUri, State},
    http::{Method, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use carnet::artefact::Artefact;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use thiserror::Error;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

/// Why an artefact cannot be served.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The model does not answer the example of its own card.
    #[error(
        "the model {name} does not answer the example of its own card: {reason}; save the artefact again"
    )]
    Example {
        /// The model's name.
        name: String,
        /// What went wrong.
        reason: String,
    },
    /// The OpenAPI document could not be written as JSON.
    #[error("the OpenAPI document could not be written: {0}")]
    Document(#[from] serde_json::Error),
}

/// One artefact being served: the model, its limits, and what requests share.
pub struct Service {
    artefact: Artefact,
    limits: Limits,
    document: String,
    places: Arc<Semaphore>,
    stopping: AtomicBool,
}

impl Service {
    /// Prepares an artefact for serving and lets it answer its own example once.
    ///
    /// # Errors
    /// When the artefact does not answer its example.
    pub fn new(artefact: Artefact, limits: Limits) -> Result<Arc<Service>, ServiceError> {
        let document = serde_json::to_string_pretty(&openapi::document(&artefact, &limits))?;
        let places = Arc::new(Semaphore::new(
            limits.concurrency.min(Semaphore::MAX_PERMITS),
        ));
        let service = Service {
            artefact,
            limits,
            document,
            places,
            stopping: AtomicBool::new(false),
        };
        service.check().map_err(|reason| ServiceError::Example {
            name: service.artefact.card().name.clone(),
            reason,
        })?;
        Ok(Arc::new(service))
    }

    /// The artefact that is served.
    pub fn artefact(&self) -> &Artefact {
        &self.artefact
    }

    /// From now on the service says that it is not ready; requests are still answered.
    pub fn begin_stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Lets the model answer its own example.
    fn check(&self) -> Result<(), String> {
        let example = std::slice::from_ref(&self.artefact.card().example);
        let columns = self
            .artefact
            .schema()
            .read_json(example)
            .map_err(|errors| {
                let first = errors.first().map(|error| {
                    format!("{} is {}, not {}", error.path, error.found, error.expected)
                });
                first.unwrap_or_else(|| "it does not fit the schema".into())
            })?;
        match self
            .artefact
            .predict(&columns)
            .map_err(|error| error.to_string())?
            .as_slice()
        {
            [probability] if (0.0..=1.0).contains(probability) => Ok(()),
            other => Err(format!("the answer is {other:?}, not one probability")),
        }
    }
}

/// The service's routes over an artefact.
pub fn router(service: Arc<Service>) -> Router {
    let routes = Router::new()
        .route("/", get(listing))
        .route("/v1/predict", post(predict::predict))
        .route("/v1/model", get(model::card))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/openapi.json", get(openapi::serve))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(service);
    guarded(routes)
}

/// Routes whose panics are answered and whose requests are logged.
fn guarded(routes: Router) -> Router {
    routes
        .layer(CatchPanicLayer::custom(|cause| {
            Problem::panic(cause).into_response()
        }))
        .layer(middleware::from_fn(log::request))
}

async fn listing(State(service): State<Arc<Service>>) -> Response {
    let card = service.artefact.card();
    let text = format!(
        "{} {}\n\nPOST /v1/predict     one record or a list of records, as JSON\nGET  /v1/model       the model's card\n\
         GET  /openapi.json   what a record is, with an example\nGET  /health/live    whether the process answers\n\
         GET  /health/ready   whether predictions are answered\n",
        card.name, card.version
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

async fn not_found(OriginalUri(uri): OriginalUri) -> Problem {
    Problem::NotFound {
        path: uri.path().to_owned(),
    }
}

async fn method_not_allowed(method: Method, OriginalUri(uri): OriginalUri) -> Problem {
    Problem::Method {
        method: method.to_string(),
        path: uri.path().to_owned(),
    }
}
