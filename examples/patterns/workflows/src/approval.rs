//! Human approval: somebody has to decide before a deadline, and learns at once whether the decision was taken.

use std::time::Duration;

use wrt_sdk::{Error, Result, WorkflowContext, workflow};

/// A request that waits for a decision.
#[derive(Default)]
pub(crate) struct Approval {
    decided_by: Option<String>,
    approved: bool,
}

/// Waits for `approve` or `reject` for so many seconds; without a decision the request is declined.
#[workflow]
impl Approval {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, seconds: u64) -> Result<String> {
        let decided = ctx.wait_until(|request| request.decided_by.is_some());
        let in_time = decided.timeout(Duration::from_secs(seconds)).await?;
        Ok(ctx.state(|request| match (&request.decided_by, request.approved) {
            (Some(name), true) if in_time => format!("approved by {name}"),
            (Some(name), false) if in_time => format!("rejected by {name}"),
            _ => "declined: nobody decided".to_owned(),
        }))
    }

    /// Approves the request, unless somebody was faster.
    #[update(validator = check_undecided)]
    fn approve(&mut self, name: String) -> String {
        self.approved = true;
        self.decided_by.insert(name).clone()
    }

    /// Rejects the request, unless somebody was faster.
    #[update(validator = check_undecided)]
    fn reject(&mut self, name: String) -> String {
        self.decided_by.insert(name).clone()
    }

    fn check_undecided(&self, name: &str) -> Result<()> {
        if name.is_empty() {
            return Err(Error::application("NoName", "a decision needs a name"));
        }
        match &self.decided_by {
            Some(first) => Err(Error::application("Decided", format!("{first} has decided"))),
            None => Ok(()),
        }
    }

    /// Who has decided.
    #[query]
    fn decided_by(&self) -> Option<String> {
        self.decided_by.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::testing::TestEnvironment;

    #[test]
    fn the_first_decision_counts() {
        let mut test = TestEnvironment::<Approval>::new();
        test.start((60,));
        let nameless = test.update("approve", (String::new(),));
        assert_eq!(
            nameless.outcome::<String>().unwrap_rejection().message,
            "a decision needs a name"
        );
        assert_eq!(test.update("approve", ("Ada",)).outcome::<String>().unwrap(), "Ada");
        assert_eq!(test.finish().unwrap(), "approved by Ada");
    }

    #[test]
    fn without_a_decision_it_is_declined() {
        let mut test = TestEnvironment::<Approval>::new();
        assert_eq!(test.run((60,)).unwrap(), "declined: nobody decided");
        assert_eq!(test.elapsed(), Duration::from_secs(60));
    }
}
