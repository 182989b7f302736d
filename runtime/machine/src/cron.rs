//! Cron schedules of workflows: five fields, or a shorthand, or `@every`, as Temporal reads `cron_schedule`.
//!
//! Unlike the cron strings of schedules, a day matches when its day of month *or* its day of week does, if both are
//! given.

use std::time::Duration;

use wrt_model::{Time, proto::schedule::CalendarSpec};

use crate::schedule::{
    calendar::{Calendar, Days},
    cron_string, spec,
};

/// The first time after `after` that a cron schedule names, on a whole second; `None` when there is none before 2101.
///
/// Times are UTC's unless the text begins with `CRON_TZ=` or `TZ=` and a time zone.
///
/// Errors: what is wrong with the text, in a sentence.
pub fn next_cron_time(cron: &str, after: Time) -> Result<Option<Time>, String> {
    let (zone, times) = cron_string::split_zone(cron.trim())?;
    let zone = spec::zone_named(zone)?;
    match times.strip_prefix("@every ") {
        Some(every) => {
            let every = cron_string::span(every)?.max(Duration::from_secs(1));
            Ok(Some(spec::whole_second(after).plus(every)))
        }
        None => Ok(spec::next_of_calendar(calendar(times)?, &zone, after)),
    }
}

fn calendar(times: &str) -> Result<Calendar, String> {
    let fields: Vec<String> = cron_string::shorthand(times)
        .split_whitespace()
        .map(|field| field.replace('?', "*"))
        .collect();
    let [minute, hour, day_of_month, month, day_of_week] = fields.as_slice() else {
        return Err(format!(
            "the cron schedule \"{times}\" has {} fields; it takes 5 (minute, hour, day of month, month, day of week), or \
             one of @yearly, @monthly, @weekly, @daily, @hourly and @every",
            fields.len()
        ));
    };
    let days = if is_any(day_of_month) || is_any(day_of_week) {
        Days::Both
    } else {
        Days::Either
    };
    let spec = cron_string::calendar(&CalendarSpec {
        minute: minute.clone(),
        hour: hour.clone(),
        day_of_month: day_of_month.clone(),
        month: month.clone(),
        day_of_week: day_of_week.clone(),
        ..Default::default()
    })?;
    Ok(Calendar::new(&spec, days))
}

/// Whether a field says nothing: a star, alone or among others.
fn is_any(field: &str) -> bool {
    field.split(',').any(|part| matches!(part, "*" | "*/1"))
}
