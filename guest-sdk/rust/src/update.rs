//! Updates: requests that change the run and wait for an answer.

use std::future::Future;

use futures::future::{FutureExt, LocalBoxFuture};

use crate::{Failure, Payload, Result, command::Command, execution::Execution, handlers::Handler};

/// A request that changes the run and waits for an answer.
#[derive(Clone)]
pub(crate) struct Update {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) input: Vec<Payload>,
}

/// What a workflow says to an update.
#[doc(hidden)]
pub enum UpdateOutcome {
    /// A handler takes it.
    Accepted(UpdateHandler),
    /// Its input does not fit, or the validator turned it away.
    Rejected(Failure),
    /// No handler has that name.
    Unknown,
}

/// What is to be done once the update is accepted.
#[doc(hidden)]
pub enum UpdateHandler {
    /// At once.
    Immediate(Box<dyn FnOnce() -> Result<Payload>>),
    /// Beside the main task.
    Spawned(Handler, LocalBoxFuture<'static, Result<Payload>>),
}

impl UpdateHandler {
    /// A handler that answers at once.
    pub fn immediate(handle: impl FnOnce() -> Result<Payload> + 'static) -> UpdateOutcome {
        UpdateOutcome::Accepted(UpdateHandler::Immediate(Box::new(handle)))
    }

    /// A handler that may wait.
    pub fn spawned(handler: Handler, task: impl Future<Output = Result<Payload>> + 'static) -> UpdateOutcome {
        UpdateOutcome::Accepted(UpdateHandler::Spawned(handler, task.boxed_local()))
    }
}

impl Execution {
    /// Accepts the update before its handler begins, so that whatever the handler does comes behind it in the history.
    pub(crate) fn update(&self, update: Update) {
        let Update { id, name, input } = update.clone();
        let Some(instance) = self.instance.as_ref().filter(|_| !self.run.is_closed()) else {
            let reason = Failure::application("WorkflowClosed", "the workflow has just ended");
            return self.run.reject_update(id, reason);
        };
        let mut early = self.early_updates.borrow_mut();
        if let Some(early) = early.as_mut().filter(|early| !early.is_empty()) {
            return early.push(update);
        }
        let handler = match (instance.update(&name, input), early.as_mut()) {
            (UpdateOutcome::Accepted(handler), _) => handler,
            (UpdateOutcome::Rejected(reason), _) => return self.run.reject_update(id, reason),
            (UpdateOutcome::Unknown, Some(early)) => return early.push(update),
            (UpdateOutcome::Unknown, None) => return self.run.reject_update(id, instance.unknown_update(&name)),
        };
        self.run.issue(Command::AcceptUpdate { update_id: id.clone() });
        let run = self.run.clone();
        let complete = move |outcome: Result<Payload>| {
            run.issue(Command::CompleteUpdate {
                update_id: id,
                outcome: outcome.map_err(crate::Error::into_failure),
            });
        };
        match handler {
            UpdateHandler::Immediate(handle) => complete(handle()),
            UpdateHandler::Spawned(handler, task) => self.run.spawn_handler(handler, task.map(complete)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc, time::SystemTime};

    use super::*;
    use crate::{
        Context, WorkflowEntry,
        execution::{Activation, Job},
        host::Host,
        info::Progress,
        log::Level,
    };

    #[wrt_sdk::workflow]
    async fn until_canceled(ctx: Context) -> Result<()> {
        ctx.canceled().await;
        Ok(())
    }

    #[derive(Clone, Default)]
    struct Recorder(Rc<RefCell<Vec<Command>>>);

    impl Host for Recorder {
        fn issue(&self, command: Command) -> u32 {
            self.0.borrow_mut().push(command);
            0
        }

        fn patched(&self, _: &str) -> bool {
            true
        }

        fn log(&self, _: Level, _: &str, _: &[(String, String)]) {}
    }

    #[test]
    fn an_update_that_comes_too_late_is_answered_all_the_same() {
        let info = crate::testing::info("UntilCanceled", SystemTime::UNIX_EPOCH);
        let host = Recorder::default();
        let entry = WorkflowEntry::of::<until_canceled>();
        let mut execution = Execution::start(&entry, info, Vec::new(), Box::new(host.clone()));
        let update = Update {
            id: "u".to_owned(),
            name: "any".to_owned(),
            input: Vec::new(),
        };
        let activation = Activation {
            time: SystemTime::UNIX_EPOCH,
            progress: Progress::default(),
            jobs: vec![Job::CancelRequested("enough".to_owned()), Job::Update(update)],
        };
        execution.activate(activation).unwrap();
        let commands = host.0.borrow();
        assert!(
            matches!(&commands[..], [Command::Complete { .. }, Command::RejectUpdate { .. }]),
            "{commands:?}"
        );
    }
}
