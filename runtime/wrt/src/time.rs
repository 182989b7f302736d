//! Points and spans of time as text.

use std::time::{Duration, SystemTime};

use prost_types::{Duration as ProtoDuration, Timestamp};
use wrt_model::Time;

/// A point in time in RFC 3339, to the millisecond; empty for none.
pub(crate) fn point(timestamp: Option<&Timestamp>) -> String {
    timestamp.map_or_else(String::new, |timestamp| {
        let nanos = u64::try_from(Time::from(timestamp).nanos()).unwrap_or(0);
        let point = SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos);
        humantime::format_rfc3339_millis(point).to_string()
    })
}

/// Reads a point in time such as `2026-01-31T12:00:00Z`.
pub(crate) fn parse_point(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a point in time; write for instance 2026-01-31T12:00:00Z"))
}

/// A span such as `1m 30s`; empty for none and for zero, which is how messages say "not set".
pub(crate) fn span(duration: Option<&ProtoDuration>) -> String {
    duration
        .and_then(|duration| Duration::try_from(*duration).ok())
        .filter(|span| !span.is_zero())
        .map_or_else(String::new, |span| humantime::format_duration(span).to_string())
}

/// The span between two points, to the millisecond; empty when one is missing.
pub(crate) fn between(start: Option<&Timestamp>, end: Option<&Timestamp>) -> String {
    millis_between(start, end).map(millis).unwrap_or_default()
}

/// A span in milliseconds, such as `1s 250ms`.
pub(crate) fn millis(millis: u64) -> String {
    humantime::format_duration(Duration::from_millis(millis)).to_string()
}

/// The milliseconds between two points; `None` when one is missing.
pub(crate) fn millis_between(start: Option<&Timestamp>, end: Option<&Timestamp>) -> Option<u64> {
    let span = Time::from(end?).since(Time::from(start?));
    u64::try_from(span.as_millis()).ok()
}

/// A span as the message that requests carry.
pub(crate) fn proto(duration: Duration) -> anyhow::Result<ProtoDuration> {
    ProtoDuration::try_from(duration)
        .map_err(|_| anyhow::anyhow!("{} is too long a time", humantime::format_duration(duration)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, millis: i32) -> Timestamp {
        Timestamp {
            seconds,
            nanos: millis * 1_000_000,
        }
    }

    #[test]
    fn points_and_spans_read_well() {
        assert_eq!(point(Some(&at(1_700_000_000, 25))), "2023-11-14T22:13:20.025Z");
        assert_eq!(point(None), "");
        assert_eq!(span(Some(&proto(Duration::from_secs(90)).unwrap())), "1m 30s");
        assert_eq!(span(Some(&ProtoDuration::default())), "");
        assert_eq!(between(Some(&at(5, 0)), Some(&at(6, 250))), "1s 250ms");
        assert_eq!(between(Some(&at(5, 0)), None), "");
    }
}
