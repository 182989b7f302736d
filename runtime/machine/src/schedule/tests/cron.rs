//! Cron schedules of workflows.

use super::{text, time};
use crate::next_cron_time;

#[track_caller]
fn check(cron: &str, after: &str, expected: &str) {
    let next = next_cron_time(cron, time(after)).map(|next| next.map_or_else(|| "never".to_owned(), text));
    assert_eq!(next.as_deref(), Ok(expected), "{cron} after {after}");
}

#[test]
fn the_next_time() {
    let day = "2024-01-31T10:00:00.5Z";
    check("* * * * *", day, "2024-01-31T10:01:00Z");
    check("0 10 * * *", "2024-01-31T10:00:00Z", "2024-02-01T10:00:00Z");
    check("@hourly", day, "2024-01-31T11:00:00Z");
    check("@every 90s", day, "2024-01-31T10:01:30Z");
    check("0 0 ? * ?", day, "2024-02-01T00:00:00Z");
    check("0 0 30 2 *", day, "never");
    check("CRON_TZ=Asia/Tokyo 0 9 * * *", day, "2024-02-01T00:00:00Z");
    // What the clock leaps over does not come.
    check(
        "TZ=America/New_York 30 2 * * *",
        "2024-03-09T12:00:00Z",
        "2024-03-11T06:30:00Z",
    );
}

#[test]
fn one_of_the_two_days_is_enough() {
    let day = "2024-01-31T10:00:00Z";
    check("0 0 13 * fri", day, "2024-02-02T00:00:00Z");
    check("0 0 1 * fri", day, "2024-02-01T00:00:00Z");
    // Unless one of them says nothing.
    check("0 0 * * fri", day, "2024-02-02T00:00:00Z");
    check("0 0 13 * *", day, "2024-02-13T00:00:00Z");
    check("0 0 */40 * fri", "2024-02-02T10:00:00Z", "2024-02-09T00:00:00Z");
}

#[test]
fn texts_that_make_no_sense_are_refused() {
    for (cron, expected) in [
        ("", "has 0 fields"),
        ("* * * * * *", "has 6 fields"),
        ("61 * * * *", "Minute cannot be \"61\""),
        ("@every x", "not a span of time"),
        ("TZ=Nowhere * * * * *", "unknown time zone Nowhere"),
    ] {
        let error = next_cron_time(cron, time("2024-01-31T10:00:00Z")).unwrap_err();
        assert!(error.contains(expected), "{error:?} does not contain {expected:?}");
    }
}
