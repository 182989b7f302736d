//! Workflow tasks, as the server runs them.

use wrt_host::{Completion, LocalActivity, LocalActivityEnd, TaskFailure, WorkflowInstance};
use wrt_machine::{Rejection, Turn, WorkflowTaskCompletion};
use wrt_model::{
    failure,
    proto::{
        enums::{RetryState, WorkflowTaskFailedCause as Cause},
        update,
    },
};

use crate::{
    happening::update_id,
    plan::{Messages, Plan},
    simulation::{Simulation, text},
};

impl Simulation<'_> {
    /// Runs workflow tasks until the workflow waits. What comes while the code runs comes in the first of them, if there
    /// is one.
    pub(crate) fn run_workflow_tasks(&mut self, messages: &Messages) {
        let nothing = Messages::default();
        let mut messages = messages;
        loop {
            self.continue_run();
            if self.start_workflow_task() {
                self.run_workflow_task(messages);
            } else if messages.during.is_empty() {
                return;
            } else {
                self.happen_all(&messages.during);
            }
            messages = &nothing;
        }
    }

    fn start_workflow_task(&mut self) -> bool {
        let has_updates = !self.state.updates.is_empty();
        let mut started = false;
        self.decide_surely(|turn| {
            started = (has_updates && turn.start_speculative_workflow_task("server"))
                || (turn.wants_workflow_task() && turn.start_workflow_task("server", "").is_ok());
        });
        started
    }

    fn run_workflow_task(&mut self, messages: &Messages) {
        let activated = self.activate();
        self.happen_all(&messages.during);
        let failed = match activated {
            Ok(_) if messages.task_fails => Some(task_failure(Cause::WorkflowWorkerUnhandledFailure, "lost")),
            Ok(completion) => self.complete(completion).err().map(refused),
            Err(failed) => Some(failed),
        };
        if let Some(failed) = failed {
            assert_ne!(failed.cause, Cause::NonDeterministicError, "{failed}");
            // The instance went another way than the history will tell.
            self.instance = None;
            let ended = self.decide(|turn| turn.fail_workflow_task(failed.cause, Some(*failed.failure), "server"));
            assert!(
                ended.is_ok() || !self.state.run.is_open(),
                "nobody else can end the task of an open run"
            );
        }
    }

    fn complete(&mut self, mut completion: Completion) -> Result<(), Rejection> {
        completion.messages.append(&mut completion.rejections);
        let Completion { commands, messages, .. } = completion;
        let completion = WorkflowTaskCompletion {
            commands,
            messages,
            identity: "server".to_owned(),
            ..Default::default()
        };
        self.decide(|turn| turn.complete_workflow_task(completion)).map(drop)
    }

    /// Runs the code. An update that it rejects leaves nothing behind: the task is run again without it.
    fn activate(&mut self) -> Result<Completion, TaskFailure> {
        let mut updates = self.state.updates.clone();
        let is_speculative = self
            .state
            .run
            .workflow_task
            .as_ref()
            .is_some_and(|task| task.speculative);
        let mut rejections = Vec::new();
        loop {
            if is_speculative && updates.is_empty() {
                return Ok(Completion {
                    rejections,
                    ..Completion::default()
                });
            }
            let mut completion = self.activate_with(updates.clone())?;
            if completion.rejections.is_empty() {
                completion.rejections = rejections;
                let instance = self.instance.as_mut().expect("it was activated just now");
                run_local_activities(self.plan, instance, &mut completion)?;
                return Ok(completion);
            }
            let rejected = |id: &str| {
                completion
                    .rejections
                    .iter()
                    .any(|message| message.protocol_instance_id == id)
            };
            updates.retain(|update| !rejected(update_id(update)));
            rejections.append(&mut completion.rejections);
        }
    }

    fn activate_with(&mut self, updates: Vec<update::Request>) -> Result<Completion, TaskFailure> {
        if self.instance.as_ref().is_none_or(WorkflowInstance::is_tainted) {
            self.instance = None;
            self.instance = Some(self.rebuild());
        }
        let instance = self.instance.as_mut().expect("made just now");
        let seen = instance.last_event_id();
        let mut unseen = self.state.events.clone();
        unseen.retain(|event| event.event_id > seen);
        unseen.extend(Turn::new(&mut self.state.run, self.now, &self.limits).transient_events());
        instance.activate(&unseen, updates)
    }
}

/// Lets the local activities end, each as the plan says; one that is canceled ends at once.
fn run_local_activities(
    plan: &Plan,
    instance: &mut WorkflowInstance,
    completion: &mut Completion,
) -> Result<(), TaskFailure> {
    let mut open: Vec<LocalActivity> = Vec::new();
    let mut canceled = Vec::new();
    loop {
        open.append(&mut completion.local_activities);
        canceled.append(&mut completion.canceled_local_activities);
        let last = completion
            .commands
            .last()
            .and_then(|command| command.attributes.as_ref());
        if last.is_some_and(wrt_machine::is_closing) {
            return Ok(());
        }
        let length = |seq: u32| (!canceled.contains(&seq), plan.local_activity(seq).length, seq);
        open.sort_by_key(|activity| std::cmp::Reverse(length(activity.seq)));
        let Some(next) = open.pop() else { return Ok(()) };
        let end = LocalActivityEnd {
            seq: next.seq,
            attempt: 1,
            outcome: if canceled.contains(&next.seq) {
                Err((failure::canceled(None), RetryState::CancelRequested))
            } else if plan.local_activity(next.seq).fails {
                let cause = failure::application("went wrong", "Oops", true);
                Err((cause, RetryState::NonRetryableFailure))
            } else {
                Ok(text("checked"))
            },
        };
        let mut more = instance.end_local_activity(end)?;
        completion.commands.append(&mut more.commands);
        completion.messages.append(&mut more.messages);
        completion.local_activities = more.local_activities;
        completion.canceled_local_activities = more.canceled_local_activities;
    }
}

fn refused(rejection: Rejection) -> TaskFailure {
    match rejection {
        Rejection::BadCommands { cause, message } => task_failure(cause, &message),
        other => task_failure(Cause::WorkflowWorkerUnhandledFailure, &other.to_string()),
    }
}

fn task_failure(cause: Cause, message: &str) -> TaskFailure {
    TaskFailure {
        cause,
        failure: Box::new(failure::server(message, false)),
    }
}
