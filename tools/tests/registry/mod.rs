//! A registry of one repository, in this process: uploads, blobs, manifests, and a login if it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the registry has been given.
#[derive(Default)]
pub struct Given {
    /// Blobs by digest.
    pub blobs: BTreeMap<String, Vec<u8>>,
    /// The manifest by tag, with its type.
    pub manifests: BTreeMap<String, (String, Vec<u8>)>,
    /// Method and path of each request.
    pub requests: Vec<String>,
}

/// What the registry does.
#[derive(Clone, Copy, Default)]
pub struct Behaviour {
    /// Asks for a token, which it hands out itself.
    pub asks_for_token: bool,
    /// Names another digest for the manifest.
    pub names_other_digest: bool,
    /// The status of uploads; 0: they are taken.
    pub refuses_with: u16,
}

/// A running registry; its thread ends with the process.
pub struct Registry {
    /// Host and port.
    pub address: String,
    /// What it was given.
    pub given: Arc<Mutex<Given>>,
}

impl Registry {
    /// Starts one on loopback.
    pub fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let given = Arc::new(Mutex::new(Given::default()));
        let (shared, host) = (Arc::clone(&given), address.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, host) = (Arc::clone(&shared), host.clone());
                std::thread::spawn(move || while answer(&stream, &shared, behaviour, &host).is_some() {});
            }
        });
        Self { address, given }
    }
}

/// Reads one request and answers it; `None` when the client has gone.
fn answer(stream: &TcpStream, given: &Mutex<Given>, behaviour: Behaviour, host: &str) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&read| read > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let mut given = given.lock().expect("a lock");
    given.requests.push(format!("{method} {target}"));
    let has_token = headers.get("authorization").is_some_and(|value| value == "Bearer a-token");
    let (status, extra, text) = respond(&method, &target, &headers, body, (behaviour, has_token, host), &mut given);
    drop(given);
    let mut out = stream;
    write!(out, "HTTP/1.1 {status} x\r\ncontent-length: {}\r\n{extra}\r\n{text}", text.len()).ok()
}

fn respond(
    method: &str,
    target: &str,
    headers: &BTreeMap<String, String>,
    body: Vec<u8>,
    (behaviour, has_token, host): (Behaviour, bool, &str),
    given: &mut Given,
) -> (u16, String, &'static str) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path == "/token" {
        return (200, String::new(), r#"{"token": "a-token"}"#);
    }
    if behaviour.asks_for_token && !has_token {
        let realm = format!("www-authenticate: Bearer realm=\"http://{host}/token\",service=\"test\"\r\n");
        return (401, realm, "");
    }
    match (method, path.strip_prefix("/v2/a/filter/")) {
        ("GET", _) => (200, String::new(), ""),
        ("HEAD", Some(path)) => {
            let digest = path.trim_start_matches("blobs/");
            (if given.blobs.contains_key(digest) { 200 } else { 404 }, String::new(), "")
        }
        ("POST", Some("blobs/uploads/")) if behaviour.refuses_with > 0 => (behaviour.refuses_with, String::new(), ""),
        ("POST", Some("blobs/uploads/")) => (202, "location: /v2/a/filter/blobs/uploads/7?state=x\r\n".to_owned(), ""),
        ("PUT", Some("blobs/uploads/7")) => {
            let digest = query.split("digest=").nth(1).unwrap_or_default().replace("%3A", ":");
            given.blobs.insert(digest, body);
            (201, String::new(), "")
        }
        ("PUT", Some(path)) => {
            let kind = headers.get("content-type").cloned().unwrap_or_default();
            given.manifests.insert(path.trim_start_matches("manifests/").to_owned(), (kind, body));
            let digest = "docker-content-digest: sha256:other\r\n";
            (201, if behaviour.names_other_digest { digest.to_owned() } else { String::new() }, "")
        }
        _ => (404, String::new(), ""),
    }
}
