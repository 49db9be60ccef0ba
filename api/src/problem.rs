//! [`Problem`]: everything this service can refuse or fail at, and the one place where that becomes a status and a body
//! (RFC 9457, `application/problem+json`). A client learns what to change; the cause of a failure of ours goes to the log.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use carnet::record::{ERRORS_LISTED, FieldError};
use serde::Serialize;
use std::{any::Any, time::Duration};
use thiserror::Error;
use utoipa::ToSchema;

/// Why a request was not answered as asked. Its text is the `detail` that the client reads.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Problem {
    /// 400: the body is not JSON.
    #[error("the body is not JSON: {reason}, at line {line}, column {column}")]
    NotJson {
        /// What the reader met.
        reason: String,
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1; 0 before the first byte of a line.
        column: usize,
    },
    /// 400: the body broke off.
    #[error("the body could not be read to its end: {0}")]
    Broken(String),
    /// 404: no such route.
    #[error("there is nothing at {path}; GET / lists what there is")]
    NotFound {
        /// The path asked for.
        path: String,
    },
    /// 405: the route is there, the method is not.
    #[error("{path} does not answer {method}; GET / lists what it answers")]
    Method {
        /// The method asked for.
        method: String,
        /// The path asked for.
        path: String,
    },
    /// 408: the body did not arrive in time.
    #[error("the body had not arrived {} s after the request began", .within.as_secs_f64())]
    SlowBody {
        /// The time a request gets.
        within: Duration,
    },
    /// 413: the body is over a limit.
    #[error("the body is over the limit of {limit} {of}; send it in parts")]
    TooLarge {
        /// The most that is accepted.
        limit: usize,
        /// What is counted: bytes, records or values.
        of: &'static str,
    },
    /// 415: the body is not declared as JSON.
    #[error("the content type is {found}; send application/json")]
    MediaType {
        /// The content type of the request, or that there is none.
        found: String,
    },
    /// 422: an empty list of records.
    #[error("the list of records is empty: send one record or more")]
    NoRecords,
    /// 422: records that do not fit the model's schema.
    #[error("{}; /openapi.json describes the model's record", misfits(.0.len()))]
    Records(Vec<FieldError>),
    /// 500: a failure of the service; the text is for the log only.
    #[error("{0}")]
    Internal(String),
    /// 503: as many predictions as allowed are in flight.
    #[error(
        "all {limit} places for predictions are taken; try again in {} s",
        RETRY_SECONDS
    )]
    Busy {
        /// The most predictions in flight.
        limit: usize,
    },
    /// 503: the prediction took too long.
    #[error("the prediction was not ready {} s after the request began; send fewer records at once", .within.as_secs_f64())]
    TimedOut {
        /// The time a request gets.
        within: Duration,
    },
    /// 503: the service is not ready for requests.
    #[error("not ready: {0}")]
    NotReady(&'static str),
}

/// Seconds a client should wait before it tries again.
const RETRY_SECONDS: u64 = 1;

fn misfits(errors: usize) -> String {
    match errors {
        1 => "1 value does not fit".into(),
        ERRORS_LISTED.. => {
            format!("{errors} values or more do not fit, the first {errors} are listed")
        }
        _ => format!("{errors} values do not fit"),
    }
}

/// The body of every answer that is not a success (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// A name for the kind of problem that stays the same, for programs.
    #[serde(rename = "type")]
    #[schema(example = "urn:carnet:problem:record-does-not-fit")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: &'static str,
    /// The HTTP status, repeated.
    pub status: u16,
    /// What is wrong with this request and what to do.
    pub detail: String,
    /// Every value that does not fit, up to the first 100; only with status 422.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<WrongValue>,
    /// Line of the first byte that is not JSON, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column of the first byte that is not JSON, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The limit that was passed, in bytes, records or values as `detail` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// One value that does not fit the model's record.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrongValue {
    /// Where: `field` in a single record, `[3].field` in a list.
    pub path: String,
    /// What the model's record asks for.
    pub expected: String,
    /// What came.
    pub found: String,
}

impl Problem {
    /// A panic of a handler; its message goes to the log, never to the client.
    pub fn panic(cause: Box<dyn Any + Send>) -> Problem {
        let text = cause.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| cause.downcast_ref::<String>().cloned());
        Problem::Internal(format!(
            "panic: {}",
            text.as_deref().unwrap_or("no message")
        ))
    }

    /// The status, the stable name and the title.
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Problem::NotJson { .. } => {
                (StatusCode::BAD_REQUEST, "not-json", "The body is not JSON")
            }
            Problem::Broken(_) => (StatusCode::BAD_REQUEST, "broken-body", "The body broke off"),
            Problem::NotFound { .. } => (StatusCode::NOT_FOUND, "not-found", "No such route"),
            Problem::Method { .. } => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "Method not allowed",
            ),
            Problem::SlowBody { .. } => (
                StatusCode::REQUEST_TIMEOUT,
                "slow-body",
                "The body came too slowly",
            ),
            Problem::TooLarge { .. } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The body is too large",
            ),
            Problem::MediaType { .. } => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media-type",
                "The body is not declared as JSON",
            ),
            Problem::NoRecords => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "no-records",
                "There are no records",
            ),
            Problem::Records(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "record-does-not-fit",
                "A record does not fit the model",
            ),
            Problem::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The service failed",
            ),
            Problem::Busy { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Too many requests at once",
            ),
            Problem::TimedOut { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "timed-out",
                "The prediction took too long",
            ),
            Problem::NotReady(_) => (StatusCode::SERVICE_UNAVAILABLE, "not-ready", "Not ready"),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, name, title) = self.kind();
        let detail = match &self {
            Problem::Internal(cause) => {
                tracing::error!(%cause, "the service failed");
                "the fault is the service's; its log has the cause".to_owned()
            }
            other => other.to_string(),
        };
        let (line, column) = match &self {
            Problem::NotJson { line, column, .. } => (Some(*line), Some(*column)),
            _ => (None, None),
        };
        let limit = match &self {
            Problem::TooLarge { limit, .. } | Problem::Busy { limit } => Some(*limit),
            _ => None,
        };
        let errors = match self {
            Problem::Records(errors) => errors
                .into_iter()
                .map(|error| WrongValue {
                    path: error.path,
                    expected: error.expected,
                    found: error.found,
                })
                .collect(),
            _ => Vec::new(),
        };
        let kind = format!("urn:carnet:problem:{name}");
        let body = ProblemBody {
            kind,
            title,
            status: status.as_u16(),
            detail,
            errors,
            line,
            column,
            limit,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_SECONDS));
        }
        response
    }
}
