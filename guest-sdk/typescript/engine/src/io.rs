//! What activities wait for: timers and requests. Any number may be open; waiting brings the first that is ready.

use std::{cell::RefCell, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use wasip2::{
    clocks::monotonic_clock,
    http::{
        outgoing_handler,
        types::{
            ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
        },
    },
    io::{
        poll::{self, Pollable},
        streams::StreamError,
    },
};

use crate::bindings::imports::workflow::log::Level;

/// What one write of `wasi:io` takes.
const CHUNK_BYTES: usize = 4096;

/// The most that is asked for at once when a body is read.
const READ_BYTES: u64 = 64 * 1024;

/// A request, as the SDK gives it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

/// An answer, read to its end.
#[derive(Serialize)]
pub(crate) struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// How a wait ends: a timer has nothing to say.
pub(crate) type Outcome = Result<Option<Response>, String>;

enum Waiting {
    Timer,
    Request {
        url: String,
        answer: FutureIncomingResponse,
    },
    /// It failed before it was sent.
    Failed(String),
}

#[derive(Default)]
struct Waits {
    last_id: u32,
    /// The pollable of an entry is dropped before what it is of.
    open: BTreeMap<u32, (Option<Pollable>, Waiting)>,
}

thread_local! {
    static WAITS: RefCell<Waits> = RefCell::default();
}

/// Begins to wait for so many milliseconds.
pub(crate) fn start_timer(milliseconds: f64) -> u32 {
    let nanos = (milliseconds.max(0.0) * 1e6) as u64;
    open(Some(monotonic_clock::subscribe_duration(nanos)), Waiting::Timer)
}

/// Sends a request.
pub(crate) fn start_request(request: Request) -> u32 {
    match send(&request) {
        Ok(answer) => {
            let url = request.url;
            open(Some(answer.subscribe()), Waiting::Request { url, answer })
        }
        Err(error) => open(None, Waiting::Failed(named(&request.method, &request.url, &error))),
    }
}

/// Gives up waiting.
pub(crate) fn cancel(id: u32) {
    WAITS.with_borrow_mut(|waits| drop(waits.open.remove(&id)));
}

/// Forgets what an attempt has left open.
pub(crate) fn clear() {
    WAITS.with_borrow_mut(|waits| waits.open.clear());
}

/// Waits for the first that is ready; `None` when nothing is open.
pub(crate) fn wait() -> Option<(u32, Outcome)> {
    let (id, waiting) = WAITS.with_borrow_mut(|waits| {
        let failed = waits.open.iter().find(|(_, (pollable, _))| pollable.is_none());
        let ready = match failed {
            Some((&id, _)) => id,
            None => {
                let pollables: Vec<_> = waits
                    .open
                    .iter()
                    .filter_map(|(&id, (it, _))| Some((id, it.as_ref()?)))
                    .collect();
                let all: Vec<_> = pollables.iter().map(|(_, pollable)| *pollable).collect();
                if all.is_empty() {
                    return None;
                }
                let first = poll::poll(&all).into_iter().min()?;
                pollables[first as usize].0
            }
        };
        let (pollable, waiting) = waits.open.remove(&ready)?;
        drop(pollable);
        Some((ready, waiting))
    })?;
    let outcome = match waiting {
        Waiting::Timer => Ok(None),
        Waiting::Request { url, answer } => receive(&answer).map(Some).map_err(|error| named("", &url, &error)),
        Waiting::Failed(error) => Err(error),
    };
    Some((id, outcome))
}

/// Prints a line, which becomes one of the attempt's log.
pub(crate) fn log(level: Level, message: &str, fields: &[(String, String)]) {
    let fields: String = fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    match level {
        Level::Warn | Level::Error => eprintln!("{message}{fields}"),
        Level::Trace | Level::Debug | Level::Info => println!("{message}{fields}"),
    }
}

fn open(pollable: Option<Pollable>, waiting: Waiting) -> u32 {
    WAITS.with_borrow_mut(|waits| {
        waits.last_id += 1;
        waits.open.insert(waits.last_id, (pollable, waiting));
        waits.last_id
    })
}

fn named(method: &str, url: &str, error: &str) -> String {
    format!("{method} {url}: {error}").trim_start().to_owned()
}

// === Requests ===

fn send(request: &Request) -> Result<FutureIncomingResponse, String> {
    let outgoing = outgoing(request)?;
    let body = outgoing.body().expect("the body of a new request was not taken yet");
    let answer = outgoing_handler::handle(outgoing, None).map_err(|code| words(&code))?;
    let stream = body.write().expect("the stream of a new body was not taken yet");
    for chunk in request.body.iter().flat_map(|body| body.chunks(CHUNK_BYTES)) {
        let written = stream.blocking_write_and_flush(chunk);
        written.map_err(|error| format!("send the body: {error:?}"))?;
    }
    // The stream is a child of the body, which cannot be finished before.
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|code| words(&code))?;
    Ok(answer)
}

/// What went wrong, in words.
fn words(code: &ErrorCode) -> String {
    match code {
        ErrorCode::InternalError(Some(words)) => words.clone(),
        other => format!("{other:?}"),
    }
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, String> {
    let url = request.url.split_once("://");
    let (scheme, rest) = url.ok_or("a URL begins with `http://` or `https://`")?;
    let (authority, path) = rest.find(['/', '?']).map_or((rest, "/"), |end| rest.split_at(end));
    let path = if path.starts_with('?') {
        format!("/{path}")
    } else {
        path.to_owned()
    };
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    let headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into_bytes()))
        .collect();
    let headers = Fields::from_list(&headers).map_err(|error| format!("write the headers: {error:?}"))?;
    let outgoing = OutgoingRequest::new(headers);
    outgoing
        .set_method(&method(&request.method))
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(&path)))
        .map_err(|()| "this is no valid URL".to_owned())?;
    Ok(outgoing)
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn receive(answer: &FutureIncomingResponse) -> Result<Response, String> {
    let answer = answer.get().expect("it is ready").expect("it is taken only once");
    let answer = answer.map_err(|code| words(&code))?;
    let headers = answer.headers().entries().into_iter();
    Ok(Response {
        status: answer.status(),
        headers: headers
            .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
            .collect(),
        body: read(&answer)?,
    })
}

fn read(answer: &IncomingResponse) -> Result<Vec<u8>, String> {
    let body = answer.consume().expect("the body of a new answer was not taken yet");
    let stream = body.stream().expect("the stream of a new body was not taken yet");
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ_BYTES) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(error) => return Err(format!("read the answer: {error:?}")),
        }
    }
}
