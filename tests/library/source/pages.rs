//! Pages: each way of finding the next, the guard against circles, and going on where an earlier run stopped.

use super::server::{Asked, Reply, Server};
use super::{client, request};
use carnet::source::{Client, Pages, Paging, SourceError};

/// Three pages of two rows by number, offset, cursor or link.
fn serve(asked: &Asked, _: usize) -> Option<Reply> {
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let value = query
        .split('&')
        .find_map(|pair| pair.split_once('='))
        .map(|(_, value)| value);
    let page = |number: usize| match number {
        1..=3 => format!("[{},{}]", 2 * number - 1, 2 * number),
        _ => "[]".to_owned(),
    };
    Some(match path {
        "/number" => Reply::ok(page(value?.parse().ok()?)),
        "/offset" => Reply::ok(page(value?.parse::<usize>().ok()? / 2 + 1)),
        "/cursor" => {
            let number = value.map_or(1, |cursor| {
                cursor.trim_start_matches("c%26").parse().unwrap()
            });
            let next = if number < 3 {
                format!("\"c&{}\"", number + 1)
            } else {
                "null".to_owned()
            };
            Reply::ok(format!(
                "{{\"rows\":{},\"meta\":{{\"next\":{next}}}}}",
                page(number)
            ))
        }
        "/link" => {
            let number = value.map_or(1, |number| number.parse().unwrap());
            let link = format!("</link?p={}>; rel=\"next\"", number + 1);
            let headers: &[(&str, &str)] = if number < 3 { &[("Link", &link)] } else { &[] };
            Reply::new("200 OK", headers, page(number))
        }
        "/ignores" => Reply::ok("[1,2]"),
        "/circle" => {
            let number: usize = value.map_or(1, |number| number.parse().unwrap());
            let link = format!("</circle?p={}>; rel=\"next\"", number % 2 + 1);
            Reply::new("200 OK", &[("Link", &link)], page(number))
        }
        _ => return None,
    })
}

fn pages(client: &Client, server: &Server, path: &str, paging: Paging) -> Pages {
    Pages::new(client, request(server, path), paging)
        .until(|response| Ok(response.bytes()? == b"[]"))
}

fn rest(pages: &mut Pages) -> Result<Vec<String>, SourceError> {
    let mut bodies = Vec::new();
    while let Some(page) = pages.fetch_next()? {
        bodies.push(String::from_utf8(page.bytes()?).unwrap());
    }
    Ok(bodies)
}

fn kinds() -> [(&'static str, Paging); 4] {
    let parameter = || "p".to_owned();
    [
        (
            "/number",
            Paging::Page {
                parameter: parameter(),
                first: 1,
            },
        ),
        (
            "/offset",
            Paging::Offset {
                parameter: parameter(),
                step: 2,
            },
        ),
        (
            "/cursor",
            Paging::Cursor {
                parameter: parameter(),
                pointer: "/meta/next".to_owned(),
            },
        ),
        ("/link", Paging::Link),
    ]
}

#[test]
fn all_pages_come_once_by_every_way_of_finding_the_next() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start(serve));
    let client = client(folder.path(), &server);
    for (path, paging) in kinds() {
        let mut pages = pages(&client, &server, path, paging);
        let bodies = rest(&mut pages).unwrap();
        assert_eq!(bodies.len(), 3, "{path}: {bodies:?}");
        for (body, rows) in bodies.iter().zip(["[1,2]", "[3,4]", "[5,6]"]) {
            assert!(body.contains(rows), "{path}: {bodies:?}");
        }
        assert_eq!(pages.position(), None);
        assert!(pages.fetch_next().unwrap().is_none());
    }
}

#[test]
fn a_second_run_goes_on_where_the_first_stopped() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start(serve));
    let client = client(folder.path(), &server);
    for (path, paging) in kinds() {
        let mut first = pages(&client, &server, path, paging.clone());
        first.fetch_next().unwrap();
        let position = first.position().unwrap().to_owned();
        let mut second = pages(&client, &server, path, paging.clone())
            .resume(&position)
            .unwrap();
        let bodies = rest(&mut second).unwrap();
        assert_eq!(bodies.len(), 2, "{path}");
        assert!(bodies[0].contains("[3,4]"), "{path}: {bodies:?}");
        assert!(
            pages(&client, &server, path, paging)
                .resume("nowhere")
                .is_err()
        );
    }
}

#[test]
fn a_site_that_leads_in_a_circle_is_left() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start(serve));
    let client = client(folder.path(), &server);
    let number = Paging::Page {
        parameter: "p".to_owned(),
        first: 1,
    };
    for (path, paging, given) in [("/ignores", number, 1), ("/circle", Paging::Link, 3)] {
        let mut pages = pages(&client, &server, path, paging);
        for _ in 0..given {
            assert!(pages.fetch_next().unwrap().is_some());
        }
        let error = pages.fetch_next().unwrap_err();
        assert!(matches!(error, SourceError::Loop { .. }), "{path}: {error}");
    }
}
