//! Specs held against a model that is slow and obviously right: it looks at every second, or at every day.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date, tz::AmbiguousOffset, tz::TimeZone};
use proptest::{prelude::*, sample::subsequence, test_runner::TestCaseResult};
use wrt_model::{
    Time,
    proto::schedule::{IntervalSpec, Range, ScheduleSpec, StructuredCalendarSpec},
    time::proto_span,
};

use crate::schedule::{
    Spec,
    spec::{canonical, zone_named},
};
use std::time::Duration;

const ZONES: [&str; 6] = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
];

// === The model ===

/// Whether a clock shows a time of a calendar: each of its fields is in one of the ranges.
fn shows(calendar: &StructuredCalendarSpec, zone: &TimeZone, second: i64) -> bool {
    let local = zone.to_datetime(Timestamp::from_second(second).unwrap());
    let fields = [
        (&calendar.second, i32::from(local.second())),
        (&calendar.minute, i32::from(local.minute())),
        (&calendar.hour, i32::from(local.hour())),
    ];
    fields.iter().all(|(ranges, value)| is_in(ranges, *value)) && has_date(calendar, local.date())
}

fn has_date(calendar: &StructuredCalendarSpec, date: Date) -> bool {
    (calendar.year.is_empty() || is_in(&calendar.year, date.year().into()))
        && is_in(&calendar.month, date.month().into())
        && is_in(&calendar.day_of_month, date.day().into())
        && is_in(&calendar.day_of_week, date.weekday().to_sunday_zero_offset().into())
}

fn is_in(ranges: &[Range], value: i32) -> bool {
    ranges
        .iter()
        .any(|range| (range.start..=range.end).contains(&value) && (value - range.start) % range.step == 0)
}

fn is_due(spec: &ScheduleSpec, zone: &TimeZone, second: i64) -> bool {
    let is_interval = |interval: &IntervalSpec| {
        let [length, phase] = [interval.interval, interval.phase].map(|span| span.unwrap_or_default().seconds);
        (second - phase) % length == 0
    };
    let calendars = &spec.structured_calendar;
    (calendars.iter().any(|calendar| shows(calendar, zone, second)) || spec.interval.iter().any(is_interval))
        && !is_excluded(spec, zone, second)
}

fn is_excluded(spec: &ScheduleSpec, zone: &TimeZone, second: i64) -> bool {
    let excluded = &spec.exclude_structured_calendar;
    excluded.iter().any(|calendar| shows(calendar, zone, second))
}

/// The times of the calendars of a spec, of which each day has few, from a second on: looks at every day.
fn first_by_days(spec: &ScheduleSpec, zone: &TimeZone, from: i64) -> Option<i64> {
    let today = zone.to_datetime(Timestamp::from_second(from).unwrap()).date();
    let mut date = today.yesterday().unwrap();
    // What a clock that is put back shows may come later than what the next day shows.
    let mut seconds = BTreeSet::new();
    let mut days_left = 4;
    while date.year() <= 2100 && days_left > 0 {
        for calendar in spec
            .structured_calendar
            .iter()
            .filter(|calendar| has_date(calendar, date))
        {
            seconds.extend(times_of_day(calendar, zone, date));
        }
        seconds.retain(|second| *second >= from && !is_excluded(spec, zone, *second));
        days_left -= u32::from(!seconds.is_empty());
        date = date.tomorrow().unwrap();
    }
    seconds.first().copied()
}

fn times_of_day(calendar: &StructuredCalendarSpec, zone: &TimeZone, date: Date) -> Vec<i64> {
    let values = |ranges: &[Range], end| {
        (0..end)
            .filter(|value| is_in(ranges, i32::from(*value)))
            .collect::<Vec<i8>>()
    };
    let mut seconds = Vec::new();
    for hour in values(&calendar.hour, 24) {
        for minute in values(&calendar.minute, 60) {
            for second in values(&calendar.second, 60) {
                let local = date.at(hour, minute, second, 0);
                let offsets = match zone.to_ambiguous_timestamp(local).offset() {
                    AmbiguousOffset::Unambiguous { offset } => vec![offset],
                    AmbiguousOffset::Gap { .. } => vec![],
                    AmbiguousOffset::Fold { before, after } => vec![before, after],
                };
                seconds.extend(
                    offsets
                        .iter()
                        .map(|offset| offset.to_timestamp(local).unwrap().as_second()),
                );
            }
        }
    }
    seconds
}

// === Specs ===

fn range(minimum: i32, maximum: i32) -> impl Strategy<Value = Range> {
    (minimum..=maximum, minimum..=maximum, 1..=5).prop_map(|(one, other, step)| Range {
        start: one.min(other),
        end: one.max(other),
        step,
    })
}

/// All values, or some of them.
fn ranges(minimum: i32, maximum: i32) -> impl Strategy<Value = Vec<Range>> {
    let all = vec![Range {
        start: minimum,
        end: maximum,
        step: 1,
    }];
    prop_oneof![Just(all), prop::collection::vec(range(minimum, maximum), 1..3)]
}

/// One or two values.
fn few(maximum: i32) -> impl Strategy<Value = Vec<Range>> {
    let value = (0..=maximum).prop_map(|value| Range {
        start: value,
        end: value,
        step: 1,
    });
    prop::collection::vec(value, 1..3)
}

prop_compose! {
    fn date()(
        month in ranges(1, 12),
        day_of_month in ranges(1, 31),
        day_of_week in ranges(0, 6),
        year in prop_oneof![Just(Vec::new()), prop::collection::vec(range(2020, 2100), 1..3)],
    ) -> StructuredCalendarSpec {
        StructuredCalendarSpec { month, day_of_month, day_of_week, year, ..Default::default() }
    }
}

prop_compose! {
    fn dense()(date in date(), hour in ranges(0, 23), minute in ranges(0, 59), second in ranges(0, 59))
        -> StructuredCalendarSpec
    {
        StructuredCalendarSpec { hour, minute, second, ..date }
    }
}

prop_compose! {
    fn sparse()(date in date(), hour in few(23), minute in few(59), second in few(59)) -> StructuredCalendarSpec {
        StructuredCalendarSpec { hour, minute, second, ..date }
    }
}

fn interval() -> impl Strategy<Value = IntervalSpec> {
    let length = prop_oneof![
        1_u64..200,
        Just(3600),
        Just(25_200),
        Just(86_400),
        200_u64..100_000,
        100_000_u64..3_000_000
    ];
    (length, 0_u64..3_000_000).prop_map(|(length, phase)| IntervalSpec {
        interval: Some(proto_span(Duration::from_secs(length))),
        phase: Some(proto_span(Duration::from_secs(phase % length))),
    })
}

/// Few zones are changed at a time that is drawn, so most of the points lie near a change.
fn point(zone: &TimeZone, second: i64, near_change: bool, distance: i64) -> i64 {
    let from = Timestamp::from_second(second).unwrap();
    match zone.following(from).next().filter(|_| near_change) {
        Some(change) => change.timestamp().as_second() - distance,
        None => second,
    }
}

// === The properties ===

fn next(spec: &Spec, from: i64) -> Option<i64> {
    let after = Time::from_nanos((from - 1) * 1_000_000_000);
    spec.next(after).map(|next| next.nominal.nanos() / 1_000_000_000)
}

/// Every time within some hours is found, and nothing else.
fn holds_for_seconds(spec: ScheduleSpec, second: i64, near_change: bool) -> TestCaseResult {
    let zone = zone_named(&spec.timezone_name).unwrap();
    let from = point(&zone, second, near_change, 3 * 3600);
    let spec = canonical(spec).unwrap();
    let compiled = Spec::new(&spec, String::new()).unwrap();
    let (mut at, end) = (from, from + 6 * 3600);
    let mut expected = (from..end).filter(|second| is_due(&spec, &zone, *second));
    loop {
        let found = next(&compiled, at).filter(|found| *found < end);
        prop_assert_eq!(found, expected.next(), "from {}", at);
        match found {
            Some(found) => at = found + 1,
            None => return Ok(()),
        }
    }
}

fn holds_for_years(spec: ScheduleSpec, second: i64, near_change: bool) -> TestCaseResult {
    let zone = zone_named(&spec.timezone_name).unwrap();
    let mut from = point(&zone, second, near_change, 24 * 3600);
    let spec = canonical(spec).unwrap();
    let compiled = Spec::new(&spec, String::new()).unwrap();
    for _ in 0..3 {
        let found = next(&compiled, from);
        prop_assert_eq!(found, first_by_days(&spec, &zone, from), "from {}", from);
        let Some(found) = found else { break };
        from = found + 1;
    }
    Ok(())
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..Default::default()
    }
}

/// The first seconds of 2021 and of 2090.
const YEARS: std::ops::Range<i64> = 1_609_459_200..3_786_912_000;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_second_is_right(
        structured_calendar in prop::collection::vec(dense(), 0..3),
        interval in prop::collection::vec(interval(), 0..3),
        exclude_structured_calendar in prop::collection::vec(dense(), 0..4),
        zone in subsequence(&ZONES[..], 1),
        second in YEARS,
        near_change: bool,
    ) {
        let timezone_name = zone[0].to_owned();
        let spec = ScheduleSpec {
            structured_calendar, interval, exclude_structured_calendar, timezone_name, ..Default::default()
        };
        holds_for_seconds(spec, second, near_change)?;
    }

    #[test]
    fn every_day_of_years_is_right(
        structured_calendar in prop::collection::vec(sparse(), 1..3),
        exclude_structured_calendar in prop::collection::vec(prop_oneof![sparse(), dense()], 0..4),
        zone in subsequence(&ZONES[..], 1),
        second in YEARS,
        near_change: bool,
    ) {
        let timezone_name = zone[0].to_owned();
        let spec = ScheduleSpec {
            structured_calendar, exclude_structured_calendar, timezone_name, ..Default::default()
        };
        holds_for_years(spec, second, near_change)?;
    }
}
