//! A distributed lock: a workflow hands it to those who ask, one after the other.

use std::{collections::VecDeque, time::Duration};

use wrt_sdk::{Context, Result, WorkflowContext, workflow};

/// A lock, and who waits for it.
#[derive(Default)]
pub(crate) struct Lock {
    waiting: VecDeque<String>,
    released: bool,
}

/// Lends the lock to each workflow that asks with `acquire`, until that one signals `release`. Ends when nobody has asked
/// for so many seconds.
#[workflow]
impl Lock {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, idle_seconds: u64) -> Result<u32> {
        let mut lent = 0;
        loop {
            let asked = ctx.wait_until(|lock| !lock.waiting.is_empty());
            if !asked.timeout(Duration::from_secs(idle_seconds)).await? {
                return Ok(lent);
            }
            let Some(holder) = ctx.state_mut(|lock| {
                lock.released = false;
                lock.waiting.pop_front()
            }) else {
                continue;
            };
            // One that is gone before its turn needs no lock.
            if ctx.external_workflow(&holder).signal("acquired", ()).await.is_ok() {
                lent += 1;
                ctx.wait_until(|lock| lock.released).await?;
            }
        }
    }

    /// The workflow with this id wants the lock.
    #[signal]
    fn acquire(&mut self, workflow_id: String) {
        self.waiting.push_back(workflow_id);
    }

    /// The holder gives it back.
    #[signal]
    fn release(&mut self) {
        self.released = true;
    }
}

/// Does something that only one at a time may do.
#[workflow]
pub(crate) async fn critical_section(ctx: Context, lock_id: String, seconds: u64) -> Result<()> {
    // The lock is given back whatever happens, also when this workflow is canceled.
    let lock = ctx.shielded().external_workflow(lock_id);
    let mut acquired = ctx.signals::<()>("acquired");
    lock.signal("acquire", (ctx.info().workflow_id.clone(),)).await?;
    acquired.recv().await?;
    let work = ctx.sleep(Duration::from_secs(seconds)).await;
    lock.signal("release", ()).await?;
    Ok(work?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::testing::{Command, TestEnvironment};

    #[test]
    fn it_is_lent_to_one_after_the_other() {
        let mut test = TestEnvironment::<Lock>::new();
        test.start((60,));
        test.signal("acquire", ("a",));
        test.signal("acquire", ("b",));
        test.advance(Duration::from_secs(1));
        assert_eq!(holders(&test), ["a"]);
        test.signal("release", ());
        test.advance(Duration::from_secs(1));
        assert_eq!(holders(&test), ["a", "b"]);
        test.signal("release", ());
        assert_eq!(test.finish().unwrap(), 2);
    }

    fn holders(test: &TestEnvironment<Lock>) -> Vec<String> {
        let commands = test.commands().into_iter();
        commands
            .filter_map(|command| match command {
                Command::SignalExternalWorkflow { workflow_id, .. } => Some(workflow_id),
                _ => None,
            })
            .collect()
    }
}
