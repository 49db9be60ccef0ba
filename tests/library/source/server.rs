//! A server on loopback whose answers a test writes byte by byte, so that it can lie, stall and break off like real ones.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// One request as it came.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) headers: HashMap<String, String>,
    pub(super) at: Instant,
}

/// What is sent back: pieces of bytes with pauses before them, then the connection is closed.
pub(super) struct Reply(Vec<(Duration, Vec<u8>)>);

impl Reply {
    /// A whole answer with its length.
    pub(super) fn new(status: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Reply {
        let length = body.as_ref().len();
        Reply::claiming(length, status, headers, body)
    }

    /// An answer that claims a length.
    pub(super) fn claiming(
        length: usize,
        status: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Reply {
        let mut bytes =
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n")
                .into_bytes();
        for (name, value) in headers {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(body.as_ref());
        Reply(vec![(Duration::ZERO, bytes)])
    }

    /// An answer as it stands on the wire.
    pub(super) fn raw(head: &[u8], body: &[u8]) -> Reply {
        Reply(vec![(Duration::ZERO, [head, body].concat())])
    }

    pub(super) fn ok(body: impl AsRef<[u8]>) -> Reply {
        Reply::new("200 OK", &[], body)
    }

    pub(super) fn to(location: &str) -> Reply {
        Reply::new("302 Found", &[("Location", location)], "")
    }

    /// The same, after a pause.
    pub(super) fn after(mut self, pause: Duration) -> Reply {
        self.0[0].0 = pause;
        self
    }
}

/// A running server; it ends with the test's process.
pub(super) struct Server {
    pub(super) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Answers each request by what `reply` makes of it and of how often its path was asked before. A request for robots.txt
    /// that it makes nothing of is answered with 404.
    pub(super) fn start(
        reply: impl Fn(&Asked, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (kept, reply) = (Arc::clone(&asked), Arc::new(reply));
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (kept, reply) = (Arc::clone(&kept), Arc::clone(&reply));
                std::thread::spawn(move || answer(&connection, &kept, &*reply));
            }
        });
        Server { port, asked }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// All requests so far but those for robots.txt.
    pub(super) fn asked(&self) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|asked| asked.path != "/robots.txt")
            .cloned()
            .collect()
    }

    pub(super) fn asked_for_robots(&self) -> usize {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|asked| asked.path == "/robots.txt")
            .count()
    }
}

fn answer(
    mut connection: &TcpStream,
    kept: &Mutex<Vec<Asked>>,
    reply: &(dyn Fn(&Asked, usize) -> Option<Reply> + Send + Sync),
) {
    let mut lines = BufReader::new(connection).lines();
    let Some(Ok(first)) = lines.next() else {
        return;
    };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    for line in lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
    {
        if let Some((name, value)) = line.split_once(": ") {
            headers.insert(name.to_lowercase(), value.to_owned());
        }
    }
    let asked = Asked {
        path,
        headers,
        at: Instant::now(),
    };
    let before = {
        let mut kept = kept.lock().unwrap();
        let before = kept.iter().filter(|other| other.path == asked.path).count();
        kept.push(asked.clone());
        before
    };
    let reply =
        reply(&asked, before).unwrap_or_else(|| Reply::new("404 Not Found", &[], "nothing here"));
    for (pause, bytes) in reply.0 {
        std::thread::sleep(pause);
        // A client that has gone away is what some tests are about.
        if connection.write_all(&bytes).is_err() {
            return;
        }
    }
}
