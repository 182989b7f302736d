//! A change of workflow code: runs that were on their way before it stay on the old way.

use std::time::Duration;

use wrt_sdk::{Context, Result, workflow};

/// Greets, politely since the patch.
#[workflow]
pub(crate) async fn greeting(ctx: Context, name: String) -> Result<String> {
    let polite = ctx.patched("polite");
    ctx.sleep(Duration::from_millis(10)).await?;
    Ok(if polite {
        format!("Good day, {name}")
    } else {
        format!("Hi {name}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::testing::TestEnvironment;

    #[test]
    fn old_runs_stay_on_the_old_way() {
        let mut test = TestEnvironment::<greeting>::new();
        assert_eq!(test.run(("Ada".to_owned(),)).unwrap(), "Good day, Ada");
        let mut test = TestEnvironment::<greeting>::new();
        test.not_patched("polite");
        assert_eq!(test.run(("Ada".to_owned(),)).unwrap(), "Hi Ada");
    }
}
