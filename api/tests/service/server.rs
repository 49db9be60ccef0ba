//! One running `carnet-api`, on a free port, killed when the test ends.

use crate::parcel;
use reqwest::{Client, Response};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The service's binary, without the settings of whoever runs the tests.
pub(crate) fn command() -> Command {
    // Read at run time: the shell that wraps the compiler passes no variable with a hyphen in its name.
    let mut command =
        Command::new(std::env::var_os("CARGO_BIN_EXE_carnet-api").expect("cargo names the binary"));
    for name in [
        "MODEL",
        "LISTEN",
        "BODY_LIMIT",
        "MAX_RECORDS",
        "TIMEOUT",
        "CONCURRENCY",
        "STOP_SECONDS",
    ] {
        command.env_remove(format!("CARNET_{name}"));
    }
    command.env_remove("RUST_LOG");
    command
}

/// An artefact that all tests share: it is fitted once.
pub(crate) fn artefact() -> PathBuf {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        parcel::artefact()
            .write(folder.path().join("parcel.carnet"))
            .expect("a file");
        folder
    });
    folder.path().join("parcel.carnet")
}

/// A running service.
pub(crate) struct Server {
    child: Child,
    log: Option<JoinHandle<String>>,
    /// Where it listens: `127.0.0.1:PORT`.
    pub(crate) address: String,
    /// A client of it.
    pub(crate) client: Client,
}

impl Server {
    /// Starts the service with the shared artefact and these further arguments.
    pub(crate) fn start(arguments: &[&str]) -> Server {
        let mut child = command()
            .arg("--model")
            .arg(artefact())
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .env("RUST_LOG", "info,carnet_api=debug")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the service starts");
        let mut stderr = child.stderr.take().expect("stderr");
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).expect("the log is text");
            text
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout"))
            .read_line(&mut line)
            .expect("a line");
        let address = line
            .trim_end()
            .strip_prefix("listening on http://")
            .expect("the address")
            .to_owned();
        // reqwest has no TLS of its own here; an error says that another test chose one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Server {
            child,
            log: Some(log),
            address,
            client: Client::new(),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client
            .get(self.url(path))
            .send()
            .await
            .expect("an answer")
    }

    /// Posts text as JSON to the predictions.
    pub(crate) async fn post(&self, body: impl Into<reqwest::Body>) -> Response {
        let request = self
            .client
            .post(self.url("/v1/predict"))
            .header("content-type", "application/json");
        request.body(body).send().await.expect("an answer")
    }

    /// Begins a prediction whose body of this length is still to come. Returns once the service waits for it: it has read the
    /// head, and the request holds its place.
    pub(crate) async fn begin(&self, length: usize) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address)
            .await
            .expect("a connection");
        let head = format!(
            "POST /v1/predict HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nexpect: 100-continue\r\n\r\n"
        );
        stream
            .write_all(head.as_bytes())
            .await
            .expect("the head is sent");
        let mut answer = [0; 25];
        stream.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream
    }

    /// The most memory the service has held so far, in bytes (Linux).
    pub(crate) fn most_memory(&self) -> usize {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("procfs");
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .expect("VmHWM");
        line.split_whitespace()
            .nth(1)
            .expect("a number")
            .parse::<usize>()
            .expect("kB")
            * 1024
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .status()
            .expect("kill");
        assert!(sent.success());
    }

    /// Waits for the service to end; its exit status and its log.
    pub(crate) fn ended(mut self, within: Duration) -> (ExitStatus, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                break status;
            }
            assert!(
                begun.elapsed() < within,
                "the service still runs after {within:?}"
            );
            std::thread::sleep(Duration::from_millis(10));
        };
        (
            status,
            self.log.take().expect("the log").join().expect("the log"),
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended where the test waited for that.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Checks that an answer is a problem body of this status and kind, and returns it.
pub(crate) async fn problem(response: Response, status: u16, kind: &str) -> Value {
    let answered = response.status().as_u16();
    let media_type = response.headers()["content-type"]
        .to_str()
        .expect("text")
        .to_owned();
    let body: Value = response.json().await.expect("a problem body");
    assert_eq!(answered, status, "{body}");
    assert_eq!(media_type, "application/problem+json");
    assert_eq!(body["status"], status);
    assert_eq!(body["type"], format!("urn:carnet:problem:{kind}"));
    assert!(
        body["title"].is_string() && body["detail"].is_string(),
        "{body}"
    );
    body
}
