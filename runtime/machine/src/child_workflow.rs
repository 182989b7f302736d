//! Child workflows, as their parent sees them.
//!
//! ```text
//! (none)    --StartChildWorkflowExecution--> Initiated
//! Initiated --the child has started--------> Started
//! Initiated --its id is taken--------------> (failed to start)
//! Started   --the last run of its chain closes--> (completed, failed, canceled, terminated, timed out)
//! ```
//!
//! The child is another workflow: it is started, and asked to stop, by messages that leave after the commit.

use wrt_model::{
    Run,
    proto::{
        EventAttributes, Failure, Header, Payloads, WorkflowExecution, WorkflowType,
        command::StartChildWorkflowExecutionCommandAttributes,
        enums::{
            ParentClosePolicy, RetryState, StartChildWorkflowExecutionFailedCause, WorkflowIdReusePolicy,
            WorkflowTaskFailedCause as Cause,
        },
        history::{
            ChildWorkflowExecutionCanceledEventAttributes, ChildWorkflowExecutionCompletedEventAttributes,
            ChildWorkflowExecutionFailedEventAttributes, ChildWorkflowExecutionStartedEventAttributes,
            ChildWorkflowExecutionTerminatedEventAttributes, ChildWorkflowExecutionTimedOutEventAttributes,
            StartChildWorkflowExecutionFailedEventAttributes, StartChildWorkflowExecutionInitiatedEventAttributes,
        },
    },
    run::{ChildWorkflow, Parent},
    time::{is_negative, proto_span, span_set},
};

use crate::{
    Rejection, Turn,
    command::bad,
    cron::next_cron_time,
    message::Outgoing,
    retry,
    start::{normal_queue, run_timeout, task_timeout},
};

/// How the last run of a child's chain ended.
#[derive(Clone, Debug, PartialEq)]
pub enum ChildClose {
    /// With a result.
    Completed(Option<Payloads>),
    /// With a failure, which is not retried.
    Failed(Box<Failure>, RetryState),
    /// It canceled itself, with details.
    Canceled(Option<Payloads>),
    /// Somebody ended it.
    Terminated,
    /// It ran out of time.
    TimedOut(RetryState),
}

impl Turn<'_> {
    // === Commands ===

    pub(crate) fn check_start_child(
        &self,
        command: &StartChildWorkflowExecutionCommandAttributes,
    ) -> Result<(), Rejection> {
        let id = &command.workflow_id;
        let wrong = |message: String| Err(bad(Cause::BadStartChildExecutionAttributes, message));
        if id.is_empty() {
            return wrong("WorkflowId is not set on a child workflow".into());
        }
        if command.workflow_type.as_ref().is_none_or(|kind| kind.name.is_empty()) {
            return wrong(format!("WorkflowType is not set on child workflow {id}"));
        }
        for (name, timeout) in [
            ("WorkflowExecutionTimeout", &command.workflow_execution_timeout),
            ("WorkflowRunTimeout", &command.workflow_run_timeout),
            ("WorkflowTaskTimeout", &command.workflow_task_timeout),
        ] {
            if timeout.as_ref().is_some_and(is_negative) {
                return wrong(format!("{name} of child workflow {id} cannot be negative"));
            }
        }
        if let Some(policy) = &command.retry_policy
            && let Err(message) = retry::check(policy)
        {
            return wrong(format!("{message} of child workflow {id}"));
        }
        if !command.cron_schedule.is_empty()
            && let Err(message) = next_cron_time(&command.cron_schedule, self.now)
        {
            return wrong(format!("{message} of child workflow {id}"));
        }
        Ok(())
    }

    /// Carries out the command to start a child, which has been checked. Whether its id is free is seen when it starts.
    #[expect(deprecated, reason = "SDKs still send the namespace")]
    pub(crate) fn start_child(
        &mut self,
        command: StartChildWorkflowExecutionCommandAttributes,
        completed_event_id: i64,
    ) {
        let parent_close_policy = match command.parent_close_policy() {
            ParentClosePolicy::Unspecified => ParentClosePolicy::Terminate,
            given => given,
        };
        let workflow_id_reuse_policy = match command.workflow_id_reuse_policy() {
            WorkflowIdReusePolicy::Unspecified => WorkflowIdReusePolicy::AllowDuplicate,
            given => given,
        };
        let task_queue = normal_queue(command.task_queue, &self.run.task_queue);
        let execution_timeout = span_set(command.workflow_execution_timeout.as_ref());
        let run_timeout = run_timeout(command.workflow_run_timeout.as_ref(), execution_timeout);
        let task_timeout = task_timeout(command.workflow_task_timeout.as_ref(), run_timeout);
        let initiated = StartChildWorkflowExecutionInitiatedEventAttributes {
            namespace: command.namespace,
            namespace_id: self.run.namespace_id.clone(),
            workflow_id: command.workflow_id,
            workflow_type: command.workflow_type,
            task_queue: Some(task_queue),
            input: command.input,
            workflow_execution_timeout: command.workflow_execution_timeout,
            workflow_run_timeout: Some(proto_span(run_timeout.unwrap_or_default())),
            workflow_task_timeout: Some(proto_span(task_timeout)),
            parent_close_policy: parent_close_policy as i32,
            control: command.control,
            workflow_task_completed_event_id: completed_event_id,
            workflow_id_reuse_policy: workflow_id_reuse_policy as i32,
            retry_policy: command.retry_policy.map(retry::with_defaults),
            cron_schedule: command.cron_schedule,
            header: command.header,
            memo: command.memo,
            search_attributes: command.search_attributes,
            priority: command.priority,
            versioning_override: command.versioning_override,
            ..Default::default()
        };
        let child = initiated_child(&initiated);
        let initiated_event_id = self.append(EventAttributes::StartChildWorkflowExecutionInitiatedEventAttributes(
            initiated,
        ));
        self.run.children.insert(initiated_event_id, child);
        self.transition.outgoing.push(Outgoing::StartChild(initiated_event_id));
    }

    // === Answers ===

    /// The child has started, with the header that it was to have. Told again, or after this run has closed, it changes
    /// nothing that anybody sees.
    pub fn child_started(&mut self, initiated_event_id: i64, run_id: String, header: Option<Header>) {
        let is_open = self.run.is_open();
        let Some(child) = self
            .run
            .children
            .get_mut(&initiated_event_id)
            .filter(|child| !child.is_started())
        else {
            return;
        };
        self.transition.durable = true;
        child.run_id = run_id;
        let (execution, kind) = names(child);
        if !is_open {
            self.run.children.remove(&initiated_event_id);
            return;
        }
        let started = EventAttributes::ChildWorkflowExecutionStartedEventAttributes(
            ChildWorkflowExecutionStartedEventAttributes {
                namespace: child.namespace.clone(),
                namespace_id: self.run.namespace_id.clone(),
                initiated_event_id,
                workflow_execution: execution,
                workflow_type: kind,
                header,
            },
        );
        if let Some(event_id) = self.append_outside(started) {
            self.child_started_by(initiated_event_id, event_id);
        }
        self.ensure_workflow_task();
    }

    /// Notes the event that says that a child has started.
    pub(crate) fn child_started_by(&mut self, initiated_event_id: i64, started_event_id: i64) {
        if let Some(child) = self.run.children.get_mut(&initiated_event_id) {
            child.started_event_id = started_event_id;
        }
    }

    /// The child could not be started. `control` is what the command said to its own side.
    #[expect(deprecated, reason = "SDKs may find their command by the control")]
    pub fn child_start_failed(
        &mut self,
        initiated_event_id: i64,
        cause: StartChildWorkflowExecutionFailedCause,
        control: String,
    ) {
        let Some(child) = self.run.children.remove(&initiated_event_id) else {
            return;
        };
        self.transition.durable = true;
        if !self.run.is_open() {
            return;
        }
        self.append_outside(EventAttributes::StartChildWorkflowExecutionFailedEventAttributes(
            StartChildWorkflowExecutionFailedEventAttributes {
                namespace: child.namespace.clone(),
                namespace_id: self.run.namespace_id.clone(),
                workflow_type: names(&child).1,
                workflow_id: child.workflow_id,
                cause: cause as i32,
                control,
                initiated_event_id,
                ..Default::default()
            },
        ));
        self.ensure_workflow_task();
    }

    /// True when the child's start has not been answered: then the answer has to come before its end.
    pub fn awaits_child_start(&self, initiated_event_id: i64) -> bool {
        let child = self.run.children.get(&initiated_event_id);
        self.run.is_open() && child.is_some_and(|child| !child.is_started())
    }

    /// The last run of the child's chain has closed. `run_id` is that run's.
    pub fn child_closed(&mut self, initiated_event_id: i64, run_id: String, close: ChildClose) {
        if !self.run.is_open() {
            return;
        }
        if self.awaits_child_start(initiated_event_id) {
            self.child_started(initiated_event_id, run_id.clone(), None);
        }
        let Some(mut child) = self.run.children.remove(&initiated_event_id) else {
            return;
        };
        child.run_id = run_id;
        let end = self.child_end(initiated_event_id, &child, close);
        self.append_outside(end);
        self.ensure_workflow_task();
    }

    fn child_end(&self, initiated_event_id: i64, child: &ChildWorkflow, close: ChildClose) -> EventAttributes {
        use EventAttributes as A;
        let (workflow_execution, workflow_type) = names(child);
        let namespace = child.namespace.clone();
        let namespace_id = self.run.namespace_id.clone();
        let started_event_id = child.started_event_id;
        match close {
            ChildClose::Completed(result) => {
                A::ChildWorkflowExecutionCompletedEventAttributes(ChildWorkflowExecutionCompletedEventAttributes {
                    result,
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                })
            }
            ChildClose::Failed(failure, retry_state) => {
                A::ChildWorkflowExecutionFailedEventAttributes(ChildWorkflowExecutionFailedEventAttributes {
                    failure: Some(*failure),
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                    retry_state: retry_state as i32,
                })
            }
            ChildClose::Canceled(details) => {
                A::ChildWorkflowExecutionCanceledEventAttributes(ChildWorkflowExecutionCanceledEventAttributes {
                    details,
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                })
            }
            ChildClose::Terminated => {
                A::ChildWorkflowExecutionTerminatedEventAttributes(ChildWorkflowExecutionTerminatedEventAttributes {
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                })
            }
            ChildClose::TimedOut(retry_state) => {
                A::ChildWorkflowExecutionTimedOutEventAttributes(ChildWorkflowExecutionTimedOutEventAttributes {
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                    retry_state: retry_state as i32,
                })
            }
        }
    }

    // === Resets of the parent ===

    /// Tells a run that a reset has begun what a child of it has said to the run before, as an event of that one.
    #[expect(deprecated, reason = "SDKs may find their command by the control")]
    pub(crate) fn repeat_child(&mut self, told: EventAttributes) {
        use EventAttributes as A;
        let (initiated_event_id, execution, close) = match told {
            A::ChildWorkflowExecutionStartedEventAttributes(event) => {
                let run_id = event.workflow_execution.unwrap_or_default().run_id;
                return self.child_started(event.initiated_event_id, run_id, event.header);
            }
            A::StartChildWorkflowExecutionFailedEventAttributes(event) => {
                return self.child_start_failed(event.initiated_event_id, event.cause(), event.control);
            }
            A::ChildWorkflowExecutionCompletedEventAttributes(event) => {
                let close = ChildClose::Completed(event.result);
                (event.initiated_event_id, event.workflow_execution, close)
            }
            A::ChildWorkflowExecutionFailedEventAttributes(event) => {
                let retry_state = event.retry_state();
                let close = ChildClose::Failed(Box::new(event.failure.unwrap_or_default()), retry_state);
                (event.initiated_event_id, event.workflow_execution, close)
            }
            A::ChildWorkflowExecutionCanceledEventAttributes(event) => {
                let close = ChildClose::Canceled(event.details);
                (event.initiated_event_id, event.workflow_execution, close)
            }
            A::ChildWorkflowExecutionTimedOutEventAttributes(event) => {
                let close = ChildClose::TimedOut(event.retry_state());
                (event.initiated_event_id, event.workflow_execution, close)
            }
            A::ChildWorkflowExecutionTerminatedEventAttributes(event) => (
                event.initiated_event_id,
                event.workflow_execution,
                ChildClose::Terminated,
            ),
            _ => return,
        };
        self.child_closed(initiated_event_id, execution.unwrap_or_default().run_id, close);
    }

    /// This run, a child, answers to another parent from now on. False, and nothing has changed, when it has closed or
    /// does not answer to the one before any more.
    pub fn change_parent(&mut self, before: Option<&Parent>, parent: Parent) -> bool {
        let may_change = self.run.is_open() && self.run.parent.as_ref() == before;
        if may_change {
            self.run.parent = Some(parent);
            self.transition.durable = true;
        }
        may_change
    }

    // === The end of the parent ===

    /// Lets each child hear that its parent has closed. Those that were asked for and have not started stay, so that
    /// they are not forgotten: they start when nobody would end them at once, and are dropped otherwise.
    pub(crate) fn close_children(&mut self) {
        let children = std::mem::take(&mut self.run.children);
        for (initiated_event_id, child) in children {
            let abandon = child.parent_close_policy() == ParentClosePolicy::Abandon;
            if !child.is_started() && abandon {
                self.run.children.insert(initiated_event_id, child);
            } else if child.is_started() && !abandon {
                self.transition.outgoing.push(Outgoing::CloseChild(child));
            }
        }
        let kept = &self.run.children;
        self.transition.outgoing.retain(|message| match message {
            Outgoing::StartChild(initiated_event_id) => kept.contains_key(initiated_event_id),
            _ => true,
        });
    }
}

/// The child that an event asks for, before anything is known of it.
pub(crate) fn initiated_child(event: &StartChildWorkflowExecutionInitiatedEventAttributes) -> ChildWorkflow {
    ChildWorkflow {
        workflow_id: event.workflow_id.clone(),
        workflow_type: event
            .workflow_type
            .as_ref()
            .map(|kind| kind.name.clone())
            .unwrap_or_default(),
        parent_close_policy: event.parent_close_policy,
        namespace: event.namespace.clone(),
        ..Default::default()
    }
}

/// The child's end as its parent hears of it; `None` while it is open, or goes on in another run.
pub fn child_close(run: &Run, close_event: &EventAttributes) -> Option<ChildClose> {
    use EventAttributes as A;
    if run.is_open() || !run.new_execution_run_id.is_empty() {
        return None;
    }
    Some(match close_event.clone() {
        A::WorkflowExecutionCompletedEventAttributes(event) => ChildClose::Completed(event.result),
        A::WorkflowExecutionFailedEventAttributes(event) => {
            let retry_state = event.retry_state();
            ChildClose::Failed(Box::new(event.failure.unwrap_or_default()), retry_state)
        }
        A::WorkflowExecutionCanceledEventAttributes(event) => ChildClose::Canceled(event.details),
        A::WorkflowExecutionTimedOutEventAttributes(event) => ChildClose::TimedOut(event.retry_state()),
        _ => ChildClose::Terminated,
    })
}

fn names(child: &ChildWorkflow) -> (Option<WorkflowExecution>, Option<WorkflowType>) {
    let execution = WorkflowExecution {
        workflow_id: child.workflow_id.clone(),
        run_id: child.run_id.clone(),
    };
    let kind = WorkflowType {
        name: child.workflow_type.clone(),
    };
    (Some(execution), Some(kind))
}
