//! How long a call may wait for something to happen.

use std::time::Duration;

use http::HeaderMap;
use tonic::metadata::MetadataMap;
use wrt_engine::EngineError;

use crate::validate::{self, Checked};

/// What is left of the caller's time to carry the empty answer back. Without it, the call would end in an error just
/// when it has nothing to tell.
const MARGIN: Duration = Duration::from_secs(1);

/// The shortest time limit that a worker's poll may have.
const SHORTEST_POLL: Duration = Duration::from_secs(2);

/// The wait for a call that may take `longest`, or less when the caller's `grpc-timeout` says so.
pub(crate) fn wait(metadata: &MetadataMap, longest: Duration) -> Duration {
    match timeout(metadata.as_ref()) {
        Some(timeout) => longest.min(timeout.saturating_sub(MARGIN.min(timeout / 2))),
        None => longest,
    }
}

/// The wait of a worker's poll. Without a time limit of its own it would wait on where its client has gone away, and with a
/// tiny one it would do nothing but come back.
pub(crate) fn poll_wait(metadata: &MetadataMap, longest: Duration) -> Checked<Duration> {
    match timeout(metadata.as_ref()) {
        None => validate::invalid("Context timeout is not set: a poll needs a grpc-timeout."),
        Some(timeout) if timeout < SHORTEST_POLL => Err(EngineError::FailedPrecondition(format!(
            "Context timeout is too short: a poll's grpc-timeout is at least {SHORTEST_POLL:?}."
        ))
        .into()),
        Some(_) => Ok(wait(metadata, longest)),
    }
}

/// Reads `grpc-timeout`: at most eight digits and a unit. `None` when it is absent or malformed, as gRPC asks.
pub(crate) fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &'static str, expected_ms: u64) {
        let mut metadata = MetadataMap::new();
        metadata.insert("grpc-timeout", header.parse().unwrap());
        assert_eq!(
            wait(&metadata, Duration::from_secs(60)),
            Duration::from_millis(expected_ms),
            "{header}"
        );
    }

    #[test]
    fn waits_end_a_second_before_the_caller_gives_up() {
        check("70S", 60_000);
        check("1H", 60_000);
        check("30S", 29_000);
        check("10000m", 9_000);
        check("5000000u", 4_000);
    }

    #[test]
    fn short_timeouts_leave_half_of_themselves() {
        check("1S", 500);
        check("100m", 50);
        check("0S", 0);
    }

    #[test]
    fn malformed_timeouts_do_not_count() {
        for header in ["", "S", "10", "-1S", "999999999S", "1.5S", "10s", "1é"] {
            let mut metadata = MetadataMap::new();
            if let Ok(value) = header.parse() {
                metadata.insert("grpc-timeout", value);
            }
            assert_eq!(
                wait(&metadata, Duration::from_secs(20)),
                Duration::from_secs(20),
                "{header}"
            );
        }
    }
}
