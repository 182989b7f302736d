//! Specs: the canonical form, and the times that a spec stands for.

use std::{sync::LazyLock, time::Duration};

use jiff::{Timestamp, tz::TimeZone, tz::TimeZoneDatabase};
use sha2::{Digest as _, Sha256};
use wrt_model::{
    Time,
    proto::schedule::{IntervalSpec, Range, ScheduleSpec, StructuredCalendarSpec},
    time::{is_negative, proto_span, span},
};

use super::{
    calendar::{Calendar, Days},
    cron_string::{self, CronString},
    field::{self, Field},
    search::{self, Include},
};

/// The longest comment of a calendar, in bytes.
const COMMENT_BYTES: usize = 200;

/// The last time that specs have: the end of the last year that calendars know.
const LAST: Timestamp = Timestamp::constant(4_133_980_799, 0);

const NANOS: i64 = 1_000_000_000;

/// Reading a time zone takes longer than to find a time in it, so each is read once.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A spec in a form that gives its times quickly.
#[derive(Clone, Debug)]
pub struct Spec {
    zone: TimeZone,
    includes: Vec<Include>,
    excluded: Vec<Calendar>,
    start: Option<Time>,
    end: Option<Time>,
    jitter: Duration,
    seed: String,
}

/// A time of a spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// As the spec says it, on a whole second.
    pub nominal: Time,
    /// With jitter: before the next nominal time.
    pub actual: Time,
}

// === The canonical form ===

/// Checks a spec and compiles its texts into structured calendars and intervals, which is what descriptions show.
///
/// Errors: what is wrong, in a sentence.
#[expect(deprecated, reason = "clients may still send `exclude_calendar`")]
pub(crate) fn canonical(mut spec: ScheduleSpec) -> Result<ScheduleSpec, String> {
    for calendar in std::mem::take(&mut spec.calendar) {
        spec.structured_calendar.push(cron_string::calendar(&calendar)?);
    }
    for calendar in std::mem::take(&mut spec.exclude_calendar) {
        spec.exclude_structured_calendar.push(cron_string::calendar(&calendar)?);
    }
    compile_cron_strings(&mut spec)?;
    for calendar in spec
        .structured_calendar
        .iter_mut()
        .chain(&mut spec.exclude_structured_calendar)
    {
        settle_calendar(calendar)?;
    }
    for interval in &mut spec.interval {
        settle_interval(interval)?;
    }
    zone(&spec)?;
    Ok(spec)
}

fn compile_cron_strings(spec: &mut ScheduleSpec) -> Result<(), String> {
    let mut zones = Vec::new();
    for text in std::mem::take(&mut spec.cron_string) {
        match cron_string::parse(&text)? {
            CronString::Interval(interval) => spec.interval.push(interval),
            CronString::Calendar { calendar, zone } => {
                spec.structured_calendar.push(*calendar);
                zones.push(zone);
            }
        }
    }
    zones.dedup();
    let zone = match zones.as_slice() {
        [] => return Ok(()),
        [zone] if zone.is_empty() => return Ok(()),
        [zone] => zone,
        several => {
            return Err(format!(
                "conflicting timezone names: the cron strings name {}; a schedule has one time zone",
                several
                    .iter()
                    .map(|zone| format!("\"{zone}\""))
                    .collect::<Vec<_>>()
                    .join(" and ")
            ));
        }
    };
    let other_name = !spec.timezone_name.is_empty() && spec.timezone_name != *zone;
    if other_name || !spec.timezone_data.is_empty() {
        return Err(format!(
            "conflicting timezone names: a cron string names \"{zone}\" and the spec \"{}\"; name it once",
            spec.timezone_name
        ));
    }
    spec.timezone_name.clone_from(zone);
    Ok(())
}

/// Checks a calendar, and writes out the defaults of its ranges.
fn settle_calendar(calendar: &mut StructuredCalendarSpec) -> Result<(), String> {
    let fields: [(Field, &mut Vec<Range>); 7] = [
        (field::SECOND, &mut calendar.second),
        (field::MINUTE, &mut calendar.minute),
        (field::HOUR, &mut calendar.hour),
        (field::DAY_OF_MONTH, &mut calendar.day_of_month),
        (field::MONTH, &mut calendar.month),
        (field::YEAR, &mut calendar.year),
        (field::DAY_OF_WEEK, &mut calendar.day_of_week),
    ];
    let mut faults = Vec::new();
    for (field, ranges) in fields {
        for range in ranges {
            faults.extend(range_fault(field, range));
            range.end = range.end.max(range.start);
            range.step = range.step.max(1);
        }
    }
    if calendar.comment.len() > COMMENT_BYTES {
        faults.push("comment is too long".to_owned());
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(format!("invalid calendar spec: {}", faults.join(", ")))
    }
}

fn range_fault(field: Field, range: &Range) -> Option<String> {
    let (name, minimum, maximum) = (field.name, field.minimum, field.maximum);
    if !(minimum..=maximum).contains(&range.start) {
        return Some(format!("{name} Start is not in range [{minimum}-{maximum}]"));
    }
    if range.end != 0 && !(range.start..=maximum).contains(&range.end) {
        return Some(format!(
            "{name} End is before Start or not in range [{minimum}-{maximum}]"
        ));
    }
    (range.step < 0).then(|| format!("{name} has invalid Step"))
}

/// Checks an interval, and writes out its phase.
fn settle_interval(interval: &mut IntervalSpec) -> Result<(), String> {
    let length = interval.interval.as_ref().map(span).unwrap_or_default();
    let phase = interval.phase.unwrap_or_default();
    if length < Duration::from_secs(1) {
        return Err("interval is too small; the smallest is one second".to_owned());
    }
    if is_negative(&phase) {
        return Err("phase is negative".to_owned());
    }
    if span(&phase) >= length {
        return Err("phase has to be smaller than the interval".to_owned());
    }
    interval.phase = Some(proto_span(span(&phase)));
    Ok(())
}

fn zone(spec: &ScheduleSpec) -> Result<TimeZone, String> {
    let name = spec.timezone_name.as_str();
    if !spec.timezone_data.is_empty() {
        return TimeZone::tzif(name, &spec.timezone_data)
            .map_err(|error| format!("the time zone data cannot be read: {error}; send a TZif file"));
    }
    self::zone_named(name)
}

/// The time zone of this name in the database that comes with the program; UTC for the empty name.
pub(crate) fn zone_named(name: &str) -> Result<TimeZone, String> {
    if name.is_empty() {
        return Ok(TimeZone::UTC);
    }
    ZONES
        .get(name)
        .map_err(|_| format!("unknown time zone {name}; write for instance Europe/Berlin"))
}

// === Times ===

impl Spec {
    /// A spec in its canonical form. `seed` decides about its jitter, and about nothing else.
    ///
    /// Errors: the spec is not canonical.
    pub fn new(spec: &ScheduleSpec, seed: String) -> Result<Self, String> {
        let calendar = |calendar| Calendar::new(calendar, Days::Both);
        let calendars = spec.structured_calendar.iter().map(calendar).map(Include::Calendar);
        Ok(Spec {
            zone: zone(spec)?,
            includes: calendars.chain(spec.interval.iter().map(interval)).collect(),
            excluded: spec.exclude_structured_calendar.iter().map(calendar).collect(),
            start: spec.start_time.as_ref().map(Time::from),
            end: spec.end_time.as_ref().map(Time::from),
            jitter: spec.jitter.as_ref().map(span).unwrap_or_default(),
            seed,
        })
    }

    /// The longest time from a nominal time to the actual one.
    pub fn jitter(&self) -> Duration {
        self.jitter
    }

    /// The first time whose nominal time lies after `after`.
    pub fn next(&self, after: Time) -> Option<Occurrence> {
        let nominal = self.next_included(after)?;
        let jitter = match self.jitter {
            Duration::ZERO => Duration::ZERO,
            // It must not come to lie behind the next time.
            jitter => self
                .next_nominal(nominal)
                .map_or(jitter, |following| jitter.min(following.since(nominal))),
        };
        Some(Occurrence {
            nominal,
            actual: nominal.plus(self.jitter_of(nominal, jitter)),
        })
    }

    /// A point that lies behind, before all times of whose jitter something may be left. Only the last time that has come
    /// can be one, since jitter ends before the next time.
    pub fn before_pending(&self, now: Time) -> Time {
        let has_come = |after: i64| {
            let next = self.next_nominal(Time::from_nanos(after * NANOS));
            next.is_some_and(|next| next <= now)
        };
        let [mut before, mut after] = [now.minus(self.jitter), now].map(|point| timestamp(point).as_second());
        if !has_come(before) {
            return now.minus(self.jitter);
        }
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if has_come(middle) {
                before = middle
            } else {
                after = middle
            }
        }
        Time::from_nanos(before * NANOS)
    }

    /// All times from the first one after `after`.
    pub fn times(self, after: Time) -> impl Iterator<Item = Occurrence> {
        std::iter::successors(self.next(after), move |last| self.next(last.nominal))
    }

    fn next_included(&self, after: Time) -> Option<Time> {
        let after = match self.start {
            Some(start) => after.max(Time::from_nanos(start.nanos().saturating_sub(1))),
            None => after,
        };
        let last = self.end.map_or(LAST, |end| LAST.min(timestamp(end)));
        self.first(after, last, &self.excluded)
    }

    /// The next time, be it excluded or not.
    fn next_nominal(&self, after: Time) -> Option<Time> {
        self.first(after, LAST, &[])
    }

    fn first(&self, after: Time, last: Timestamp, excluded: &[Calendar]) -> Option<Time> {
        let from = second_behind(after);
        let found = self.includes.iter().fold(None, |earliest, include| {
            let found = search::first(include, excluded, &self.zone, from, earliest.unwrap_or(last));
            found.or(earliest)
        });
        found.map(time_of)
    }

    /// Always the same for the same time of the same schedule: below `most`, in whole milliseconds.
    fn jitter_of(&self, nominal: Time, most: Duration) -> Duration {
        let mut hash = Sha256::new();
        hash.update(&self.seed);
        hash.update(nominal.nanos().to_be_bytes());
        let first = hash.finalize()[..4].try_into().expect("sha-256 has 32 bytes");
        // A fraction of 2^32, so that the product fits.
        let fraction = u64::from(u32::from_be_bytes(first));
        let most_ms = u64::from(u32::try_from(most.as_millis()).unwrap_or(u32::MAX));
        Duration::from_millis((fraction * most_ms) >> 32)
    }
}

fn interval(interval: &IntervalSpec) -> Include {
    let seconds = |part: &Option<prost_types::Duration>| part.map_or(0, |part| part.seconds);
    Include::Interval {
        length: seconds(&interval.interval).max(1),
        phase: seconds(&interval.phase).max(0),
    }
}

/// The first time of a calendar after `after`.
pub(crate) fn next_of_calendar(calendar: Calendar, zone: &TimeZone, after: Time) -> Option<Time> {
    let include = Include::Calendar(calendar);
    search::first(&include, &[], zone, second_behind(after), LAST).map(time_of)
}

/// The last whole second until then.
pub(crate) fn whole_second(time: Time) -> Time {
    Time::from_nanos(time.nanos() - time.nanos().rem_euclid(NANOS))
}

/// The first whole second after a point, or the first one of all times.
fn second_behind(after: Time) -> Timestamp {
    timestamp(after.plus(Duration::from_secs(1)).max(Time::EPOCH))
}

fn timestamp(time: Time) -> Timestamp {
    let second = time.nanos().div_euclid(NANOS);
    Timestamp::from_second(second).expect("64 bits of nanoseconds are within the calendar")
}

fn time_of(point: Timestamp) -> Time {
    Time::from_nanos(point.as_second() * NANOS)
}
