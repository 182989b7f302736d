//! Delegation: what becomes of a child when its parent ends is settled when it is started.

use wrt_sdk::{Error, ParentClosePolicy, Result, WorkflowContext, workflow};

use crate::reminder::Reminder;

/// Has a reminder run as its child.
#[derive(Default)]
pub(crate) struct Delegation {
    done: bool,
}

/// Starts a reminder as a child, which is to `terminate`, to be told (`request-cancel`), or to go on (`abandon`) when this
/// workflow ends; ends with `done`, and tells the child's workflow id.
#[workflow]
impl Delegation {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, policy: String) -> Result<String> {
        let policy = match policy.as_str() {
            "terminate" => ParentClosePolicy::Terminate,
            "request-cancel" => ParentClosePolicy::RequestCancel,
            "abandon" => ParentClosePolicy::Abandon,
            other => return Err(Error::application("Policy", format!("there is no policy {other:?}"))),
        };
        let child = ctx
            .child::<Reminder>((3_600,))
            .parent_close_policy(policy)
            .start()
            .await?;
        child.signal("beat", ()).await?;
        ctx.wait_until(|delegation| delegation.done).await?;
        Ok(child.workflow_id().to_owned())
    }

    #[signal]
    fn done(&mut self) {
        self.done = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::testing::TestEnvironment;

    #[test]
    fn an_unknown_policy_is_refused() {
        let mut test = TestEnvironment::<Delegation>::new();
        let failure = test.run(("keep".to_owned(),)).unwrap_failure();
        assert_eq!(failure.message, "there is no policy \"keep\"");
    }
}
