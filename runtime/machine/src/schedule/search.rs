//! The first time of a calendar, or of an interval, that no other calendar excludes.
//!
//! Excluded times are not walked through. A month is looked at as a whole: its days are alike when the same calendars
//! exclude some of their times, and of days that are alike, one tells whether the others have a time that is left. So it
//! takes no longer to leap over a summer than over a minute, and a spec that contradicts itself is soon known to have no
//! time at all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::{Offset, TimeZone},
};

use super::calendar::{Calendar, Clock, LAST_YEAR, Month, Set, hour_minute_second};

const DAY: i64 = 24 * 60 * 60;

/// No clock is farther from UTC than this.
const FARTHEST_OFFSET: SignedDuration = SignedDuration::from_hours(26);

/// What includes times.
#[derive(Clone, Debug)]
pub(crate) enum Include {
    /// The times that a clock shows.
    Calendar(Calendar),
    /// Times in equal distances, in seconds since the epoch. The phase is smaller than the length.
    Interval { length: i64, phase: i64 },
}

/// The first second from `from` until `last`, both whole seconds, that is included and that none of the others excludes.
pub(crate) fn first(
    include: &Include,
    excluded: &[Calendar],
    zone: &TimeZone,
    mut from: Timestamp,
    last: Timestamp,
) -> Option<Timestamp> {
    let mut search = Search {
        include,
        excluded,
        known: BTreeMap::new(),
        barren_years: BTreeSet::new(),
        excluding: Vec::new(),
    };
    while from <= last {
        // The clock runs evenly until it is put forward or back.
        let offset = zone.to_offset(from);
        let changes = zone.following(from).map(|transition| transition.timestamp());
        let change = changes.take(2).find(|change| *change > from);
        let span_end = change.map_or(last, |change| last.min(before(change)));
        // What a calendar names next on this clock tells how many changes of the clock can be leapt over.
        let horizon = match include {
            Include::Calendar(_) => last.saturating_add(FARTHEST_OFFSET * 2).unwrap_or(last),
            Include::Interval { .. } => span_end,
        };
        let found = search.first(offset, offset.to_datetime(from), offset.to_datetime(horizon));
        let found = found.and_then(|found| offset.to_timestamp(found).ok());
        if let Some(found) = found.filter(|found| *found <= span_end) {
            return Some(found);
        }
        let change = change?;
        from = match include {
            // Until then, a clock that is put back may show what it has shown before.
            Include::Calendar(_) if change.duration_since(from) > FARTHEST_OFFSET * 2 => {
                change.max(found?.checked_sub(FARTHEST_OFFSET * 2).ok()?)
            }
            _ => change,
        };
    }
    None
}

/// The last whole second before a change of the clock.
fn before(change: Timestamp) -> Timestamp {
    Timestamp::from_second(change.as_second() - 1).unwrap_or(Timestamp::MIN)
}

/// The first second that is left of a day, by the seconds that it has.
type DayTimes = BTreeMap<(i64, i64), Option<i64>>;

struct Search<'a> {
    include: &'a Include,
    excluded: &'a [Calendar],
    /// The first time that is left of a day, by the calendars that exclude some of its times, and by its times.
    known: BTreeMap<Vec<usize>, DayTimes>,
    /// Years in which calendars leave nothing, by what makes years alike.
    barren_years: BTreeSet<YearKind>,
    /// The calendars that exclude some times of the day that is looked at.
    excluding: Vec<usize>,
}

/// The weekday of a year's first day, whether it is a leap year, and which calendars exclude anything in it.
type YearKind = (i8, bool, Vec<bool>);

/// The included times of a day.
#[derive(Clone, Copy)]
enum Times<'a> {
    Clock(&'a Clock),
    /// From a second of the day on, in equal distances.
    Steps {
        first: i64,
        length: i64,
    },
}

// === impl Search ===

impl Search<'_> {
    /// The first time that is left on a clock that runs evenly, between two points that count themselves.
    fn first(&mut self, offset: Offset, from: DateTime, last: DateTime) -> Option<DateTime> {
        let mut month = Month::of(from.date());
        let mut skipped = Set::below(from.day().into());
        let mut excluded = Vec::with_capacity(self.excluded.len());
        let mut year: Option<YearKind> = None;
        loop {
            if month.first().month() == 1 && skipped == Set::NONE {
                self.barren_years.extend(year.take());
                let kind = self.year_kind(&month);
                if kind.as_ref().is_some_and(|kind| self.barren_years.contains(kind)) {
                    month = month.next_year().filter(|month| month.first() <= last.date())?;
                    continue;
                }
                year = kind;
            }
            let days = self.include.days(&month, offset).without(skipped);
            if days != Set::NONE {
                excluded.clear();
                excluded.extend(self.excluded.iter().map(|calendar| calendar.days(&month)));
                if let Some(found) = self.first_of_days(days, &month, &excluded, offset, from) {
                    return (found <= last).then_some(found);
                }
            }
            month = month.next().filter(|month| month.first() <= last.date())?;
            skipped = Set::NONE;
        }
    }

    /// What kind a year is of; `None` when no other one is like it, because an interval goes on from year to year, or
    /// because the include has no times in it at all.
    fn year_kind(&self, january: &Month) -> Option<YearKind> {
        match self.include {
            Include::Calendar(calendar) if calendar.has_year(january.year()) => {
                let excluded = self.excluded.iter().map(|calendar| calendar.has_year(january.year()));
                let first = january.first();
                Some((
                    first.weekday().to_sunday_zero_offset(),
                    first.in_leap_year(),
                    excluded.collect(),
                ))
            }
            Include::Calendar(_) | Include::Interval { .. } => None,
        }
    }

    /// The first time that is left of these days of a month.
    fn first_of_days(
        &mut self,
        mut days: Set,
        month: &Month,
        excluded: &[Set],
        offset: Offset,
        from: DateTime,
    ) -> Option<DateTime> {
        while let Some(day) = days.first(1) {
            let alike = self.days_alike(day, days, excluded);
            let date = month.date(day);
            let times = self.include.times(date, offset);
            let found = if date == from.date() {
                self.first_left(times, second_of_day(from))
            } else {
                self.first_of_day(times)
            };
            if let Some(second) = found {
                return Some(date.to_datetime(jiff::civil::Time::midnight()) + SignedDuration::from_secs(second));
            }
            // No day has other times than these.
            let all_times = self.include.all_times(offset);
            days = if self.first_of_day(all_times).is_none() {
                days.without(alike)
            } else {
                days.without(Set::below(day + 1))
            };
        }
        None
    }

    /// Notes who excludes some times of a day. Gives the days of whose times the same calendars exclude some.
    fn days_alike(&mut self, day: i32, days: Set, excluded: &[Set]) -> Set {
        self.excluding.clear();
        let mut alike = days;
        for (number, excluded) in excluded.iter().enumerate() {
            if excluded.has(day) {
                self.excluding.push(number);
                alike = alike.and(*excluded);
            } else {
                alike = alike.without(*excluded);
            }
        }
        alike
    }

    /// The first of these times of the day that is left; what is known already is not looked for again.
    fn first_of_day(&mut self, times: Times<'_>) -> Option<i64> {
        if times.are_few() {
            return self.first_left(times, 0);
        }
        let known = self
            .known
            .get(&self.excluding)
            .and_then(|known| known.get(&times.key()));
        if let Some(known) = known {
            return *known;
        }
        let found = self.first_left(times, 0);
        self.known
            .entry(self.excluding.clone())
            .or_default()
            .insert(times.key(), found);
        found
    }

    /// The first of these times from a second of the day on that is left.
    fn first_left(&self, times: Times<'_>, from: i64) -> Option<i64> {
        let mut next = times.first(from)?;
        loop {
            let [hour, minute, second] = hour_minute_second(next);
            let excluding = self.excluding.iter().map(|number| self.excluded[*number].clock());
            let after = if excluding.clone().any(|clock| clock.takes_hour(hour)) {
                (hour + 1) * 3600
            } else {
                let included = times.seconds(hour, minute).without(Set::below(second));
                let left = excluding.fold(included, |left, clock| left.without(clock.seconds(hour, minute)));
                if let Some(second) = left.first(0) {
                    return Some(i64::from((hour * 60 + minute) * 60 + second));
                }
                (hour * 60 + minute + 1) * 60
            };
            next = times.first(after.into())?;
        }
    }
}

fn second_of_day(point: DateTime) -> i64 {
    let [hour, minute, second] = [point.hour(), point.minute(), point.second()].map(i64::from);
    (hour * 60 + minute) * 60 + second
}

// === impl Include ===

impl Include {
    /// The days of a month that have included times.
    fn days(&self, month: &Month, offset: Offset) -> Set {
        match self {
            Include::Calendar(_) if month.year() > LAST_YEAR => Set::NONE,
            Include::Calendar(calendar) => calendar.days(month),
            Include::Interval { length, .. } if *length <= DAY => month.days(),
            Include::Interval { length, phase } => {
                let from = local_seconds(month.first());
                let mut days = Set::NONE;
                let mut next = (local_phase(*phase, offset) - from).rem_euclid(*length);
                while let Some(day) = i32::try_from(next / DAY + 1).ok().filter(|day| month.days().has(*day)) {
                    days = days.or(Set::only(day));
                    next += length;
                }
                days
            }
        }
    }

    /// The included times of a day that has some.
    fn times(&self, date: Date, offset: Offset) -> Times<'_> {
        match self {
            Include::Calendar(calendar) => Times::Clock(calendar.clock()),
            Include::Interval { length, phase } => Times::Steps {
                first: (local_phase(*phase, offset) - local_seconds(date)).rem_euclid(*length),
                length: *length,
            },
        }
    }

    /// The times that any day can have.
    fn all_times(&self, offset: Offset) -> Times<'_> {
        match self {
            Include::Calendar(calendar) => Times::Clock(calendar.clock()),
            Include::Interval { length, phase } => {
                let common = common_divisor(*length, DAY);
                Times::Steps {
                    first: local_phase(*phase, offset).rem_euclid(common),
                    length: common,
                }
            }
        }
    }
}

// === impl Times ===

impl Times<'_> {
    /// Whether it is sooner looked at them than found out whether they are known. Each day may have others.
    fn are_few(&self) -> bool {
        matches!(self, Times::Steps { length, .. } if *length > DAY / 8)
    }

    /// Tells the times of one include apart.
    fn key(&self) -> (i64, i64) {
        match self {
            Times::Clock(_) => (0, 0),
            Times::Steps { first, length } => (*first, *length),
        }
    }

    /// The first time from a second of the day on.
    fn first(&self, from: i64) -> Option<i64> {
        match self {
            Times::Clock(clock) => clock.first(from),
            Times::Steps { first, length } => {
                Some(from + (first - from).rem_euclid(*length)).filter(|next| *next < DAY)
            }
        }
    }

    /// The seconds of a minute.
    fn seconds(&self, hour: i32, minute: i32) -> Set {
        match self {
            Times::Clock(clock) => clock.seconds(hour, minute),
            Times::Steps { first, length } => {
                let next = (first - i64::from((hour * 60 + minute) * 60)).rem_euclid(*length);
                let next = i32::try_from(next).map_or(Set::NONE, Set::only);
                next.repeated(*length).and(Set::below(60))
            }
        }
    }
}

fn local_phase(phase: i64, offset: Offset) -> i64 {
    phase + i64::from(offset.seconds())
}

/// The seconds from the epoch to the beginning of a day, on one clock.
fn local_seconds(date: Date) -> i64 {
    date.to_datetime(jiff::civil::Time::midnight())
        .duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0))
        .as_secs()
}

fn common_divisor(left: i64, right: i64) -> i64 {
    if right == 0 {
        left
    } else {
        common_divisor(right, left % right)
    }
}
