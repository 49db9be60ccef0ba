//! A replay of the providers: a real HTTP server on loopback that serves the real rows of the embedded sample, each in its
//! provider's own format, with the faults that those providers are known for. What is collected from here goes the same way as
//! from the internet, and what comes back can be compared with the sample.
//!
//! One path prefix a provider: `/bts`, `/iem`, `/faa`, `/wikipedia`, `/ourairports`; below it the provider's own paths. What the
//! sample does not carry is left as the format writes a missing value. Where a format cannot do without something that the
//! sample lacks, the module of that format says what stands for it.

mod bts;
mod faa;
mod faults;
mod iem;
mod ourairports;
mod respond;
mod sample;
mod wikipedia;

pub use faults::{Fault, Faults};
pub use sample::Sample;

use crate::source::SourceError;
use axum::Router;
use axum::extract::State;
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use faults::Plan;
use respond::{Answer, plain};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Why there is no replay.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The sample.
    #[error(transparent)]
    Sample(#[from] SourceError),
    /// The port.
    #[error(
        "127.0.0.1:{port} cannot be listened on: {source}; give another --port, or 0 for any that is free"
    )]
    Port {
        /// What was asked for.
        port: u16,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file that could not be written.
    #[error("the {what} cannot be written in its provider's format: {source}")]
    Write {
        /// What.
        what: &'static str,
        /// The reason.
        source: std::io::Error,
    },
}

/// A running replay. It stops when it is dropped.
#[derive(Debug)]
pub struct Replay {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<std::io::Result<()>>,
}

/// What all requests share.
struct Served {
    sample: Sample,
    plan: Mutex<Plan>,
}

impl Replay {
    /// Reads the sample and listens on loopback; port 0 is any that is free. Every fault comes once or twice for a path, so that a
    /// client that tries again gets through; the same requests in the same order meet the same faults.
    ///
    /// # Errors
    /// When the sample cannot be read or the port is taken.
    pub async fn start(port: u16, faults: Faults) -> Result<Replay, ReplayError> {
        let sample = Sample::read()?;
        let in_use = |source| ReplayError::Port { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(in_use)?;
        let address = listener.local_addr().map_err(in_use)?;
        let served = Arc::new(Served {
            sample,
            plan: Mutex::new(Plan::new(faults)),
        });
        let router = Router::new().fallback(handle).with_state(served);
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(async {
                    // The sender that is dropped says stop as well.
                    let _ = stopped.await;
                })
                .await
        });
        Ok(Replay {
            address,
            stop: Some(stop),
            served,
        })
    }

    /// Where it listens, such as `http://127.0.0.1:4321`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base of one provider, to be given to its requests.
    pub fn base_of(&self, provider: &crate::provider::Provider) -> String {
        format!("{}/{}", self.base_url(), provider.name)
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.served.abort();
    }
}

/// What robots may do here: what the providers let them do.
const ROBOTS: &str = "# A replay on loopback. Each prefix stands for a provider; what its robots.txt shuts is shut here.
User-agent: *
Disallow: /wikipedia/w/
Disallow: /wikipedia/api/
Disallow: /wikipedia/wiki/Special:
Allow: /
";

async fn handle(State(served): State<Arc<Served>>, request: Request<axum::body::Body>) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here");
    }
    let path = request.uri().path().to_owned();
    let Some((provider, rest)) = path.trim_start_matches('/').split_once('/') else {
        return match path.as_str() {
            "/robots.txt" => plain(StatusCode::OK, ROBOTS),
            _ => plain(
                StatusCode::NOT_FOUND,
                "the prefixes are bts, iem, faa, wikipedia and ourairports",
            ),
        };
    };
    if rest == faults::ERROR_PAGE {
        return respond::error_page();
    }
    let (provider, rest) = (provider.to_owned(), format!("/{rest}"));
    let query = request.uri().query().unwrap_or_default().to_owned();
    let agent = request
        .headers()
        .get("user-agent")
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let fault = match served.plan.lock() {
        Ok(mut plan) => plan.next(&provider, &rest, &query, &agent),
        Err(_) => None,
    };
    if let Some(refusal) = fault.and_then(|fault| respond::refusal(fault, &provider)) {
        return refusal;
    }
    // Making a month is work of a second, which would keep other requests waiting.
    let made =
        tokio::task::spawn_blocking(move || answer(&served.sample, &provider, &rest, &query));
    match made.await {
        Ok(Ok(answer)) => respond::send(answer, request.headers(), fault),
        Ok(Err(error)) => plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// What a provider answers.
fn answer(sample: &Sample, provider: &str, path: &str, query: &str) -> Result<Answer, ReplayError> {
    match provider {
        "bts" => bts::answer(sample, path, query),
        "iem" => iem::answer(sample, path, query),
        "faa" => faa::answer(sample, path, query),
        "wikipedia" => Ok(wikipedia::answer(path)),
        "ourairports" => ourairports::answer(sample, path),
        _ => Ok(Answer::missing()),
    }
}
