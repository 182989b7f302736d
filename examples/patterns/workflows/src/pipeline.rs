//! A data pipeline: the output of each stage is the input of the next one, and a stage that fails is repeated alone.

use patterns_contract::PatternActivitiesStub;
use wrt_sdk::{Context, Result, workflow};

/// Extracts, transforms and loads each source; tells how many words each one had.
#[workflow]
pub(crate) async fn pipeline(ctx: Context, sources: Vec<String>) -> Result<Vec<usize>> {
    let ctx = &ctx.with_activity_options(crate::activity_options());
    let loads = sources.into_iter().map(async |source| {
        let words = ctx.extract(source).await?;
        let words = ctx.transform(words).await?;
        ctx.load(words).await
    });
    Ok(wrt_sdk::try_join_all(loads).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::testing::TestEnvironment;

    #[test]
    fn every_source_passes_every_stage() {
        let mut test = TestEnvironment::<pipeline>::new();
        test.on_activity("Extract", |source: String| {
            Ok(source.split(' ').map(str::to_owned).collect::<Vec<_>>())
        });
        test.on_activity("Transform", |words: Vec<String>| Ok(words));
        test.on_activity("Load", |words: Vec<String>| Ok(words.len()));
        assert_eq!(test.run((vec!["a b".to_owned(), "c".to_owned()],)).unwrap(), [2, 1]);
        assert_eq!(test.activities().len(), 6);
    }
}
