//! Points and spans of time, as the machine computes with them.
//!
//! The clock itself is read in one place, `wrt_engine::clock`; everywhere else `now` is an argument.

use std::time::Duration;

use prost_types::{Duration as ProtoDuration, Timestamp};

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Time = Time(0);

    /// The point `nanos` nanoseconds after the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Time(nanos)
    }

    /// The point that a text in the form of RFC 3339 names, such as `2026-01-31T12:00:00Z`.
    pub fn parse(text: &str) -> Option<Self> {
        let timestamp: Timestamp = text.parse().ok()?;
        Some(Time::from(&timestamp))
    }

    /// Nanoseconds since the epoch.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The point `span` later; stops at the end of what can be represented (the year 2262).
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Time(self.0.saturating_add(span_nanos(span)))
    }

    /// The point `span` earlier; stops at the beginning of what can be represented (the year 1677).
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Time(self.0.saturating_sub(span_nanos(span)))
    }

    /// The span since `earlier`, zero when that lies in the future.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl From<Time> for Timestamp {
    fn from(time: Time) -> Self {
        Timestamp {
            seconds: time.0.div_euclid(1_000_000_000),
            nanos: i32::try_from(time.0.rem_euclid(1_000_000_000)).expect("a remainder of a billion fits i32"),
        }
    }
}

impl From<&Timestamp> for Time {
    fn from(timestamp: &Timestamp) -> Self {
        Time(
            timestamp
                .seconds
                .saturating_mul(1_000_000_000)
                .saturating_add(i64::from(timestamp.nanos)),
        )
    }
}

/// Nanoseconds of a span, as far as i64 reaches (292 years).
pub fn span_nanos(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}

/// Reads a protobuf duration. Negative spans count as zero.
pub fn span(duration: &ProtoDuration) -> Duration {
    let nanos = i128::from(duration.seconds) * 1_000_000_000 + i128::from(duration.nanos);
    Duration::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
}

/// True for a span that goes backwards, which no timeout may.
pub fn is_negative(duration: &ProtoDuration) -> bool {
    duration.seconds < 0 || duration.nanos < 0
}

/// Reads an optional protobuf duration as Temporal does: absent and zero both mean "not set".
pub fn span_set(duration: Option<&ProtoDuration>) -> Option<Duration> {
    duration.map(span).filter(|span| !span.is_zero())
}

/// Writes a span as a protobuf duration.
pub fn proto_span(span: Duration) -> ProtoDuration {
    ProtoDuration {
        seconds: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(span.subsec_nanos()).expect("below a billion"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_round_trip_on_both_sides_of_the_epoch() {
        for nanos in [0, 1, -1, 1_700_000_000_123_456_789, -1_500_000_000] {
            let time = Time::from_nanos(nanos);
            assert_eq!(Time::from(&Timestamp::from(time)), time);
        }
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Time::from_nanos(i64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        assert_eq!(Time::EPOCH.since(end), Duration::ZERO);
    }

    #[test]
    fn negative_and_zero_durations_are_not_set() {
        let negative = ProtoDuration { seconds: -3, nanos: 0 };
        assert!(is_negative(&negative) && is_negative(&ProtoDuration { seconds: 0, nanos: -1 }));
        assert!(!is_negative(&ProtoDuration::default()));
        assert_eq!(span(&negative), Duration::ZERO);
        assert_eq!(span_set(Some(&negative)), None);
        assert_eq!(
            span_set(Some(&proto_span(Duration::from_millis(1)))),
            Some(Duration::from_millis(1))
        );
    }
}
