//! Calendars: which seconds of the local clock match, and which is the next one.
//!
//! The clock is taken literally. What it leaps over in spring does not match anything, and what it shows twice in autumn
//! matches twice, as `ScheduleSpec` documents it.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use wrt_model::proto::schedule::{Range, StructuredCalendarSpec};

/// The first year that calendars know.
pub(crate) const FIRST_YEAR: i32 = 2000;

/// The last year that calendars know.
pub(crate) const LAST_YEAR: i32 = 2100;

/// The last second that calendars know.
const LAST: DateTime = DateTime::constant(LAST_YEAR as i16, 12, 31, 23, 59, 59, 0);

/// A calendar in a form that matches quickly.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// Counted from [`FIRST_YEAR`].
    year: Set,
    month: Set,
    day_of_month: Set,
    day_of_week: Set,
    hour: Set,
    minute: Set,
    second: Set,
    days: Days,
}

/// How day of month and day of week go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Days {
    /// Both match.
    Both,
    /// One of them matches.
    Either,
}

impl Calendar {
    /// A calendar that has been checked before.
    pub(crate) fn new(spec: &StructuredCalendarSpec, days: Days) -> Self {
        Calendar {
            year: match spec.year.as_slice() {
                [] => Set::ALL,
                ranges => Set::new(ranges, FIRST_YEAR),
            },
            month: Set::new(&spec.month, 0),
            day_of_month: Set::new(&spec.day_of_month, 0),
            day_of_week: Set::new(&spec.day_of_week, 0),
            hour: Set::new(&spec.hour, 0),
            minute: Set::new(&spec.minute, 0),
            second: Set::new(&spec.second, 0),
            days,
        }
    }

    /// Whether the clock of this zone shows a time that matches.
    pub(crate) fn matches(&self, zone: &TimeZone, point: Timestamp) -> bool {
        let local = zone.to_datetime(point);
        self.has_date(local.date())
            && self.hour.has(local.hour())
            && self.minute.has(local.minute())
            && self.second.has(local.second())
    }

    /// The first whole second from `from` on that matches on the clock of this zone.
    pub(crate) fn first(&self, zone: &TimeZone, mut from: Timestamp) -> Option<Timestamp> {
        loop {
            // The clock runs evenly until it is put forward or back.
            let offset = zone.to_offset(from);
            let change = zone.following(from).next().map(|transition| transition.timestamp());
            let last = match change.and_then(|change| Timestamp::from_second(change.as_second() - 1).ok()) {
                Some(last) => offset.to_datetime(last).min(LAST),
                None => LAST,
            };
            if let Some(found) = self.first_local(offset.to_datetime(from), last) {
                return offset.to_timestamp(found).ok();
            }
            from = change.filter(|_| last < LAST)?;
        }
    }

    /// The first match on a clock that runs evenly, between two points that count themselves.
    fn first_local(&self, from: DateTime, last: DateTime) -> Option<DateTime> {
        let (mut date, mut time) = (from.date(), from.time());
        while date <= last.date() {
            if self.has_date(date)
                && let Some(found) = self.first_time(time)
            {
                let found = date.to_datetime(found);
                return (found <= last).then_some(found);
            }
            (date, time) = (date.tomorrow().ok()?, Time::midnight());
        }
        None
    }

    fn has_date(&self, date: Date) -> bool {
        let month_day = self.day_of_month.has(date.day());
        let week_day = self.day_of_week.has(date.weekday().to_sunday_zero_offset());
        let has_day = match self.days {
            Days::Both => month_day && week_day,
            Days::Either => month_day || week_day,
        };
        let year = i32::from(date.year()) - FIRST_YEAR;
        has_day && self.month.has(date.month()) && i8::try_from(year).is_ok_and(|year| self.year.has(year))
    }

    /// The first time of a day that matches, from `from` on.
    fn first_time(&self, from: Time) -> Option<Time> {
        let (hour, minute) = (from.hour(), from.minute());
        let at = |hour, minute, second| Time::new(hour, minute, second, 0).ok();
        if self.hour.has(hour) {
            if self.minute.has(minute)
                && let Some(second) = self.second.first(from.second())
            {
                return at(hour, minute, second);
            }
            if let Some(minute) = self.minute.first(minute + 1) {
                return at(hour, minute, self.second.first(0)?);
            }
        }
        at(self.hour.first(hour + 1)?, self.minute.first(0)?, self.second.first(0)?)
    }
}

/// Small numbers.
#[derive(Clone, Copy, Debug)]
struct Set(u128);

impl Set {
    const ALL: Set = Set(u128::MAX);

    /// The numbers of these ranges, counted from `zero`.
    fn new(ranges: &[Range], zero: i32) -> Self {
        let mut bits = 0;
        for range in ranges {
            let step = usize::try_from(range.step.max(1)).expect("positive");
            for value in (range.start..=range.end.max(range.start)).step_by(step) {
                bits |= u32::try_from(value - zero)
                    .ok()
                    .and_then(|bit| 1_u128.checked_shl(bit))
                    .unwrap_or(0);
            }
        }
        Set(bits)
    }

    fn has(self, value: i8) -> bool {
        value >= 0 && self.0 >> value & 1 == 1
    }

    /// The smallest number from `from` on.
    fn first(self, from: i8) -> Option<i8> {
        let rest = self.0.checked_shr(u32::try_from(from).ok()?)?;
        (rest != 0).then(|| from + i8::try_from(rest.trailing_zeros()).expect("below 128"))
    }
}
