//! The two databases: whether what the environment names can be reached.

use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use super::Finding;

/// How long a database may take to be reached.
const PATIENCE: Duration = Duration::from_secs(3);
/// Where tables and documents lie when nothing is named.
const FILE: &str = "data/carnet.db";

/// Tables.
pub(super) fn tables() -> Finding {
    named("tables", "CARNET_DATABASE_URL", 5432)
}

/// Documents.
pub(super) fn documents() -> Finding {
    named("documents", "CARNET_DOCUMENTS_URL", 27017)
}

fn named(name: &'static str, variable: &str, port: u16) -> Finding {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    let Some(url) = url else {
        return match Path::new(FILE).is_file() {
            true => Finding::ok(name, format!("{FILE} ({variable} is not set)")),
            false => Finding::ok(
                name,
                format!("{variable} is not set: {FILE} is made when it is needed"),
            ),
        };
    };
    if url.starts_with("sqlite:") {
        return Finding::ok(name, url);
    }
    let Some((host, port)) = host_and_port(&url, port) else {
        return Finding::missing(
            name,
            format!("{variable} names no server"),
            "write it as postgres://USER:PASSWORD@HOST:PORT/NAME or mongodb://HOST:PORT/NAME",
        );
    };
    let addresses = (host.as_str(), port).to_socket_addrs();
    let reached = addresses.map(|mut addresses| {
        addresses.any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
    });
    match reached {
        Ok(true) => Finding::ok(name, format!("{host}:{port} answers")),
        Ok(false) => Finding::missing(
            name,
            format!("nothing answers at {host}:{port}, which {variable} names"),
            format!("start the server (docker compose up), or unset {variable} to use {FILE}"),
        ),
        Err(error) => Finding::missing(
            name,
            format!("the host {host}, which {variable} names, is not known: {error}"),
            format!("correct {variable}"),
        ),
    }
}

/// The first host of a URL, without what is secret in it.
fn host_and_port(url: &str, default: u16) -> Option<(String, u16)> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let hosts = authority.rsplit('@').next()?;
    let host = hosts.split(',').next().filter(|host| !host.is_empty())?;
    match host.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') => Some((host.to_owned(), port.parse().ok()?)),
        _ => Some((host.to_owned(), default)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_found_without_the_password() {
        let host = |url| host_and_port(url, 5432);
        assert_eq!(
            host("postgres://u:p@db:6000/x"),
            Some(("db".to_owned(), 6000))
        );
        assert_eq!(host("postgres://db/x"), Some(("db".to_owned(), 5432)));
        assert_eq!(
            host("mongodb://u:p@a:1,b:2/x?y=z"),
            Some(("a".to_owned(), 1))
        );
        assert_eq!(host("nonsense"), None);
    }
}
