//! Requests that are wrong: for each call, the code and the words of its refusal.

mod activity;
mod deployment;
mod namespace;
mod run;
mod start;
mod token;

use wrt_model::{payload, proto::Payloads};

const SOME_RUN_ID: &str = "5b7d1f3c-0d4e-4c8b-9d0a-2a2f5c8e1b11";

/// Longer than any id may be.
fn long() -> String {
    "x".repeat(1001)
}

/// Too large for one call, and small enough for one message.
fn large() -> Option<Payloads> {
    payload::payloads(vec![payload::json(vec![b' '; 3 << 20])])
}

/// Sends `$call` with each request of the table and checks its refusal.
macro_rules! refused {
    ($client:expr, $call:ident, [$(($request:expr, $code:ident, $words:expr)),* $(,)?]) => {
        $(crate::assert_refused($client.$call($request).await, tonic::Code::$code, $words);)*
    };
}

use refused;
