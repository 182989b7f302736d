//! Specs: what they compile to, and the times that they stand for.

use wrt_model::{
    proto::schedule::{CalendarSpec, IntervalSpec, Range, ScheduleSpec, StructuredCalendarSpec},
    time::proto_span,
};

use super::{text, time};
use crate::schedule::{Spec, spec::canonical};
use std::time::Duration;

fn cron(text: &str) -> ScheduleSpec {
    ScheduleSpec {
        cron_string: text.lines().map(|line| line.trim().to_owned()).collect(),
        ..Default::default()
    }
}

fn interval(length: u64, phase: u64) -> IntervalSpec {
    IntervalSpec {
        interval: Some(proto_span(Duration::from_secs(length))),
        phase: Some(proto_span(Duration::from_secs(phase))),
    }
}

/// The actual times after `after`, as many as are expected and one more; `expected` ends with "end" when there is none.
#[track_caller]
fn check(spec: ScheduleSpec, after: &str, expected: &str) {
    let canonical = canonical(spec).unwrap();
    let spec = Spec::new(&canonical, "seed".to_owned()).unwrap();
    let expected: Vec<&str> = expected.split_whitespace().collect();
    let mut times: Vec<String> = spec
        .times(time(after))
        .take(expected.len())
        .map(|next| text(next.actual))
        .collect();
    if times.len() < expected.len() {
        times.push("end".to_owned());
    }
    assert_eq!(times, expected, "after {after}");
}

#[test]
fn times_of_calendars() {
    let day = "2024-01-31T10:00:00Z";
    check(cron("30 12 * * *"), day, "2024-01-31T12:30:00Z 2024-02-01T12:30:00Z");
    check(cron("0 10 * * *"), day, "2024-02-01T10:00:00Z 2024-02-02T10:00:00Z");
    check(
        cron("*/20 10 31 * *"),
        day,
        "2024-01-31T10:20:00Z 2024-01-31T10:40:00Z 2024-03-31T10:00:00Z",
    );
    check(cron("0 0 29 2 *"), day, "2024-02-29T00:00:00Z 2028-02-29T00:00:00Z");
    check(cron("0 0 30 2 *"), day, "end");
    check(cron("@daily"), day, "2024-02-01T00:00:00Z 2024-02-02T00:00:00Z");
    check(cron("@weekly"), day, "2024-02-04T00:00:00Z 2024-02-11T00:00:00Z");
    check(cron("@yearly"), day, "2025-01-01T00:00:00Z");
    // Both the day of the month and the day of the week have to match.
    check(cron("0 0 13 * fri"), day, "2024-09-13T00:00:00Z 2024-12-13T00:00:00Z");
    check(cron("0 8 * * 7"), day, "2024-02-04T08:00:00Z 2024-02-11T08:00:00Z");
    check(
        cron("0 8 * * fri-7/2"),
        day,
        "2024-02-02T08:00:00Z 2024-02-04T08:00:00Z 2024-02-09T08:00:00Z",
    );
    check(
        cron("0 12 1 jan,jul * 2024-2025"),
        day,
        "2024-07-01T12:00:00Z 2025-01-01T12:00:00Z 2025-07-01T12:00:00Z end",
    );
    check(
        cron("*/30 59 23 31 12 * *"),
        day,
        "2024-12-31T23:59:00Z 2024-12-31T23:59:30Z 2025-12-31T23:59:00Z",
    );
    check(cron("0 0 1 1 *"), "2100-01-01T00:00:00Z", "end");
    // A part of a second counts as nothing.
    check(
        cron("* * * * * * *"),
        "2024-01-31T10:00:00.9Z",
        "2024-01-31T10:00:01Z 2024-01-31T10:00:02Z",
    );
}

#[test]
fn times_of_intervals() {
    let day = "2024-01-31T10:00:00Z";
    let hourly = |phase| ScheduleSpec {
        interval: vec![interval(3600, phase)],
        ..Default::default()
    };
    check(hourly(0), day, "2024-01-31T11:00:00Z 2024-01-31T12:00:00Z");
    check(hourly(19 * 60), day, "2024-01-31T10:19:00Z 2024-01-31T11:19:00Z");
    check(
        cron("@every 28d"),
        "2022-02-01T00:00:00Z",
        "2022-02-17T00:00:00Z 2022-03-17T00:00:00Z",
    );
    check(
        cron("@every 1h30m/10m"),
        day,
        "2024-01-31T10:40:00Z 2024-01-31T12:10:00Z",
    );
    check(ScheduleSpec::default(), day, "end");
}

#[test]
fn a_spec_is_the_union_of_its_parts_without_what_is_excluded() {
    let spec = ScheduleSpec {
        interval: vec![interval(6 * 3600, 0)],
        cron_string: vec!["30 7 * * *".to_owned(), "0 6 * * *".to_owned()],
        calendar: vec![CalendarSpec {
            hour: "9".to_owned(),
            ..Default::default()
        }],
        exclude_structured_calendar: vec![StructuredCalendarSpec {
            hour: vec![range(0, 5), range(12, 23)],
            ..every_second()
        }],
        ..Default::default()
    };
    check(
        spec,
        "2024-01-01T00:00:00Z",
        "2024-01-01T06:00:00Z 2024-01-01T07:30:00Z 2024-01-01T09:00:00Z 2024-01-02T06:00:00Z",
    );
    let nothing = ScheduleSpec {
        exclude_structured_calendar: vec![every_second()],
        ..cron("* * * * * * *")
    };
    check(nothing, "2024-01-01T00:00:00Z", "end");
}

#[test]
fn start_and_end_count_themselves() {
    let bounded = |start: &str, end: &str| ScheduleSpec {
        start_time: Some(time(start).into()),
        end_time: Some(time(end).into()),
        ..cron("@hourly")
    };
    let spec = bounded("2024-01-01T05:00:00Z", "2024-01-01T06:00:00Z");
    check(
        spec.clone(),
        "2023-01-01T00:00:00Z",
        "2024-01-01T05:00:00Z 2024-01-01T06:00:00Z end",
    );
    check(spec, "2024-01-01T05:00:00Z", "2024-01-01T06:00:00Z end");
    let spec = bounded("2024-01-01T05:00:00.5Z", "2024-01-01T06:59:59Z");
    check(spec, "2023-01-01T00:00:00Z", "2024-01-01T06:00:00Z end");
}

#[test]
fn the_clock_is_taken_literally() {
    // In spring, 2:30 is leapt over.
    check(
        cron("CRON_TZ=America/New_York 30 2 * * *"),
        "2024-03-09T00:00:00Z",
        "2024-03-09T07:30:00Z 2024-03-11T06:30:00Z",
    );
    check(
        cron("TZ=America/New_York 30 1,2,3 * * *"),
        "2024-03-10T05:00:00Z",
        "2024-03-10T06:30:00Z 2024-03-10T07:30:00Z 2024-03-11T05:30:00Z",
    );
    // In autumn, 1:30 comes twice, wherever one begins.
    let autumn = || cron("CRON_TZ=America/New_York 30 1 * * *");
    check(
        autumn(),
        "2024-11-03T00:00:00Z",
        "2024-11-03T05:30:00Z 2024-11-03T06:30:00Z 2024-11-04T06:30:00Z",
    );
    check(
        autumn(),
        "2024-11-03T06:10:00Z",
        "2024-11-03T06:30:00Z 2024-11-04T06:30:00Z",
    );
    // Half an hour, on Lord Howe Island.
    check(
        cron("CRON_TZ=Australia/Lord_Howe 45 1 * * *"),
        "2024-04-06T00:00:00Z",
        "2024-04-06T14:45:00Z 2024-04-06T15:15:00Z 2024-04-07T15:15:00Z",
    );
    // A whole day, which Samoa left out.
    check(
        cron("CRON_TZ=Pacific/Apia 0 12 * * *"),
        "2011-12-29T00:00:00Z",
        "2011-12-29T22:00:00Z 2011-12-30T22:00:00Z 2011-12-31T22:00:00Z",
    );
    let named = ScheduleSpec {
        timezone_name: "Europe/Berlin".to_owned(),
        ..cron("0 9 * * *")
    };
    check(
        named,
        "2024-03-30T00:00:00Z",
        "2024-03-30T08:00:00Z 2024-03-31T07:00:00Z",
    );
}

#[test]
fn a_time_zone_can_be_brought_along() {
    // Version 1 of TZif with one local time type: two hours east of Greenwich, for ever.
    let mut data = b"TZif\0".to_vec();
    data.extend([0; 15]);
    for count in [0_u32, 0, 0, 0, 1, 4] {
        data.extend(count.to_be_bytes());
    }
    data.extend(7200_i32.to_be_bytes());
    data.extend([0, 0]);
    data.extend(b"+02\0");
    let spec = ScheduleSpec {
        timezone_name: "Home".to_owned(),
        timezone_data: data,
        ..cron("0 9 * * *")
    };
    check(
        spec,
        "2024-01-01T00:00:00Z",
        "2024-01-01T07:00:00Z 2024-01-02T07:00:00Z",
    );
}

#[test]
fn jitter_is_decided_by_the_schedule_and_the_time() {
    let of = |jitter: u64, seed: &str| {
        let canonical = ScheduleSpec {
            jitter: Some(proto_span(Duration::from_secs(jitter))),
            ..canonical(cron("@hourly")).unwrap()
        };
        let spec = Spec::new(&canonical, seed.to_owned()).unwrap();
        let times = spec.times(time("2024-01-01T00:00:00Z")).take(200);
        times
            .map(|next| next.actual.since(next.nominal).as_millis())
            .collect::<Vec<_>>()
    };
    let jitters = of(600, "a");
    assert_eq!(jitters, of(600, "a"), "the same each time");
    assert_ne!(jitters, of(600, "b"), "another one for another schedule");
    assert!(jitters.iter().all(|&jitter| jitter < 600_000));
    let average = jitters.iter().sum::<u128>() / 200;
    assert!(
        (250_000..350_000).contains(&average),
        "spread over the whole span: {average}"
    );
    // No time is pushed behind the next one.
    assert!(of(100 * 3600, "a").iter().all(|&jitter| jitter < 3_600_000));
    assert!(of(0, "a").iter().all(|&jitter| jitter == 0));
}

#[test]
fn texts_are_compiled() {
    let compiled = canonical(cron(
        "CRON_TZ=Europe/Paris */15 9-17 1 jan mon-wed 2030 # every quarter\n@every 2h/5m",
    ))
    .unwrap();
    let expected = ScheduleSpec {
        structured_calendar: vec![StructuredCalendarSpec {
            second: vec![range(0, 0)],
            minute: vec![Range {
                start: 0,
                end: 59,
                step: 15,
            }],
            hour: vec![range(9, 17)],
            day_of_month: vec![range(1, 1)],
            month: vec![range(1, 1)],
            year: vec![range(2030, 2030)],
            day_of_week: vec![range(1, 3)],
            comment: "every quarter".to_owned(),
        }],
        interval: vec![interval(7200, 300)],
        timezone_name: "Europe/Paris".to_owned(),
        ..Default::default()
    };
    assert_eq!(compiled, expected);
    assert_eq!(canonical(compiled.clone()).unwrap(), compiled, "once is enough");
}

#[test]
fn specs_that_make_no_sense_are_refused() {
    let structured = |calendar: StructuredCalendarSpec| ScheduleSpec {
        structured_calendar: vec![calendar],
        ..Default::default()
    };
    let intervals = |interval| ScheduleSpec {
        interval: vec![interval],
        ..Default::default()
    };
    let cases = [
        (cron("* * *"), "has 3 fields; it takes 5"),
        (
            cron("60 * * * *"),
            "Minute cannot be \"60\"; it takes values from 0 to 59",
        ),
        (cron("5-3 * * * *"), "Minute cannot be \"5-3\""),
        (cron("*/0 * * * *"), "Minute cannot be \"*/0\""),
        (
            cron("* * * ja *"),
            "Month cannot be \"ja\"; it takes values from 1 to 12, or names",
        ),
        (cron("* * * * 8"), "DayOfWeek cannot be \"8\""),
        (cron("* * * * * 1999"), "Year cannot be \"1999\""),
        (cron("TZ=UTC"), "names a time zone and no times"),
        (cron("TZ=Moon/Sea 0 0 * * *"), "unknown time zone Moon/Sea"),
        (cron("TZ=UTC 0 0 * * *\n0 1 * * *"), "conflicting timezone names"),
        (cron("@every soon"), "\"soon\" is not a span of time"),
        (cron("@every"), "\"\" is not a span of time"),
        (cron("@every 5m/5m"), "phase has to be smaller than the interval"),
        (cron("@every 0s"), "interval is too small"),
        (cron("@sometimes"), "has 1 fields"),
        (
            ScheduleSpec {
                timezone_name: "Europe/Paris".to_owned(),
                ..cron("TZ=UTC 0 0 * * *")
            },
            "a cron string names \"UTC\" and the spec \"Europe/Paris\"",
        ),
        (
            structured(StructuredCalendarSpec {
                second: vec![range(60, 0)],
                month: vec![range(3, 2)],
                year: vec![Range {
                    start: 2024,
                    end: 0,
                    step: -1,
                }],
                ..Default::default()
            }),
            "invalid calendar spec: Second Start is not in range [0-59], Month End is before Start or not in range [1-12], \
             Year has invalid Step",
        ),
        (
            structured(StructuredCalendarSpec {
                comment: "x".repeat(201),
                ..Default::default()
            }),
            "comment is too long",
        ),
        (intervals(IntervalSpec::default()), "interval is too small"),
        (
            ScheduleSpec {
                timezone_data: b"no".to_vec(),
                ..Default::default()
            },
            "the time zone data cannot be read",
        ),
    ];
    for (spec, expected) in cases {
        let error = canonical(spec.clone()).expect_err(expected);
        assert!(error.contains(expected), "{error:?} does not contain {expected:?}");
    }
}

fn range(start: i32, end: i32) -> Range {
    Range { start, end, step: 1 }
}

fn every_second() -> StructuredCalendarSpec {
    canonical(cron("* * * * * * *")).unwrap().structured_calendar.remove(0)
}
