//! A registry that does as it is told, also what no registry should, and that remembers who asked what.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use images::Digest;
use support::World;
use support::image::skopeo;

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// What somebody asked; names of headers in small letters.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The first byte of a range that was asked for.
    pub fn from(&self) -> usize {
        self.header("range").trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap_or(0)
    }
}

/// What it gets.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The connection ends after so many bytes of the body.
    pub cut: Option<usize>,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply { status, body: body.into(), ..Reply::default() }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Reply {
        self.headers.push((name.to_string(), value.into()));
        self
    }

    pub fn error(status: u16, code: &str) -> Reply {
        Reply::new(status, format!(r#"{{"errors":[{{"code":"{code}","message":""}}]}}"#))
    }

    /// The part of it that was asked for.
    pub fn part(mut self, request: &Request) -> Reply {
        let from = request.from();
        if from > 0 {
            self.body.drain(..from.min(self.body.len()));
            self.status = 206;
        }
        self
    }
}

/// The server; it ends when this is dropped.
pub struct Fake {
    pub address: String,
    log: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// One on a free port of `ip`; each IP is another host to a client.
    pub fn start(ip: &str, answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Fake {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (log, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log_there, stop_there, answer) = (log.clone(), stop.clone(), Arc::new(answer));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop_there.load(Ordering::SeqCst) {
                    return;
                }
                let (log, answer) = (log_there.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &log, answer.as_ref()));
            }
        });
        Fake { address, log, stop, thread: Some(thread) }
    }

    /// What was asked so far.
    pub fn log(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }

    /// `GET /v2/`, one a line.
    pub fn lines(&self) -> String {
        self.log().iter().map(|request| format!("{} {}\n", request.method, request.path)).collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(&self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request) -> Reply) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(request) = read(&mut reader) {
        log.lock().unwrap().push(request.clone());
        let reply = answer(&request);
        let mut head = format!("HTTP/1.1 {} Status\r\n", reply.status);
        for (name, value) in &reply.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !reply.headers.iter().any(|(name, _)| name == "Content-Length") {
            head += &format!("Content-Length: {}\r\n", reply.body.len());
        }
        head += "\r\n";
        let body = match (request.method.as_str(), reply.cut) {
            ("HEAD", _) => &[][..],
            (_, Some(cut)) => &reply.body[..cut.min(reply.body.len())],
            (_, None) => &reply.body,
        };
        let mut stream = reader.get_ref();
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).is_err() || reply.cut.is_some() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split(' ');
    let mut request = Request { method: words.next()?.into(), path: words.next()?.into(), ..Request::default() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        request.headers.insert(name.to_lowercase(), value.to_string());
    }
    let length: u64 = request.header("content-length").parse().unwrap_or(0);
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body).ok()?;
    Some(request)
}

/// An image as a registry has it.
#[derive(Clone)]
pub struct Shelf {
    pub manifest: Vec<u8>,
    pub kind: String,
    /// By digest.
    pub blobs: BTreeMap<String, Vec<u8>>,
}

impl Shelf {
    /// What skopeo makes of a docker-archive; layers compressed with gzip.
    pub fn of(world: &World, archive: &Path) -> Shelf {
        let dir = world.root().join("tmp").join(format!("shelf-{}", archive.file_name().unwrap().display()));
        skopeo(world)
            .args(["copy", "--format", "oci", "--dest-compress"])
            .arg(format!("docker-archive:{}", archive.display()))
            .arg(format!("dir:{}", dir.display()))
            .assert()
            .success();
        let mut blobs = BTreeMap::new();
        for entry in fs::read_dir(&dir).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            if name.len() == 64 {
                blobs.insert(format!("sha256:{name}"), fs::read(entry.path()).unwrap());
            }
        }
        Shelf { manifest: fs::read(dir.join("manifest.json")).unwrap(), kind: MANIFEST.into(), blobs }
    }

    pub fn digest(&self) -> String {
        Digest::of(&self.manifest).to_string()
    }

    /// The largest blob: a layer.
    pub fn layer(&self) -> (String, Vec<u8>) {
        let (digest, blob) = self.blobs.iter().max_by_key(|(_, blob)| blob.len()).unwrap();
        (digest.clone(), blob.clone())
    }

    /// The same with another manifest.
    pub fn with(&self, change: impl Fn(String) -> String) -> Shelf {
        let manifest = change(String::from_utf8(self.manifest.clone()).unwrap()).into_bytes();
        Shelf { manifest, ..self.clone() }
    }

    /// What a good registry answers.
    pub fn reply(&self, request: &Request) -> Reply {
        if request.path == "/v2/" {
            return Reply::new(200, "{}");
        }
        if request.path.contains("/manifests/") {
            return Reply::new(200, self.manifest.clone()).header("Content-Type", &self.kind);
        }
        let digest = request.path.rsplit('/').next().unwrap();
        match self.blobs.get(digest) {
            Some(blob) => Reply::new(200, blob.clone()).part(request),
            None => Reply::error(404, "BLOB_UNKNOWN"),
        }
    }
}

/// Everything that a program wrote, and its status.
pub fn output(command: &mut assert_cmd::Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code().map_or("killed".to_string(), |code| code.to_string());
    format!("{}{}status {status}\n", text(&output.stderr), text(&output.stdout))
}

/// `pull -q` of `name` without TLS.
pub fn pull(world: &World, name: &str) -> String {
    output(world.command("registry").args(["pull", "-q", "--tls-verify=false", name]))
}

/// What the store has: images, layers, documents, names, and work in progress.
pub fn stored(world: &World) -> [usize; 5] {
    let count = |dir: &str| {
        let entries = fs::read_dir(world.data().join("podling").join(dir)).into_iter().flatten().flatten();
        entries.filter(|entry| entry.file_name() != "gate").count()
    };
    ["images", "layers/sha256", "blobs/sha256", "names", "tmp"].map(count)
}
