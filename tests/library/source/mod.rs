//! The client against servers that behave, misbehave and attack.

mod asking;
mod keeping;
mod pages;
mod server;

use carnet::source::{Client, Request, Retries, Settings};
use server::Server;
use std::path::Path;
use std::time::Duration;

/// Settings that are quick, keep in this folder and may ask this server.
fn settings(folder: &Path, server: &Server) -> Settings {
    let settings = Settings::new("late-flights/1.2", "ops@example.org").unwrap();
    let retries = Retries {
        attempts: 3,
        first: Duration::from_millis(10),
        longest: Duration::from_millis(20),
        patience: Duration::from_secs(2),
    };
    settings
        .archive(folder)
        .allow_private(&format!("127.0.0.1:{}", server.port))
        .unwrap()
        .interval(Duration::ZERO)
        .retries(retries)
}

fn client(folder: &Path, server: &Server) -> Client {
    Client::new(settings(folder, server)).unwrap()
}

fn request(server: &Server, path: &str) -> Request {
    Request::new(&server.url(path)).unwrap()
}
