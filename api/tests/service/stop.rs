//! Stopping: requests in flight finish, nothing new is taken, and a client that never finishes cannot hold it up for ever.

use crate::{parcel, server::Server};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn refuses_connections(server: &Server) {
    let begun = Instant::now();
    while TcpStream::connect(&server.address).await.is_ok() {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "the service still takes connections"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_request_in_flight_is_answered_after_the_signal() {
    for signal in ["TERM", "INT"] {
        let server = Server::start(&[]);
        let record = parcel::records(1)[0].to_string();
        let mut stream = server.begin(record.len()).await;
        server.signal(signal);
        refuses_connections(&server).await;
        stream.write_all(record.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.contains("probability"),
            "{answer}"
        );
        let (status, log) = server.ended(Duration::from_secs(10));
        assert!(
            status.success() && log.contains("stopped"),
            "{signal}: {status} {log}"
        );
    }
}

#[tokio::test]
async fn a_client_that_never_finishes_holds_the_stop_up_for_the_given_time_only() {
    let server = Server::start(&["--stop-seconds", "1"]);
    let _stream = server.begin(100).await;
    server.signal("TERM");
    let (status, log) = server.ended(Duration::from_secs(8));
    assert!(
        status.success() && log.contains("still in flight"),
        "{status} {log}"
    );
}
