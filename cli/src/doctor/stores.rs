//! The two databases: whether what the environment names can be reached. Of a server only the port is asked, of a file only
//! its beginning: this program has no drivers.

use std::io::Read;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
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
    if let Some(file) = url.strip_prefix("sqlite:") {
        return file_of_tables(name, variable, file);
    }
    if url.starts_with("mongodb+srv:") {
        let text = format!("{variable} names servers by DNS, which were not asked");
        return Finding::warning(name, text, "load something to see whether they answer");
    }
    if let Some(socket) = socket(&url, port) {
        return match UnixStream::connect(&socket) {
            Ok(_) => Finding::ok(
                name,
                format!("{} answers (login not tried)", socket.display()),
            ),
            Err(error) => Finding::missing(
                name,
                format!("{}, which {variable} names: {error}", socket.display()),
                "start the server, or correct the folder of its socket",
            ),
        };
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
        Ok(true) => Finding::ok(name, format!("{host}:{port} answers (login not tried)")),
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

/// A file of SQLite's, or one that can be made.
fn file_of_tables(name: &'static str, variable: &str, rest: &str) -> Finding {
    let path = rest.trim_start_matches("//").split('?').next();
    let path = Path::new(path.unwrap_or_default());
    let mut beginning = [0; 16];
    let opened = std::fs::File::open(path).and_then(|mut file| file.read(&mut beginning));
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match opened {
        Ok(0) => Finding::ok(name, format!("{} is empty", path.display())),
        Ok(_) if beginning == *b"SQLite format 3\0" => {
            Finding::ok(name, path.display().to_string())
        }
        Ok(_) => Finding::missing(
            name,
            format!(
                "{}, which {variable} names, is no SQLite database",
                path.display()
            ),
            format!("correct {variable}"),
        ),
        Err(error)
            if error.kind() == std::io::ErrorKind::NotFound && folder.is_none_or(Path::is_dir) =>
        {
            Finding::ok(
                name,
                format!("{} is made when it is needed", path.display()),
            )
        }
        Err(error) => Finding::missing(
            name,
            format!(
                "{}, which {variable} names, cannot be read: {error}",
                path.display()
            ),
            format!("correct {variable}, or make its folder"),
        ),
    }
}

/// The socket that a URL of PostgreSQL names by a folder: `postgresql:///db?host=/run/postgresql`.
fn socket(url: &str, default: u16) -> Option<PathBuf> {
    let (before, query) = url.split_once('?')?;
    let value = |name: &str| {
        let mut parts = query.split('&').filter_map(|part| part.split_once('='));
        parts
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    };
    let folder = value("host")?.replace("%2F", "/").replace("%2f", "/");
    let port = match (value("port"), host_and_port(before, default)) {
        (Some(port), _) => port.parse().ok()?,
        (None, Some((_, port))) => port,
        (None, None) => default,
    };
    folder
        .starts_with('/')
        .then(|| Path::new(&folder).join(format!(".s.PGSQL.{port}")))
}

/// The first host of a URL, without what is secret in it.
fn host_and_port(url: &str, default: u16) -> Option<(String, u16)> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let hosts = authority.rsplit('@').next()?;
    let host = hosts.split(',').next().filter(|host| !host.is_empty())?;
    // An address of version 6 stands in brackets.
    if let Some((host, rest)) = host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        let port = rest
            .strip_prefix(':')
            .map_or(Some(default), |port| port.parse().ok())?;
        return Some((host.to_owned(), port));
    }
    match host.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') => Some((host.to_owned(), port.parse().ok()?)),
        _ => Some((host.to_owned(), default)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
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
        assert_eq!(
            host("postgres://u@[::1]:6000/x"),
            Some(("::1".to_owned(), 6000))
        );
        assert_eq!(host("postgres://[::1]/x"), Some(("::1".to_owned(), 5432)));
    }

    #[test]
    fn a_folder_in_place_of_a_host_is_that_of_a_socket() {
        let path = |url| socket(url, 5432);
        assert_eq!(
            path("postgresql:///x?host=/run/postgresql"),
            Some(PathBuf::from("/run/postgresql/.s.PGSQL.5432"))
        );
        assert_eq!(
            path("postgres://u@db:6000/x?host=%2Ftmp"),
            Some(PathBuf::from("/tmp/.s.PGSQL.6000"))
        );
        assert_eq!(path("postgres://db/x?sslmode=off"), None);
    }

    #[test]
    fn a_file_that_is_no_database_is_told() {
        let folder = std::env::temp_dir().join(format!("carnet-doctor-{}", std::process::id()));
        let made = std::fs::create_dir_all(&folder);
        assert!(made.is_ok());
        let file = folder.join("a.db");
        let is_ok =
            |url: &str| file_of_tables("tables", "CARNET_DATABASE_URL", url).state == State::Ok;
        let url = format!("//{}?mode=rwc", file.display());
        assert!(is_ok(&url));
        let written = std::fs::write(&file, "no database");
        assert!(written.is_ok() && !is_ok(&url));
        let written = std::fs::write(&file, b"SQLite format 3\0 and more");
        assert!(written.is_ok() && is_ok(&url));
        assert!(!is_ok("///nowhere/at/all.db"));
        let _ = std::fs::remove_dir_all(folder);
    }
}
