//! Children: closures or workflows of their own, tried again as the runtime decides it.

use std::time::SystemTime;

use super::{
    attempt::next_attempt,
    mock::Mock,
    world::{Event, RunIndex, TestRun, World, next_run_id},
};
use crate::{
    ChildWorkflowOptions, Failure, FailureKind, ParentClosePolicy, Payload, RelatedExecution, RetryPolicy,
    WorkflowEntry, WorkflowIdReusePolicy, WorkflowInfo,
    command::Command,
    execution::Job,
    failure::{ChildWorkflowFailure, RetryState},
    run::default_child_id,
};

/// What a test knows about a workflow type.
pub(super) enum ChildType {
    Mock(Mock),
    Native(WorkflowEntry),
}

/// A child that has not been resolved.
pub(super) struct OpenChild {
    workflow_type: String,
    input: Vec<Payload>,
    options: ChildWorkflowOptions,
    run_id: String,
    attempt: u32,
    /// Where it is, when it is no mock.
    pub(super) run: Option<RunIndex>,
}

/// Whose child a workflow is.
#[derive(Clone, Copy)]
pub(super) struct Parent {
    index: RunIndex,
    seq: u32,
}

impl OpenChild {
    fn workflow_id(&self) -> &str {
        self.options.workflow_id.as_deref().unwrap_or_default()
    }

    /// What the parent gets to see.
    fn failure(&self, retry_state: RetryState, cause: Failure) -> Failure {
        let kind = FailureKind::ChildWorkflow(Box::new(ChildWorkflowFailure {
            workflow_type: self.workflow_type.clone(),
            workflow_id: self.workflow_id().to_owned(),
            run_id: self.run_id.clone(),
            retry_state,
        }));
        Failure {
            cause: Some(Box::new(cause)),
            ..Failure::new("child workflow execution error", kind)
        }
    }

    /// When the next attempt begins, or why there is none.
    fn next_attempt(&self, ended: SystemTime, failure: &Failure) -> Result<SystemTime, RetryState> {
        let policy: &RetryPolicy = self
            .options
            .retry_policy
            .as_ref()
            .ok_or(RetryState::RetryPolicyNotSet)?;
        next_attempt(policy, self.attempt, ended, failure)
    }
}

impl World {
    // === What the parent asks for ===

    pub(super) fn start_child(
        &mut self,
        index: RunIndex,
        seq: u32,
        workflow_type: String,
        input: Vec<Payload>,
        options: ChildWorkflowOptions,
    ) {
        if !self.child_types.contains_key(&workflow_type) {
            panic!(
                "child workflow {workflow_type} is started but not known: say what it does with \
                 `on_child_workflow(\"{workflow_type}\", …)`, or let it run with `register_child`"
            );
        }
        let run_id = next_run_id(1_000_000 * (index + 1) + seq as usize);
        let workflow_id = default_child_id(&options, &self.runs[index].info.run_id, seq);
        let options = options.workflow_id(workflow_id);
        let child = OpenChild {
            workflow_type,
            input,
            options,
            run_id: run_id.clone(),
            attempt: 0,
            run: None,
        };
        if self.is_id_taken(&child) {
            let cause = Failure::application(
                "WorkflowExecutionAlreadyStarted",
                format!("a workflow with the id `{}` exists already", child.workflow_id()),
            );
            let failure = child.failure(RetryState::Unspecified, cause);
            return self.plan_job(index, Job::ChildWorkflowStarted(seq, Err(failure)));
        }
        self.runs[index].children.insert(seq, child);
        // It is there before its parent hears of it, and can tell it something.
        self.plan(self.now, index, Event::ChildAttempt(seq));
        self.plan_job(index, Job::ChildWorkflowStarted(seq, Ok(run_id)));
    }

    fn is_id_taken(&self, child: &OpenChild) -> bool {
        let policy = child.options.id_reuse_policy.unwrap_or_default();
        let same_id = self
            .runs
            .iter()
            .filter(|run| run.info.workflow_id == child.workflow_id());
        let mocked = self.runs.iter().filter(|run| !run.is_closed());
        let is_open = |other: &OpenChild| other.run.is_none() && other.workflow_id() == child.workflow_id();
        mocked.flat_map(|run| run.children.values()).any(is_open)
            || same_id.into_iter().any(|run| match policy {
                _ if !run.is_closed() => true,
                WorkflowIdReusePolicy::AllowDuplicate => false,
                WorkflowIdReusePolicy::AllowDuplicateFailedOnly => {
                    matches!(run.closing_command(), Some(Command::Complete { .. }))
                }
                WorkflowIdReusePolicy::RejectDuplicate => true,
            })
    }

    /// A mock stops at once; a workflow hears of it and decides for itself.
    pub(super) fn cancel_child(&mut self, index: RunIndex, seq: u32, reason: String) {
        let Some(child) = self.runs[index].children.get(&seq) else {
            return;
        };
        if let Some(run) = child.run {
            return self.plan_job(run, Job::CancelRequested(reason));
        }
        let failure = child.failure(RetryState::CancelRequested, Failure::canceled(reason));
        self.forget(index, |event| match event {
            Event::ChildAttempt(other) | Event::Job(Job::ChildWorkflowResolved(other, _)) => *other == seq,
            _ => false,
        });
        self.plan_job(index, Job::ChildWorkflowResolved(seq, Err(failure)));
    }

    // === What the child does ===

    pub(super) fn attempt_child(&mut self, index: RunIndex, seq: u32) {
        let child = self.runs[index]
            .children
            .get_mut(&seq)
            .expect("an attempt is planned only while its child is open");
        child.attempt += 1;
        let input = child.input.clone();
        match self.child_types.get_mut(&child.workflow_type) {
            Some(ChildType::Native(entry)) => {
                let entry = *entry;
                self.start_native(index, seq, entry, input);
            }
            Some(ChildType::Mock(mock)) => {
                let ended = self.now + mock.takes;
                match (mock.call)(input) {
                    Ok(output) => self.resolve_child(index, seq, ended, Ok(output)),
                    Err(error) => self.resolve_child(index, seq, ended, Err(error.into_failure())),
                }
            }
            None => unreachable!("the type was there when the child was started"),
        }
    }

    fn start_native(&mut self, index: RunIndex, seq: u32, entry: WorkflowEntry, input: Vec<Payload>) {
        let info = self.child_info(index, seq);
        let place = self.runs.len();
        let mut run = TestRun::new(entry, info, &self.shared);
        run.parent = Some(Parent { index, seq });
        self.runs.push(run);
        if let Some(child) = self.runs[index].children.get_mut(&seq) {
            child.run = Some(place);
        }
        self.start(place, input);
    }

    fn child_info(&self, index: RunIndex, seq: u32) -> WorkflowInfo {
        let parent = &self.runs[index].info;
        let child = &self.runs[index].children[&seq];
        let options = child.options.clone();
        WorkflowInfo {
            workflow_id: child.workflow_id().to_owned(),
            run_id: child.run_id.clone(),
            first_execution_run_id: child.run_id.clone(),
            workflow_type: child.workflow_type.clone(),
            task_queue: options.task_queue.unwrap_or_else(|| parent.task_queue.clone()),
            attempt: child.attempt,
            start_time: self.now,
            execution_timeout: options.execution_timeout,
            run_timeout: options.run_timeout,
            task_timeout: options.task_timeout.unwrap_or(parent.task_timeout),
            retry_policy: options.retry_policy,
            cron_schedule: options.cron_schedule,
            memo: options.memo.unwrap_or_default(),
            search_attributes: options.search_attributes.unwrap_or_default(),
            priority: options.priority.or_else(|| parent.priority.clone()),
            parent: Some(RelatedExecution {
                namespace: parent.namespace.clone(),
                workflow_id: parent.workflow_id.clone(),
                run_id: parent.run_id.clone(),
            }),
            continued_run_id: None,
            continued_failure: None,
            last_completion_result: Vec::new(),
            ..parent.clone()
        }
    }

    /// Tells the parent how its child ended, if there is a parent that waits.
    pub(super) fn tell_parent(&mut self, index: RunIndex, command: Command) {
        let Some(Parent { index: parent, seq }) = self.runs[index].parent else {
            return;
        };
        if !self.runs[parent].children.contains_key(&seq) {
            return;
        }
        let outcome = match command {
            Command::Complete { output } => Ok(output),
            Command::Fail { failure } => Err(failure),
            _ => Err(Failure::canceled("canceled")),
        };
        self.resolve_child(parent, seq, self.now, outcome);
    }

    /// The end of an attempt: the child's end, or the plan of the next attempt.
    fn resolve_child(&mut self, index: RunIndex, seq: u32, ended: SystemTime, outcome: Result<Payload, Failure>) {
        let child = &self.runs[index].children[&seq];
        let output = match outcome {
            Ok(output) => Ok(vec![output]),
            Err(failure) => match child.next_attempt(ended, &failure) {
                Ok(next) => return self.plan(next, index, Event::ChildAttempt(seq)),
                Err(retry_state) => Err(child.failure(retry_state, failure)),
            },
        };
        self.plan(ended, index, Event::Job(Job::ChildWorkflowResolved(seq, output)));
    }

    /// Does to the children what their parent close policies say.
    pub(super) fn close_children(&mut self, index: RunIndex) {
        let children: Vec<_> = self.runs[index]
            .children
            .values()
            .filter_map(|child| Some((child.run?, child.options.parent_close_policy.unwrap_or_default())))
            .collect();
        for (run, policy) in children {
            match policy {
                _ if self.runs[run].is_closed() => {}
                ParentClosePolicy::Abandon => {}
                ParentClosePolicy::RequestCancel => {
                    self.plan_job(run, Job::CancelRequested("the parent has closed".to_owned()));
                }
                ParentClosePolicy::Terminate => {
                    self.runs[run].terminated = true;
                    self.close_children(run);
                }
            }
        }
    }
}
