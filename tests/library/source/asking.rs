//! How the client asks: who it says it is, what it does not ask, when it waits, tries again and gives up.

use super::server::{Reply, Server};
use super::{client, request, settings};
use carnet::source::{Budget, Client, Limits, Pace, Request, SourceError};
use std::io::Write;
use std::time::{Duration, Instant};

#[test]
fn every_request_says_who_asks() {
    let (folder, server) = (
        tempfile::tempdir().unwrap(),
        Server::start(|_, _| Some(Reply::ok("x"))),
    );
    client(folder.path(), &server)
        .fetch(&request(&server, "/a"))
        .unwrap();
    let agent = server.asked()[0].headers["user-agent"].clone();
    assert!(
        agent.starts_with("late-flights/1.2 (ops@example.org) carnet/"),
        "{agent}"
    );
}

#[test]
fn robots_are_asked_for_once_and_obeyed_also_for_redirects() {
    let server = Server::start(|asked, _| match asked.path.as_str() {
        "/robots.txt" => Some(Reply::ok("User-agent: *\nDisallow: /private\n")),
        "/moved" => Some(Reply::to("/private/x")),
        _ => Some(Reply::ok("x")),
    });
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path(), &server);
    client.fetch(&request(&server, "/open")).unwrap();
    for path in ["/private/x", "/moved"] {
        let error = client.fetch(&request(&server, path)).unwrap_err();
        assert!(matches!(error, SourceError::Robots { .. }), "{error}");
        assert!(error.to_string().contains("Disallow: /private"), "{error}");
    }
    let paths: Vec<String> = server.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/open", "/moved"]);
    assert_eq!(server.asked_for_robots(), 1);
    assert_eq!(client.report().total().refused, 2);
}

#[test]
fn without_a_readable_robots_file_nothing_is_asked() {
    let server = Server::start(|asked, _| {
        (asked.path == "/robots.txt").then(|| Reply::new("503 Service Unavailable", &[], ""))
    });
    let folder = tempfile::tempdir().unwrap();
    let error = client(folder.path(), &server)
        .fetch(&request(&server, "/a"))
        .unwrap_err();
    assert!(matches!(error, SourceError::Robots { .. }), "{error}");
    assert!(server.asked().is_empty());
    let own = settings(folder.path(), &server).ignore_robots();
    let error = Client::new(own)
        .unwrap()
        .fetch(&request(&server, "/a"))
        .unwrap_err();
    assert!(
        matches!(error, SourceError::Status { status: 404, .. }),
        "{error}"
    );
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let server = Server::start(|asked, before| match (asked.path.as_str(), before) {
        ("/a", 0) => Some(Reply::new(
            "429 Too Many Requests",
            &[("Retry-After", "1")],
            "slow down",
        )),
        ("/a", 1) => Some(Reply::new("503 Service Unavailable", &[], "over capacity")),
        ("/a", _) => Some(Reply::ok("data")),
        ("/b", _) => Some(Reply::new(
            "429 Too Many Requests",
            &[("Retry-After", "3600")],
            "",
        )),
        _ => None,
    });
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path(), &server);
    let response = client.fetch(&request(&server, "/a")).unwrap();
    assert_eq!(response.bytes().unwrap(), b"data");
    let times: Vec<Instant> = server.asked().iter().map(|asked| asked.at).collect();
    assert!(times[1] - times[0] >= Duration::from_secs(1));
    let report = client.report().total();
    assert_eq!((report.requests, report.retries), (4, 2));
    assert!(report.waited >= Duration::from_secs(1));
    let error = client.fetch(&request(&server, "/b")).unwrap_err();
    assert!(
        matches!(error, SourceError::Wait { wait, .. } if wait.as_secs() == 3600),
        "{error}"
    );
}

#[test]
fn what_will_not_change_is_not_asked_again_and_says_what_the_server_said() {
    let server = Server::start(|asked, _| match asked.path.as_str() {
        "/wall" => Some(Reply::new("403 Forbidden", &[], "no bots")),
        "/wrong" => Some(Reply::new(
            "422 Unprocessable Entity",
            &[],
            "Invalid times provided.",
        )),
        _ => None,
    });
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path(), &server);
    let error = client.fetch(&request(&server, "/wall")).unwrap_err();
    assert!(
        matches!(error, SourceError::Declined { status: 403, .. }),
        "{error}"
    );
    let error = client
        .fetch(&request(&server, "/wrong"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("422") && error.contains("Invalid times provided."),
        "{error}"
    );
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn cut_and_stalled_bodies_are_asked_for_again_and_never_kept() {
    let server = Server::start(|asked, before| match (asked.path.as_str(), before) {
        ("/cut", 0) => Some(Reply::claiming(100, "200 OK", &[], "half")),
        ("/stalled", 0) => Some(Reply::ok("late").after(Duration::from_secs(4))),
        ("/always", _) => Some(Reply::claiming(100, "200 OK", &[], "half")),
        ("/cut" | "/stalled", _) => Some(Reply::ok("whole")),
        _ => None,
    });
    let folder = tempfile::tempdir().unwrap();
    let of = settings(folder.path(), &server);
    let limits = Limits {
        silence: Duration::from_millis(500),
        ..of.current_limits()
    };
    let client = Client::new(of.limits(limits)).unwrap();
    for path in ["/cut", "/stalled"] {
        let response = client.fetch(&request(&server, path)).unwrap();
        assert_eq!(response.bytes().unwrap(), b"whole", "{path}");
    }
    let error = client.fetch(&request(&server, "/always")).unwrap_err();
    assert!(matches!(error, SourceError::Network { .. }), "{error}");
    assert!(error.to_string().contains("3 times"), "{error}");
    assert!(
        std::fs::read_dir(folder.path().join("parts"))
            .unwrap()
            .next()
            .is_none()
    );
}

#[test]
fn a_body_that_is_something_else_is_asked_for_again_and_never_becomes_the_answer() {
    let server = Server::start(|asked, before| match (asked.path.as_str(), before) {
        ("/zip", 0) => Some(Reply::to("/error.html")),
        ("/zip", _) => Some(Reply::ok("PK data")),
        ("/error.html", _) | ("/never", _) => Some(Reply::ok("<html>sorry")),
        _ => None,
    });
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path(), &server);
    let zip = |path| {
        request(&server, path).check(|response| {
            let bytes = response.bytes().map_err(|error| error.to_string())?;
            bytes
                .starts_with(b"PK")
                .then_some(())
                .ok_or_else(|| "no zip".to_owned())
        })
    };
    assert_eq!(
        client.fetch(&zip("/zip")).unwrap().bytes().unwrap(),
        b"PK data"
    );
    let error = client.fetch(&zip("/never")).unwrap_err();
    assert!(matches!(error, SourceError::Unfit { .. }), "{error}");
    let offline = Client::new(settings(folder.path(), &server).offline(true)).unwrap();
    let error = offline.fetch(&zip("/never")).unwrap_err();
    assert!(matches!(error, SourceError::NotKept { .. }), "{error}");
}

#[test]
fn no_redirect_and_no_name_leads_into_the_network() {
    let inside = Server::start(|_, _| Some(Reply::ok("secret")));
    let (port, ftp) = (inside.port, "ftp://a.example/x");
    let server = Server::start(move |asked, _| {
        Some(match asked.path.as_str() {
            "/address" => Reply::to(&format!("http://127.0.0.1:{port}/")),
            "/number" => Reply::to(&format!("http://2130706433:{port}/")),
            "/six" => Reply::to(&format!("http://[::ffff:127.0.0.1]:{port}/")),
            "/name" => Reply::to(&format!("http://localhost:{port}/")),
            "/metadata" => Reply::to("http://169.254.169.254/latest/meta-data/"),
            "/scheme" => Reply::to(ftp),
            _ => return None,
        })
    });
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path(), &server);
    for path in ["/address", "/number", "/six", "/name", "/metadata"] {
        let error = client.fetch(&request(&server, path)).unwrap_err();
        assert!(
            matches!(error, SourceError::PrivateAddress { .. }),
            "{path}: {error}"
        );
    }
    let error = client.fetch(&request(&server, "/scheme")).unwrap_err();
    assert!(matches!(error, SourceError::Scheme { .. }), "{error}");
    assert!(inside.asked().is_empty() && inside.asked_for_robots() == 0);
}

#[test]
fn redirects_end() {
    let server = Server::start(|asked, _| match asked.path.as_str() {
        "/robots.txt" => None,
        path => Some(Reply::to(&format!("{path}x"))),
    });
    let folder = tempfile::tempdir().unwrap();
    let error = client(folder.path(), &server)
        .fetch(&request(&server, "/a"))
        .unwrap_err();
    assert!(
        matches!(error, SourceError::Redirects { redirects: 5, .. }),
        "{error}"
    );
    assert_eq!(server.asked().len(), 6);
}

#[test]
fn bodies_above_a_limit_are_refused_whether_they_say_so_or_not() {
    let server = Server::start(|asked, _| match asked.path.as_str() {
        "/says" => Some(Reply::claiming(1 << 40, "200 OK", &[], "x")),
        "/chunked" => {
            let mut body = Vec::new();
            for _ in 0..100 {
                body.extend(b"400\r\n");
                body.extend([b'x'; 0x400]);
                body.extend(b"\r\n");
            }
            body.extend(b"0\r\n\r\n");
            Some(Reply::raw(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
                &body,
            ))
        }
        _ => None,
    });
    let folder = tempfile::tempdir().unwrap();
    let of = settings(folder.path(), &server);
    let limits = Limits {
        body: 50_000,
        ..of.current_limits()
    };
    let client = Client::new(of.limits(limits)).unwrap();
    for path in ["/says", "/chunked"] {
        let error = client.fetch(&request(&server, path)).unwrap_err();
        assert!(
            matches!(error, SourceError::TooLarge { .. }),
            "{path}: {error}"
        );
    }
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn gzip_is_undone_and_a_bomb_is_refused() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let (plain, bomb) = (gzip(b"hello"), gzip(&vec![0; 100 << 20]));
    let cut = plain[..plain.len() - 4].to_vec();
    let server = Server::start(move |asked, _| {
        let gzip = &[("Content-Encoding", "gzip")];
        Some(match asked.path.as_str() {
            "/plain" => Reply::new("200 OK", gzip, &plain),
            "/bomb" => Reply::new("200 OK", gzip, &bomb),
            "/cut" => Reply::new("200 OK", gzip, &cut),
            "/no" => Reply::new("200 OK", gzip, "no gzip at all"),
            "/other" => Reply::new("200 OK", &[("Content-Encoding", "br")], "x"),
            _ => return None,
        })
    });
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path(), &server);
    let response = client.fetch(&request(&server, "/plain")).unwrap();
    assert_eq!(response.bytes().unwrap(), b"hello");
    assert_eq!(server.asked()[0].headers["accept-encoding"], "gzip");
    let error = client.fetch(&request(&server, "/bomb")).unwrap_err();
    assert!(matches!(error, SourceError::TooLarge { .. }), "{error}");
    for path in ["/cut", "/no", "/other"] {
        let error = client.fetch(&request(&server, path)).unwrap_err();
        assert!(
            matches!(error, SourceError::Network { .. }),
            "{path}: {error}"
        );
    }
}

#[test]
fn the_budget_ends_a_run_and_says_which() {
    // How many pages were asked, and what the first error says.
    let of = |budget: fn(Budget) -> Budget| {
        let server = Server::start(|asked, _| {
            (asked.path != "/robots.txt").then(|| Reply::ok([b'x'; 1000]))
        });
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), &server);
        let budget = budget(settings.current_budget());
        let client = Client::new(settings.budget(budget)).unwrap();
        let errors: Vec<String> = (0..5)
            .filter_map(|page| client.fetch(&request(&server, &format!("/{page}"))).err())
            .inspect(|error| assert!(matches!(error, SourceError::Budget { .. }), "{error}"))
            .map(|error| error.to_string())
            .collect();
        (server.asked().len(), errors[0].clone())
    };
    // One of the three is for robots.txt.
    let (asked, error) = of(|budget| Budget {
        requests: 3,
        ..budget
    });
    assert!(
        asked == 2 && error.contains("3 requests"),
        "{asked} {error}"
    );
    let (asked, error) = of(|budget| Budget {
        bytes: 2500,
        ..budget
    });
    assert!(
        asked == 3 && error.contains("2500 bytes"),
        "{asked} {error}"
    );
    let (asked, error) = of(|budget| Budget {
        time: Duration::ZERO,
        ..budget
    });
    assert!(asked == 0 && error.contains("0 s"), "{asked} {error}");
}

#[test]
fn a_host_that_asked_for_a_pause_gets_it_also_when_another_sent_us_there() {
    let busy = Server::start(|asked, _| {
        let later = &[("Retry-After", "3600")];
        (asked.path != "/robots.txt").then(|| Reply::new("429 Too Many Requests", later, ""))
    });
    let place = busy.url("/data");
    let server = Server::start(move |asked, _| match asked.path.as_str() {
        "/moved" => Some(Reply::to(&place)),
        "/own" => Some(Reply::ok("x")),
        _ => None,
    });
    let folder = tempfile::tempdir().unwrap();
    let both = settings(folder.path(), &server).allow_private(&format!("127.0.0.1:{}", busy.port));
    let client = Client::new(both.unwrap()).unwrap();
    for asked in [
        request(&server, "/moved"),
        request(&busy, "/other"),
        request(&server, "/moved"),
    ] {
        let error = client.fetch(&asked).unwrap_err();
        assert!(matches!(error, SourceError::Wait { .. }), "{error}");
    }
    assert_eq!(busy.asked().len(), 1);
    client.fetch(&request(&server, "/own")).unwrap();
}

#[test]
fn robots_are_asked_for_once_by_many_at_once_and_not_again_at_once_when_unreachable() {
    let server = Server::start(|asked, _| match asked.path.as_str() {
        "/robots.txt" => {
            Some(Reply::new("500 Internal Server Error", &[], "").after(Duration::from_millis(50)))
        }
        _ => Some(Reply::ok("x")),
    });
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path(), &server);
    let requests: Vec<Request> = (0..4)
        .map(|page| request(&server, &format!("/{page}")))
        .collect();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let all = requests.iter().map(|request| client.get(request));
        for response in futures_util::future::join_all(all).await {
            assert!(matches!(response, Err(SourceError::Robots { .. })));
        }
    });
    // The three attempts of one request.
    assert_eq!(server.asked_for_robots(), 3);
}

#[test]
fn a_robots_file_may_be_empty_long_or_elsewhere() {
    let long = format!(
        "User-agent: *\nDisallow: /private\n{}",
        "# x\n".repeat(300_000)
    );
    let server = Server::start(move |asked, _| match asked.path.as_str() {
        "/robots.txt" => Some(Reply::to("/rules/1")),
        "/rules/1" => Some(Reply::to("/rules/2")),
        "/rules/2" => Some(Reply::ok(&long)),
        _ => Some(Reply::ok("x")),
    });
    let folder = tempfile::tempdir().unwrap();
    let of = settings(folder.path(), &server);
    let limits = Limits {
        redirects: 0,
        ..of.current_limits()
    };
    let client = Client::new(of.limits(limits)).unwrap();
    client.fetch(&request(&server, "/open")).unwrap();
    let error = client.fetch(&request(&server, "/private")).unwrap_err();
    assert!(matches!(error, SourceError::Robots { .. }), "{error}");
    let empty = Server::start(|asked, _| match asked.path.as_str() {
        "/robots.txt" => Some(Reply::raw(
            b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
            b"",
        )),
        _ => Some(Reply::ok("x")),
    });
    super::client(folder.path(), &empty)
        .fetch(&request(&empty, "/a"))
        .unwrap();
}

#[test]
fn a_redirect_with_a_password_is_not_followed() {
    let inside = Server::start(|_, _| Some(Reply::ok("x")));
    let port = inside.port;
    let server = Server::start(move |asked, _| {
        (asked.path == "/a").then(|| Reply::to(&format!("http://user:secret@127.0.0.1:{port}/")))
    });
    let folder = tempfile::tempdir().unwrap();
    let both = settings(folder.path(), &server).allow_private(&format!("127.0.0.1:{port}"));
    let error = Client::new(both.unwrap())
        .unwrap()
        .fetch(&request(&server, "/a"))
        .unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
    assert!(inside.asked().is_empty());
}

#[test]
fn requests_to_one_host_are_apart_also_when_they_are_made_at_once() {
    let server = Server::start(|_, _| Some(Reply::ok("x")));
    let folder = tempfile::tempdir().unwrap();
    let pace = Pace {
        interval: Duration::from_millis(200),
        concurrency: 8,
        slowing: 0.0,
        longest: Duration::from_secs(1),
    };
    let client = Client::new(settings(folder.path(), &server).pace(pace).ignore_robots()).unwrap();
    let requests: Vec<Request> = (0..4)
        .map(|page| request(&server, &format!("/{page}")))
        .collect();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let all = requests.iter().map(|request| client.get(request));
        for response in futures_util::future::join_all(all).await {
            response.unwrap();
        }
    });
    let asked = server.asked();
    // When a request arrives differs a little from when it was sent.
    let first_to_last = asked[3].at - asked[0].at;
    assert!(
        first_to_last >= Duration::from_millis(150),
        "{first_to_last:?}"
    );
}
