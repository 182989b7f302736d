//! Decode, call, encode.

use std::{
    io::{self, Cursor},
    sync::Mutex,
};

use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, Server};

use crate::ledger::{Entry, Ledger, Refusal};

/// Answers requests until the server is gone.
pub(crate) fn serve(server: &Server, ledger: &Mutex<Ledger>) {
    for mut request in server.incoming_requests() {
        let (status, body) = answer(&mut request, ledger);
        // A client that has gone away asks again, with the same key.
        let _ = request.respond(response(status, &body));
    }
}

fn answer(request: &mut Request, ledger: &Mutex<Ledger>) -> (u16, Value) {
    let path = request.url().to_owned();
    match (request.method(), path.strip_prefix("/effects")) {
        (Method::Get, Some("")) => {
            let ledger = ledger.lock().expect("no request panics while it holds the ledger");
            (200, json!(*ledger))
        }
        (Method::Post, Some(rest)) if rest.len() > 1 => match entry(request, &rest[1..]) {
            Ok(entry) => {
                let mut ledger = ledger.lock().expect("no request panics while it holds the ledger");
                match ledger.write(entry) {
                    Ok(output) => (200, output),
                    Err(refusal) => refused(&refusal),
                }
            }
            Err(error) => refused(&Refusal::malformed(error.to_string())),
        },
        _ => (
            404,
            json!({ "error": "NotFound", "message": format!("there is no {path}; see /effects") }),
        ),
    }
}

fn entry(request: &mut Request, kind: &str) -> io::Result<Entry> {
    let key =
        header(request, "idempotency-key").ok_or_else(|| io::Error::other("the header idempotency-key is missing"))?;
    let workflow_id = header(request, "workflow-id").unwrap_or_default();
    Ok(Entry::new(
        kind,
        key,
        workflow_id,
        serde_json::from_reader(request.as_reader())?,
    ))
}

fn header(request: &Request, name: &'static str) -> Option<String> {
    let found = request.headers().iter().find(|header| header.field.equiv(name))?;
    Some(found.value.to_string())
}

fn refused(refusal: &Refusal) -> (u16, Value) {
    (
        refusal.status,
        json!({ "error": refusal.error, "message": refusal.message }),
    )
}

fn response(status: u16, body: &Value) -> Response<Cursor<Vec<u8>>> {
    let json = Header::from_bytes("content-type", "application/json").expect("the header is well formed");
    Response::from_string(body.to_string())
        .with_status_code(status)
        .with_header(json)
}
