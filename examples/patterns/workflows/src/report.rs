//! A schedule: a report at fixed times. The time that a run is for comes from the schedule, not from the clock: a run that
//! starts late, or is made up for later (`wrt schedule backfill`), still reports about its own time.

use std::time::{SystemTime, UNIX_EPOCH};

use patterns_contract::PatternActivitiesStub;
use wrt_sdk::{Context, Result, SearchAttribute, workflow};

/// Counts the words of a source. Gives the second of the epoch that the report is for, too.
#[workflow]
pub(crate) async fn report(ctx: Context, source: String) -> Result<(u64, usize)> {
    let ctx = &ctx.with_activity_options(crate::activity_options());
    let words = ctx.extract(source).await?;
    let count = ctx.load(words).await?;
    Ok((seconds(due(ctx)), count))
}

/// Schedules tell their runs when they were due; who starts a report by hand means now.
fn due(ctx: &Context) -> SystemTime {
    match ctx.info().search_attributes.get("TemporalScheduledStartTime") {
        Some(SearchAttribute::Datetime(due)) => due,
        _ => ctx.now(),
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use wrt_sdk::{SearchAttributes, testing::TestEnvironment};

    #[test]
    fn a_report_is_for_the_time_of_its_schedule() {
        let mut test = TestEnvironment::<report>::new();
        test.on_activity("Extract", |source: String| {
            Ok(source.split(' ').map(str::to_owned).collect::<Vec<_>>())
        });
        test.on_activity("Load", |words: Vec<String>| Ok(words.len()));
        let due = UNIX_EPOCH + Duration::from_secs(1_000);
        test.info_mut().search_attributes = SearchAttributes::new().datetime("TemporalScheduledStartTime", due);
        assert_eq!(test.run(("a b c".to_owned(),)).unwrap(), (1_000, 3));
    }
}
