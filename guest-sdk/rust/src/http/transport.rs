//! Requests through `wasi:http`.

use wasip2::{
    http::{
        outgoing_handler,
        types::{
            self, Fields, FutureIncomingResponse, IncomingResponse, OutgoingBody, OutgoingRequest, RequestOptions,
            Scheme,
        },
    },
    io::streams::StreamError,
};

use super::{HttpError, Method, Request, Response};

/// What one write of `wasi:io` takes.
const CHUNK_BYTES: usize = 4096;

/// The most that is asked for at once when a body is read.
const READ_BYTES: u64 = 64 * 1024;

/// Makes the request and waits for the whole answer.
pub(super) fn send(request: Request) -> Result<Response, HttpError> {
    let outgoing = outgoing(&request)?;
    let body = outgoing.body().expect("the body of a new request was not taken yet");
    let pending = outgoing_handler::handle(outgoing, options(&request))
        .map_err(|code| request.error(format!("send: {code:?}")))?;
    write(&request, body)?;
    let answer = wait(&request, &pending)?;
    Ok(Response {
        status: answer.status(),
        headers: answer.headers().entries(),
        body: read(&request, &answer)?,
        url: request.url,
    })
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, HttpError> {
    let (scheme, rest) = request
        .url
        .split_once("://")
        .ok_or_else(|| request.error("a URL begins with `http://` or `https://`".to_owned()))?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    let headers =
        Fields::from_list(&request.headers).map_err(|error| request.error(format!("write the headers: {error:?}")))?;
    let outgoing = OutgoingRequest::new(headers);
    outgoing
        .set_method(&method(request.method))
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(path)))
        .map_err(|()| request.error("this is no valid URL".to_owned()))?;
    Ok(outgoing)
}

fn method(method: Method) -> types::Method {
    match method {
        Method::Get => types::Method::Get,
        Method::Post => types::Method::Post,
        Method::Put => types::Method::Put,
        Method::Delete => types::Method::Delete,
    }
}

fn options(request: &Request) -> Option<RequestOptions> {
    let nanos = u64::try_from(request.timeout?.as_nanos()).unwrap_or(u64::MAX);
    let options = RequestOptions::new();
    // A runtime that does not know one of the timeouts still makes the request.
    let _ = options.set_connect_timeout(Some(nanos));
    let _ = options.set_first_byte_timeout(Some(nanos));
    let _ = options.set_between_bytes_timeout(Some(nanos));
    Some(options)
}

fn write(request: &Request, body: OutgoingBody) -> Result<(), HttpError> {
    let stream = body.write().expect("the stream of a new body was not taken yet");
    for chunk in request.body.chunks(CHUNK_BYTES) {
        stream
            .blocking_write_and_flush(chunk)
            .map_err(|error| request.error(format!("send the body: {error:?}")))?;
    }
    // The stream is a child of the body, which cannot be finished before.
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|code| request.error(format!("send the body: {code:?}")))
}

fn wait(request: &Request, pending: &FutureIncomingResponse) -> Result<IncomingResponse, HttpError> {
    pending.subscribe().block();
    pending
        .get()
        .expect("it is there once it has been waited for")
        .expect("it is taken only once")
        .map_err(|code| request.error(format!("wait for the answer: {code:?}")))
}

fn read(request: &Request, answer: &IncomingResponse) -> Result<Vec<u8>, HttpError> {
    let body = answer.consume().expect("the body of a new answer was not taken yet");
    let stream = body.stream().expect("the stream of a new body was not taken yet");
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ_BYTES) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(error) => return Err(request.error(format!("read the answer: {error:?}"))),
        }
    }
}
