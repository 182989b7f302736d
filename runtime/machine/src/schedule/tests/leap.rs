//! Excluded times are leapt over, however many there are, and a spec that contradicts itself has no times.

use wrt_model::{
    proto::schedule::{IntervalSpec, ScheduleSpec, StructuredCalendarSpec},
    time::proto_span,
};

use super::{text, time};
use crate::schedule::{Spec, spec::canonical};
use std::time::Duration;

/// A spec of lines such as `include 0 12 * * *`, `every 7h`, `exclude * * * 6-8 *` and `zone Europe/Berlin`. The fields
/// are those of cron strings.
fn spec(lines: &str) -> Spec {
    let mut spec = ScheduleSpec::default();
    for line in lines.lines().map(str::trim) {
        let (word, rest) = line.split_once(' ').unwrap();
        match word {
            "include" => spec.cron_string.push(rest.to_owned()),
            "every" => spec.cron_string.push(format!("@every {rest}")),
            "exclude" => spec.exclude_structured_calendar.push(calendar(rest)),
            "zone" => spec.timezone_name = rest.to_owned(),
            "until" => spec.end_time = Some(time(rest).into()),
            "jitter" => spec.jitter = Some(proto_span(Duration::from_secs(rest.parse().unwrap()))),
            other => panic!("{other} is no word of a spec"),
        }
    }
    Spec::new(&canonical(spec).unwrap(), "seed".to_owned()).unwrap()
}

fn calendar(cron: &str) -> StructuredCalendarSpec {
    let spec = ScheduleSpec {
        cron_string: vec![cron.to_owned()],
        ..Default::default()
    };
    canonical(spec).unwrap().structured_calendar.remove(0)
}

/// The time that follows `after`, or "none".
#[track_caller]
fn check(lines: &str, after: &str, expected: &str) {
    let next = spec(lines).next(time(after));
    let next = next.map_or("none".to_owned(), |next| text(next.nominal));
    assert_eq!(next, expected, "{lines} after {after}");
}

#[test]
fn long_stretches_are_leapt_over() {
    // Every minute without the summer.
    let summer = "include * * * * *\nexclude * * * * 6-8 * *";
    check(summer, "2024-05-31T23:59:00Z", "2024-09-01T00:00:00Z");
    check(summer, "2024-07-10T12:00:00Z", "2024-09-01T00:00:00Z");
    check(summer, "2024-08-31T23:58:59Z", "2024-09-01T00:00:00Z");
    check(summer, "2024-09-01T00:00:00Z", "2024-09-01T00:01:00Z");
    // Every second without weekends.
    let weekdays = "include * * * * * * *\nexclude * * * * * sat,sun *";
    check(weekdays, "2024-11-01T23:59:59Z", "2024-11-04T00:00:00Z");
    check(weekdays, "2024-11-04T00:00:00Z", "2024-11-04T00:00:01Z");
    // Every second except for one second a year.
    let second = "include * * * * * * *\nexclude 0 0 0 1 1 * *";
    check(second, "2024-12-31T23:59:58Z", "2024-12-31T23:59:59Z");
    check(second, "2024-12-31T23:59:59Z", "2025-01-01T00:00:01Z");
    // Every second, only one of which is left in a year, or in four, or at all.
    let all_but = |left: &str| format!("include * * * * * * *\n{left}");
    let year = all_but(
        "exclude 1-59 * * * * * *\nexclude * 1-59 * * * * *\nexclude * * 1-23 * * * *\nexclude * * * 2-31 * * *\nexclude * * * * 2-12 * *",
    );
    check(&year, "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z");
    let leap = all_but(
        "exclude 0-58 * * * * * *\nexclude * 0-58 * * * * *\nexclude * * 0-22 * * * *\nexclude * * * 1-28,30-31 * * *\nexclude * * * * 1,3-12 * *",
    );
    check(&leap, "2024-03-01T00:00:00Z", "2028-02-29T23:59:59Z");
    check(&leap, "2096-03-01T00:00:00Z", "none");
    let last = all_but(
        "exclude * * * * * * 2000-2099\nexclude * * * * 1-11 * *\nexclude * * * 1-30 * * *\nexclude * * 0-22 * * * *",
    );
    check(&last, "2024-01-01T00:00:00Z", "2100-12-31T23:00:00Z");
    check(&last, "2100-12-31T23:59:58Z", "2100-12-31T23:59:59Z");
    check(&last, "2100-12-31T23:59:59Z", "none");
}

#[test]
fn intervals_are_leapt_over_too() {
    check(
        "every 1m\nexclude * * * * 6-8 * *",
        "2024-05-31T23:59:00Z",
        "2024-09-01T00:00:00Z",
    );
    check("every 1h\nexclude * 0 * * * * *", "2024-01-01T00:00:00Z", "none");
    check(
        "every 1h/30m\nexclude * 0 * * * * *",
        "2024-01-01T00:00:00Z",
        "2024-01-01T00:30:00Z",
    );
    // In Kolkata, full hours of UTC are half ones.
    check(
        "every 1h\nexclude * 0 * * * * *\nzone Asia/Kolkata",
        "2024-01-01T00:00:00Z",
        "2024-01-01T01:00:00Z",
    );
    check(
        "every 1h\nexclude * 30 * * * * *\nzone Asia/Kolkata",
        "2024-01-01T00:00:00Z",
        "none",
    );
    // On Lord Howe Island, they are in summer only.
    check(
        "every 1h\nexclude * 30 * * * * *\nzone Australia/Lord_Howe",
        "2024-05-01T00:00:00Z",
        "2024-10-05T16:00:00Z",
    );
    // Distances that no day is a multiple of.
    check("every 7h\nexclude * 0 * * * * *", "2024-01-01T00:00:00Z", "none");
    check(
        "every 7h\nexclude * * 0-2,4-23 * * * *",
        "2024-01-01T00:00:00Z",
        "2024-01-03T03:00:00Z",
    );
    check("every 14d\nexclude * * * * * thu *", "2024-01-01T00:00:00Z", "none");
    check(
        "every 14d/5d\nexclude * * * * * thu *",
        "2024-01-01T00:00:00Z",
        "2024-01-09T00:00:00Z",
    );
    check(
        "every 7s\nexclude 0-58 * * * * * *\nexclude * 0-58 * * * * *\nexclude * * 0-22 * * * *",
        "2024-01-01T00:00:00Z",
        "2024-01-02T23:59:59Z",
    );
    check("every 36500d", "2024-01-01T00:00:00Z", "2069-12-07T00:00:00Z");
    check("every 36500d", "2070-01-01T00:00:00Z", "none");
    check("every 1s", "2100-12-31T23:59:58Z", "2100-12-31T23:59:59Z");
    check("every 1s", "2100-12-31T23:59:59Z", "none");
}

#[test]
fn what_contradicts_itself_has_no_times() {
    for lines in [
        "include * * * * * * *\nexclude * * * * * * *",
        "include * * * * * * *\nexclude * 0-29 * * * * *\nexclude * 30-59 * * * * *",
        "include * * * * * * *\nexclude * * * * * * 2000-2050\nexclude * * * * * * 2051-2100",
        "include * * * * * * *\nexclude 0-58/2 * * * * * *\nexclude 1-59/2 * * * * * *",
        "include 0 12 * 6-8 *\nexclude * * * * 6-8 * *",
        "include 0 12 * * mon\nexclude * * 12 * * 0-3 *",
        "include 0 0 30 2 *",
        "include 0 0 31 4,6,9,11 *",
        "include 0 0 29 2 * 2025-2027",
        // The hour is leapt over each time.
        "include 30 2 8-14 3 sun 2024-2100\nzone America/New_York",
        "every 90m\nexclude * 0,30 * * * * *",
        "every 1s\nexclude * * * * * 1-6 *\nexclude * * * * * 0 *",
        "include * * * * * * *\nuntil 2023-12-31T00:00:00Z",
    ] {
        check(lines, "2024-01-01T00:00:00Z", "none");
    }
}

#[test]
fn clocks_that_change_are_leapt_to() {
    // It comes twice, and the second time is seen also from between them.
    let once = "include 30 1 3 11 * 2024\nzone America/New_York";
    check(once, "2024-01-01T00:00:00Z", "2024-11-03T05:30:00Z");
    check(once, "2024-11-03T05:45:00Z", "2024-11-03T06:30:00Z");
    check(once, "2024-11-03T06:30:00Z", "none");
    let first = "include * 1 * * *\nexclude * * * 1-2,4-31 * * *\nexclude * * * * 1-10,12 * *\nzone America/New_York";
    check(first, "2024-11-03T05:59:00Z", "2024-11-03T06:00:00Z");
    check(first, "2024-11-03T06:59:00Z", "2025-11-03T06:00:00Z");
    // The end counts on the clock that is shown then.
    let end = "include 0 2 1 7 *\nzone Europe/Berlin\nuntil 2024-07-01T00:00:00Z";
    check(end, "2024-01-01T00:00:00Z", "2024-07-01T00:00:00Z");
    // A day that is not there.
    check(
        "include 0 12 30 12 * 2011\nzone Pacific/Apia",
        "2011-01-01T00:00:00Z",
        "none",
    );
}

#[test]
fn what_is_left_of_jitter_is_known_without_walking() {
    // A year of seconds, of which only the last one can lie ahead.
    let seconds = spec("include * * * * * * *\njitter 31536000");
    let now = time("2024-06-01T12:00:00.5Z");
    assert_eq!(text(seconds.before_pending(now)), "2024-06-01T11:59:59Z");
    let daily = spec("include 0 8 * * *\njitter 31536000");
    assert_eq!(text(daily.before_pending(now)), "2024-06-01T07:59:59Z");
    assert_eq!(
        text(spec("include 0 8 * * *").before_pending(now)),
        "2024-06-01T12:00:00.5Z"
    );
    let never = spec("include 0 8 30 2 *\njitter 3600");
    assert_eq!(text(never.before_pending(now)), "2024-06-01T11:00:00.5Z");
}

#[test]
fn an_interval_of_a_spec_may_have_parts_of_seconds() {
    let canonical = canonical(ScheduleSpec {
        interval: vec![IntervalSpec {
            interval: Some(proto_span(Duration::from_millis(1500))),
            phase: None,
        }],
        ..Default::default()
    });
    let spec = Spec::new(&canonical.unwrap(), "seed".to_owned()).unwrap();
    let next = spec.next(time("2024-01-01T00:00:00Z")).unwrap();
    assert_eq!(text(next.nominal), "2024-01-01T00:00:01Z");
}
