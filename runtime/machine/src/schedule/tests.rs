//! Schedules, from texts to workflows.

mod cron;
mod leap;
mod model;
mod overlap;
mod spec;
mod told;
mod triggers;
mod turns;
mod world;

use jiff::Timestamp;
use wrt_model::Time;

/// A point in time, in RFC 3339.
fn time(text: &str) -> Time {
    let point: Timestamp = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    Time::from_nanos(i64::try_from(point.as_nanosecond()).expect("a time of our days"))
}

/// A point in time as RFC 3339.
fn text(time: Time) -> String {
    Timestamp::from_nanosecond(time.nanos().into())
        .expect("a time of our days")
        .to_string()
}
