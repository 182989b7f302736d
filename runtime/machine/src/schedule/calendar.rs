//! Calendars: the days that match, and the times of these days.
//!
//! The clock is taken literally. What it leaps over in spring does not match anything, and what it shows twice in autumn
//! matches twice, as `ScheduleSpec` documents it.

use jiff::civil::Date;
use wrt_model::proto::schedule::{Range, StructuredCalendarSpec};

/// The first year that calendars name.
pub(crate) const FIRST_YEAR: i32 = 2000;

/// The last year that calendars know.
pub(crate) const LAST_YEAR: i32 = 2100;

/// A calendar in a form that matches quickly.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// Counted from [`FIRST_YEAR`]; `None` for every year.
    year: Option<Set>,
    month: Set,
    day_of_month: Set,
    day_of_week: Set,
    clock: Clock,
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

/// The times of a day whose hour, minute and second are each among these.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    hour: Set,
    /// Hours of which every second counts.
    whole_hours: Set,
    minute: Set,
    second: Set,
}

/// A month of a certain year, as bits: bit 1 is its first day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Month {
    first: Date,
    days: Set,
}

/// Small numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Set(u128);

// === impl Calendar ===

impl Calendar {
    /// A calendar that has been checked before.
    pub(crate) fn new(spec: &StructuredCalendarSpec, days: Days) -> Self {
        Calendar {
            year: (!spec.year.is_empty()).then(|| Set::of_ranges(&spec.year, FIRST_YEAR)),
            month: Set::of_ranges(&spec.month, 0),
            day_of_month: Set::of_ranges(&spec.day_of_month, 0),
            day_of_week: Set::of_ranges(&spec.day_of_week, 0),
            clock: Clock::new(spec),
            days,
        }
    }

    /// The times of each of its days.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether it has days in a year, unless a year has no such days.
    pub(crate) fn has_year(&self, year: i32) -> bool {
        self.year.is_none_or(|years| years.has(year - FIRST_YEAR))
    }

    /// Its days in a month.
    pub(crate) fn days(&self, month: &Month) -> Set {
        if !self.has_year(month.year()) || !self.month.has(month.first.month().into()) {
            return Set::NONE;
        }
        let week_days = month.week_days(self.day_of_week);
        let days = match self.days {
            Days::Both => self.day_of_month.and(week_days),
            Days::Either => self.day_of_month.or(week_days),
        };
        days.and(month.days)
    }
}

// === impl Clock ===

impl Clock {
    fn new(spec: &StructuredCalendarSpec) -> Self {
        let hour = Set::of_ranges(&spec.hour, 0);
        let minute = Set::of_ranges(&spec.minute, 0);
        let second = Set::of_ranges(&spec.second, 0);
        let sixty = Set::below(60);
        let is_whole = minute.and(sixty) == sixty && second.and(sixty) == sixty;
        Clock {
            hour,
            whole_hours: if is_whole { hour } else { Set::NONE },
            minute,
            second,
        }
    }

    /// Its first time from this second of the day on.
    pub(crate) fn first(&self, from: i64) -> Option<i64> {
        let [hour, minute, second] = hour_minute_second(from);
        let at = |hour: i32, minute: i32, second: i32| i64::from((hour * 60 + minute) * 60 + second);
        if self.hour.has(hour) {
            if self.minute.has(minute)
                && let Some(second) = self.second.first(second)
            {
                return Some(at(hour, minute, second));
            }
            if let Some(minute) = self.minute.first(minute + 1) {
                return Some(at(hour, minute, self.second.first(0)?));
            }
        }
        Some(at(
            self.hour.first(hour + 1)?,
            self.minute.first(0)?,
            self.second.first(0)?,
        ))
    }

    /// Whether all of an hour counts.
    pub(crate) fn takes_hour(&self, hour: i32) -> bool {
        self.whole_hours.has(hour)
    }

    /// Its seconds of a minute.
    pub(crate) fn seconds(&self, hour: i32, minute: i32) -> Set {
        if self.hour.has(hour) && self.minute.has(minute) {
            self.second
        } else {
            Set::NONE
        }
    }
}

/// What a clock shows at a second of the day.
pub(crate) fn hour_minute_second(second: i64) -> [i32; 3] {
    let second = i32::try_from(second).unwrap_or(i32::MAX);
    [second / 3600, second / 60 % 60, second % 60]
}

// === impl Month ===

impl Month {
    /// The month of a date.
    pub(crate) fn of(date: Date) -> Self {
        Month {
            first: date.first_of_month(),
            days: Set::below(i32::from(date.days_in_month()) + 1).without(Set::below(1)),
        }
    }

    /// The next month, unless the calendar ends.
    pub(crate) fn next(&self) -> Option<Self> {
        self.first.last_of_month().tomorrow().ok().map(Month::of)
    }

    /// The same month of the next year.
    pub(crate) fn next_year(&self) -> Option<Self> {
        let date = Date::new(self.first.year().checked_add(1)?, self.first.month(), 1);
        date.ok().map(Month::of)
    }

    /// Its year.
    pub(crate) fn year(&self) -> i32 {
        self.first.year().into()
    }

    /// Its first day.
    pub(crate) fn first(&self) -> Date {
        self.first
    }

    /// One of its days.
    pub(crate) fn date(&self, day: i32) -> Date {
        let day = i8::try_from(day).expect("a day of a month");
        Date::new(self.first.year(), self.first.month(), day).expect("a day of this month")
    }

    /// Its days.
    pub(crate) fn days(&self) -> Set {
        self.days
    }

    /// Its days that are these days of the week; Sunday is 0.
    fn week_days(&self, days: Set) -> Set {
        let first = self.first.weekday().to_sunday_zero_offset();
        let week = days.0 & 0x7f;
        let from_first = (week | week << 7) >> first & 0x7f;
        Set(from_first << 1).repeated(7)
    }
}

// === impl Set ===

impl Set {
    pub(crate) const NONE: Set = Set(0);

    /// The numbers from 0 up to this one, which is not among them.
    pub(crate) fn below(end: i32) -> Self {
        Set(u32::try_from(end).map_or(0, |end| 1_u128.checked_shl(end).unwrap_or(0).wrapping_sub(1)))
    }

    /// Only this number.
    pub(crate) fn only(value: i32) -> Self {
        Set::below(value + 1).without(Set::below(value))
    }

    /// These numbers, and all that are farther by a multiple of `length`, which is positive.
    pub(crate) fn repeated(self, length: i64) -> Self {
        let (mut bits, mut distance) = (self.0, length);
        while let Some(more) = u32::try_from(distance)
            .ok()
            .and_then(|distance| bits.checked_shl(distance))
        {
            bits |= more;
            distance *= 2;
        }
        Set(bits)
    }

    /// The numbers of these ranges, counted from `zero`.
    fn of_ranges(ranges: &[Range], zero: i32) -> Self {
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

    pub(crate) fn and(self, other: Set) -> Set {
        Set(self.0 & other.0)
    }

    pub(crate) fn or(self, other: Set) -> Set {
        Set(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Set) -> Set {
        Set(self.0 & !other.0)
    }

    pub(crate) fn has(self, value: i32) -> bool {
        (0..128).contains(&value) && self.0 >> value & 1 == 1
    }

    /// The smallest number from `from` on.
    pub(crate) fn first(self, from: i32) -> Option<i32> {
        let rest = self.0.checked_shr(u32::try_from(from).ok()?)?;
        (rest != 0).then(|| from + i32::try_from(rest.trailing_zeros()).expect("below 128"))
    }
}
