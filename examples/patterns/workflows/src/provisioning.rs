//! Provisioning: resources are made one by one, and taken away again in reverse order when one cannot be made.

use patterns_contract::{PatternActivitiesStub, Resource};
use wrt_sdk::{Context, Result, Saga, workflow};

/// Makes a resource of each kind, or none at all.
#[workflow]
pub(crate) async fn provision(ctx: Context, kinds: Vec<String>) -> Result<Vec<Resource>> {
    let ctx = ctx.with_activity_options(crate::activity_options());
    let steps = async |saga: &Saga| {
        let mut resources = Vec::new();
        for kind in kinds {
            let resource = ctx.create_resource(kind).await?;
            let undo = resource.clone();
            saga.compensation(move |ctx| async move { ctx.delete_resource(undo).await });
            resources.push(resource);
        }
        Ok(resources)
    };
    ctx.saga(steps).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::{Error, testing::TestEnvironment};

    #[test]
    fn what_was_made_is_taken_away_when_the_rest_cannot_be_made() {
        let mut test = TestEnvironment::<provision>::new();
        test.on_activity("CreateResource", |kind: String| match kind.as_str() {
            "broken" => Err(Error::application("Refused", "no").non_retryable()),
            _ => Ok(Resource { id: kind.clone(), kind }),
        });
        test.on_activity("DeleteResource", |_resource: Resource| Ok(()));
        let kinds = ["network", "machine", "broken"].map(str::to_owned).to_vec();
        test.run((kinds,)).unwrap_failure();
        let calls = test.activities();
        assert_eq!(calls[3..], ["DeleteResource", "DeleteResource"]);
    }
}
