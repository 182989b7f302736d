//! The fields of calendars that are written as text: `*`, `3`, `1-5`, `1-10/3`, `*/5`, `mon-fri`, `1,15`.

use wrt_model::proto::schedule::Range;

use super::calendar::{FIRST_YEAR, LAST_YEAR};

/// What a field may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// As errors name it.
    pub(crate) name: &'static str,
    /// The smallest value.
    pub(crate) minimum: i32,
    /// The largest value.
    pub(crate) maximum: i32,
    names: Names,
}

/// Words that stand for values.
#[derive(Clone, Copy, Debug)]
struct Names {
    words: &'static [&'static str],
    /// Letters that a shortened word must have.
    shortest: usize,
}

const NO_NAMES: Names = Names {
    words: &[],
    shortest: 0,
};

const MONTHS: Names = Names {
    words: &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ],
    shortest: 3,
};

const WEEKDAYS: Names = Names {
    words: &[
        "sunday",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
    ],
    shortest: 2,
};

pub(crate) const SECOND: Field = Field::new("Second", 0, 59, NO_NAMES);
pub(crate) const MINUTE: Field = Field::new("Minute", 0, 59, NO_NAMES);
pub(crate) const HOUR: Field = Field::new("Hour", 0, 23, NO_NAMES);
pub(crate) const DAY_OF_MONTH: Field = Field::new("DayOfMonth", 1, 31, NO_NAMES);
pub(crate) const MONTH: Field = Field::new("Month", 1, 12, MONTHS);
pub(crate) const YEAR: Field = Field::new("Year", FIRST_YEAR, LAST_YEAR, NO_NAMES);
pub(crate) const DAY_OF_WEEK: Field = Field::new("DayOfWeek", 0, 6, WEEKDAYS);

/// Sunday's second number, in texts only.
const SUNDAY: i32 = 7;

impl Field {
    const fn new(name: &'static str, minimum: i32, maximum: i32, names: Names) -> Self {
        Field {
            name,
            minimum,
            maximum,
            names,
        }
    }

    /// The ranges of a text; an empty one stands for `default`.
    pub(crate) fn parse(&self, text: &str, default: &str) -> Result<Vec<Range>, String> {
        let text = match text.trim() {
            "" => default,
            text => text,
        };
        let mut ranges = Vec::new();
        for part in text.split(',') {
            let range = self
                .range(part)
                .ok_or_else(|| format!("{} cannot be \"{part}\"; {}", self.name, self.takes()))?;
            ranges.extend(without_second_sunday(range, self.maximum));
        }
        Ok(ranges)
    }

    fn range(&self, part: &str) -> Option<Range> {
        let (values, step) = match part.split_once('/') {
            Some((values, step)) => (values, Some(step.parse().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (start, end) = match values.split_once('-') {
            _ if values == "*" => (self.minimum, self.maximum),
            Some((start, end)) => (self.value(start)?, self.value(end)?),
            None => {
                let start = self.value(values)?;
                // With a step, one value stands for all from there on.
                (start, if step.is_some() { self.maximum.max(start) } else { start })
            }
        };
        (start <= end).then(|| Range {
            start,
            end,
            step: step.unwrap_or(1),
        })
    }

    fn value(&self, text: &str) -> Option<i32> {
        let word = text.to_ascii_lowercase();
        let named = self.names.words.iter().position(|name| name.starts_with(&word));
        if let Some(position) = named.filter(|_| word.len() >= self.names.shortest) {
            return Some(self.minimum + i32::try_from(position).ok()?);
        }
        let value = text.parse().ok()?;
        let largest = if self.name == DAY_OF_WEEK.name {
            SUNDAY
        } else {
            self.maximum
        };
        (self.minimum..=largest).contains(&value).then_some(value)
    }

    fn takes(&self) -> String {
        let (minimum, maximum) = (self.minimum, self.maximum);
        let names = match self.names.words {
            [] => "",
            _ => ", or names",
        };
        format!("it takes values from {minimum} to {maximum}{names}, as in *, 1, 1-3, 1-3/2, */2 and 1,2")
    }
}

/// Texts may call Sunday 7; structured calendars call it 0.
fn without_second_sunday(range: Range, maximum: i32) -> Vec<Range> {
    if maximum != DAY_OF_WEEK.maximum || range.end != SUNDAY {
        return vec![range];
    }
    let weekdays = (range.start < SUNDAY).then_some(Range { end: maximum, ..range });
    let has_sunday = (SUNDAY - range.start) % range.step == 0;
    let sunday = has_sunday.then_some(Range {
        start: 0,
        end: 0,
        step: 1,
    });
    weekdays.into_iter().chain(sunday).collect()
}
