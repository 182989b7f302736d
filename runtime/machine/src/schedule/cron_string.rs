//! Calendars and intervals that are written as text.
//!
//! ```text
//! [CRON_TZ=<zone>] <minute> <hour> <day of month> <month> <day of week>          [# comment]
//! [CRON_TZ=<zone>] <minute> <hour> <day of month> <month> <day of week> <year>   [# comment]
//! [CRON_TZ=<zone>] <second> <minute> <hour> <day of month> <month> <day of week> <year> [# comment]
//! [CRON_TZ=<zone>] @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly [# comment]
//! @every <interval>[/<phase>] [# comment]
//! ```

use std::time::Duration;

use wrt_model::{
    proto::schedule::{CalendarSpec, IntervalSpec, StructuredCalendarSpec},
    time::proto_span,
};

use super::field;

/// What a cron string stands for.
#[derive(Debug, PartialEq)]
pub(crate) enum CronString {
    /// Times of a calendar.
    Calendar {
        /// The calendar.
        calendar: Box<StructuredCalendarSpec>,
        /// The zone that it is for; empty when the string names none.
        zone: String,
    },
    /// Times in equal distances.
    Interval(IntervalSpec),
}

/// Compiles a cron string.
pub(crate) fn parse(text: &str) -> Result<CronString, String> {
    let (times, comment) = text.split_once('#').unwrap_or((text, ""));
    let (zone, times) = split_zone(times.trim())?;
    if let Some(every) = times.strip_prefix("@every") {
        return interval(every.trim()).map(CronString::Interval);
    }
    let texts: Vec<&str> = shorthand(times).split_whitespace().collect();
    let (second, year, rest) = match texts.as_slice() {
        rest @ [_, _, _, _, _] => ("0", "*", rest),
        [rest @ .., year] if texts.len() == 6 => ("0", *year, rest),
        [second, rest @ .., year] if texts.len() == 7 => (*second, *year, rest),
        _ => {
            return Err(format!(
                "the cron string \"{text}\" has {} fields; it takes 5, or 6 with a year, or 7 with seconds and a year, or \
                 one of @yearly, @monthly, @weekly, @daily, @hourly and @every",
                texts.len()
            ));
        }
    };
    let calendar = calendar(&CalendarSpec {
        second: second.to_owned(),
        minute: rest[0].to_owned(),
        hour: rest[1].to_owned(),
        day_of_month: rest[2].to_owned(),
        month: rest[3].to_owned(),
        day_of_week: rest[4].to_owned(),
        year: year.to_owned(),
        comment: comment.trim().to_owned(),
    })?;
    Ok(CronString::Calendar {
        calendar: Box::new(calendar),
        zone: zone.to_owned(),
    })
}

/// Compiles a calendar of texts.
pub(crate) fn calendar(spec: &CalendarSpec) -> Result<StructuredCalendarSpec, String> {
    Ok(StructuredCalendarSpec {
        second: field::SECOND.parse(&spec.second, "0")?,
        minute: field::MINUTE.parse(&spec.minute, "0")?,
        hour: field::HOUR.parse(&spec.hour, "0")?,
        day_of_month: field::DAY_OF_MONTH.parse(&spec.day_of_month, "*")?,
        month: field::MONTH.parse(&spec.month, "*")?,
        year: match spec.year.trim() {
            // Every year is what a calendar without years stands for.
            "" | "*" => Vec::new(),
            years => field::YEAR.parse(years, "*")?,
        },
        day_of_week: field::DAY_OF_WEEK.parse(&spec.day_of_week, "*")?,
        comment: spec.comment.clone(),
    })
}

/// The name of the zone before a cron string, empty for none, and the rest.
pub(crate) fn split_zone(text: &str) -> Result<(&str, &str), String> {
    let Some(named) = text.strip_prefix("CRON_TZ=").or_else(|| text.strip_prefix("TZ=")) else {
        return Ok(("", text));
    };
    match named.split_once(char::is_whitespace) {
        Some((zone, rest)) => Ok((zone, rest.trim_start())),
        None => Err(format!(
            "\"{text}\" names a time zone and no times; write for instance \"{text} 0 12 * * *\""
        )),
    }
}

/// The five fields that a name stands for; other texts stay as they are.
pub(crate) fn shorthand(text: &str) -> &str {
    match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        other => other,
    }
}

fn interval(text: &str) -> Result<IntervalSpec, String> {
    let (interval, phase) = match text.split_once('/') {
        Some((interval, phase)) => (span(interval)?, Some(span(phase)?)),
        None => (span(text)?, None),
    };
    Ok(IntervalSpec {
        interval: Some(proto_span(interval)),
        phase: phase.map(proto_span),
    })
}

/// A span such as `90s`, `1h30m` or `2d`.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let refused = || format!("\"{text}\" is not a span of time; write for instance 30s, 1h30m or 2d");
    let mut rest = text.trim();
    let mut seconds: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(refused)?;
        let (number, after) = rest.split_at(digits);
        let number: u64 = number.parse().map_err(|_| refused())?;
        let unit = match after.as_bytes()[0] {
            b's' => 1,
            b'm' => 60,
            b'h' => 60 * 60,
            b'd' => 24 * 60 * 60,
            _ => return Err(refused()),
        };
        seconds = number
            .checked_mul(unit)
            .and_then(|part| seconds.checked_add(part))
            .ok_or_else(refused)?;
        rest = &after[1..];
    }
    if text.trim().is_empty() {
        return Err(refused());
    }
    Ok(Duration::from_secs(seconds))
}
