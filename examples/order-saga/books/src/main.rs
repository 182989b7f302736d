//! The world outside of the workflows: a small service that counts what really happens.
//!
//! It listens on 127.0.0.1, on the port that the first argument names or on a free one, and prints where.
//!
//! - `POST /effects/<activity type>` with a JSON body and the header `idempotency-key`: has the effect, once per key.
//! - `GET /effects`: everything that happened, with the number of requests that asked for it.

mod ledger;
mod server;

use std::{error::Error, io::Write, sync::Arc, thread};

use tiny_http::Server;

/// Requests that are served at the same time.
const THREADS: usize = 4;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "0".to_owned());
    let server = Arc::new(Server::http(format!("127.0.0.1:{port}"))?);
    writeln!(std::io::stdout(), "books listening on {}", server.server_addr())?;
    let ledger = Arc::default();
    let workers: Vec<_> = (0..THREADS)
        .map(|_| {
            let (server, ledger) = (Arc::clone(&server), Arc::clone(&ledger));
            thread::spawn(move || server::serve(&server, &ledger))
        })
        .collect();
    for worker in workers {
        worker
            .join()
            .map_err(|_| "a worker has panicked; its message is above")?;
    }
    Ok(())
}
