//! Workflow tasks: the turns of the workflow's own code.
//!
//! ```text
//! (none)    --something happens--> Scheduled, attempt 1
//! Scheduled --a worker takes it--> Started
//! Started   --completes----------> (none), or Scheduled, attempt 1, when events were buffered
//! Started   --fails, times out---> Scheduled, attempt n + 1, after a wait; attempt 1 when events were buffered
//! ```
//!
//! Only the first attempt leaves its failure in the history. Later ones are transient: their `scheduled` and `started`
//! events are shown to the worker, and written when one of them completes.

use std::{collections::HashMap, time::Duration};

use wrt_model::{
    Time,
    proto::{
        Command, EventAttributes, Failure, HistoryEvent, TaskQueue, WorkerDeploymentVersion,
        enums::{TimeoutType, WorkflowTaskFailedCause},
        history::{
            WorkflowTaskCompletedEventAttributes, WorkflowTaskFailedEventAttributes,
            WorkflowTaskScheduledEventAttributes, WorkflowTaskStartedEventAttributes,
            WorkflowTaskTimedOutEventAttributes,
        },
        protocol,
    },
    run::{WorkflowTask, WorkflowTaskState},
    time::{proto_span, span_nanos},
};

use crate::{Rejection, Turn, turn::event, update::Messages};

/// The wait after the first failure; it doubles with each one that follows.
const RETRY_INITIAL: Duration = Duration::from_secs(1);
/// The longest wait between two attempts.
const RETRY_MAXIMUM: Duration = Duration::from_secs(600);

impl Turn<'_> {
    /// True when the workflow's code has something to do right now.
    pub fn wants_workflow_task(&self) -> bool {
        self.run.workflow_task.as_ref().is_some_and(|task| {
            task.state() == WorkflowTaskState::Scheduled
                && Time::from_nanos(task.not_before_ns) <= self.now
                && !self.run.is_paused()
        })
    }

    /// A worker takes the workflow task.
    pub fn start_workflow_task(&mut self, identity: &str, request_id: &str) -> Result<(), Rejection> {
        let next_event_id = self.run.next_event_id;
        let now_ns = self.now.nanos();
        let task = self.run.workflow_task.as_mut().ok_or(Rejection::WorkflowTaskNotFound)?;
        if task.is_started() {
            return Err(Rejection::WorkflowTaskNotFound);
        }
        task.set_state(WorkflowTaskState::Started);
        task.started_ns = now_ns;
        identity.clone_into(&mut task.identity);
        request_id.clone_into(&mut task.request_id);
        if task.attempt == 1 {
            task.started_event_id = next_event_id;
            let task = task.clone();
            let started = self.started_event(&task);
            self.append_event(started);
        } else {
            // Others may have come since it was scheduled, and no event is older than the one before.
            task.scheduled_ns = now_ns;
            task.scheduled_event_id = next_event_id;
            task.started_event_id = next_event_id + 1;
        }
        self.transition.durable = true;
        Ok(())
    }

    /// Begins a workflow task for updates alone. It leaves no event when they are all rejected. False when there is
    /// another one, or no need of one.
    pub fn start_speculative_workflow_task(&mut self, identity: &str) -> bool {
        self.end_start_delay();
        if !self.run.is_open() || self.run.is_paused() || self.run.workflow_task.is_some() {
            return false;
        }
        let (next_event_id, now_ns) = (self.run.next_event_id, self.now.nanos());
        self.run.workflow_task = Some(WorkflowTask {
            state: WorkflowTaskState::Started as i32,
            scheduled_event_id: next_event_id,
            started_event_id: next_event_id + 1,
            attempt: 1,
            scheduled_ns: now_ns,
            not_before_ns: now_ns,
            started_ns: now_ns,
            identity: identity.to_owned(),
            speculative: true,
            ..Default::default()
        });
        true
    }

    /// The events of a transient attempt, which its worker sees and the history does not hold yet.
    pub fn transient_events(&self) -> Vec<HistoryEvent> {
        match &self.run.workflow_task {
            Some(task) if task.is_started() && task.is_transient() => self.build_transient_events(task),
            _ => Vec::new(),
        }
    }

    /// The workflow task is done, and these are its commands, with the messages that they refer to and those that reject
    /// updates. [`Rejection::BadCommands`] asks for [`Turn::fail_workflow_task`] with its cause.
    pub fn complete_workflow_task(
        &mut self,
        commands: Vec<Command>,
        messages: Vec<protocol::Message>,
        identity: &str,
    ) -> Result<(), Rejection> {
        let task = self.started_workflow_task()?;
        let messages = Messages::new(messages);
        self.check_commands(&commands, &messages)?;
        self.reject_updates(&messages);
        if task.speculative && commands.is_empty() && self.run.buffered_events.is_empty() {
            self.run.workflow_task = None;
            return Ok(());
        }
        self.append_transient_events(&task);
        let completed_event_id = self.append(EventAttributes::WorkflowTaskCompletedEventAttributes(
            WorkflowTaskCompletedEventAttributes {
                scheduled_event_id: task.scheduled_event_id,
                started_event_id: task.started_event_id,
                identity: identity.to_owned(),
                deployment_version: self.new_deployment_version(),
                ..Default::default()
            },
        ));
        self.run.component_changed = false;
        self.run.workflow_task = None;
        self.run.last_completed_started_event_id = task.started_event_id;
        for command in commands {
            self.carry_out(command, &messages, completed_event_id, identity);
        }
        self.drop_rejected_updates(task.started_event_id);
        if self.run.is_open() && self.flush_buffered_events() {
            self.ensure_workflow_task();
        }
        Ok(())
    }

    /// The component that has completed the task, if it is the first one or another one than before: a history says what ran
    /// it, and not at every task.
    fn new_deployment_version(&self) -> Option<WorkerDeploymentVersion> {
        let run = &*self.run;
        let is_new = run.last_completed_started_event_id == 0 || run.component_changed;
        (is_new && !run.component.is_empty()).then(|| WorkerDeploymentVersion {
            build_id: run.component.clone(),
            ..Default::default()
        })
    }

    /// Lets a task that has failed be tried again now: the code that failed may have been mended.
    pub fn hasten_workflow_task(&mut self) {
        let now_ns = self.now.nanos();
        if let Some(task) = &mut self.run.workflow_task
            && task.attempt > 1
            && !task.is_started()
        {
            task.not_before_ns = task.not_before_ns.min(now_ns);
        }
    }

    /// The workflow task has failed; the run stays where it was, and the task is tried again after a wait.
    pub fn fail_workflow_task(
        &mut self,
        cause: WorkflowTaskFailedCause,
        failure: Option<Failure>,
        identity: &str,
    ) -> Result<(), Rejection> {
        let task = self.started_workflow_task()?;
        if task.attempt == 1 {
            self.append_transient_events(&task);
            self.append_workflow_task_failed(&task, cause, failure, identity);
        }
        self.schedule_next_attempt(task.attempt, backoff(task.attempt));
        Ok(())
    }

    /// The worker that holds the workflow task has been silent for too long.
    pub(crate) fn time_out_workflow_task(&mut self) {
        let task = self
            .started_workflow_task()
            .expect("the deadline belongs to a started task");
        if task.attempt == 1 {
            self.append_transient_events(&task);
            self.append(EventAttributes::WorkflowTaskTimedOutEventAttributes(
                WorkflowTaskTimedOutEventAttributes {
                    scheduled_event_id: task.scheduled_event_id,
                    started_event_id: task.started_event_id,
                    timeout_type: TimeoutType::StartToClose as i32,
                },
            ));
        }
        self.schedule_next_attempt(task.attempt, Duration::ZERO);
    }

    /// When the worker that holds the task has to be done.
    pub(crate) fn workflow_task_deadline(run: &wrt_model::Run) -> Option<Time> {
        let task = run.workflow_task.as_ref()?;
        match task.state() {
            WorkflowTaskState::Started => Turn::deadline(task.started_ns, run.workflow_task_timeout_ns),
            WorkflowTaskState::Scheduled if run.is_paused() => None,
            WorkflowTaskState::Scheduled => Some(Time::from_nanos(task.not_before_ns)),
        }
    }

    /// Schedules a workflow task unless one is open, the run has closed or is paused, or its first one is delayed.
    pub(crate) fn ensure_workflow_task(&mut self) {
        let may_go_on = self.run.is_open() && !self.run.is_paused();
        if may_go_on && self.run.workflow_task.is_none() && !self.is_start_delayed() {
            self.schedule_workflow_task();
        }
    }

    /// Takes the workflow task away from its worker because the run ends without it.
    pub(crate) fn abandon_workflow_task(&mut self, cause: WorkflowTaskFailedCause) {
        let Some(task) = self.run.workflow_task.take() else {
            return;
        };
        if task.is_started() && !task.is_transient() {
            self.append_workflow_task_failed(&task, cause, None, "");
        }
        self.flush_buffered_events();
    }

    pub(crate) fn is_start_delayed(&self) -> bool {
        self.run.workflow_task.is_none()
            && self.run.last_completed_started_event_id == 0
            && Time::from_nanos(self.run.execution_ns) > self.now
    }

    /// Lets the first workflow task begin although its delay is not over.
    pub(crate) fn end_start_delay(&mut self) {
        if self.is_start_delayed() && !self.run.is_paused() {
            self.schedule_workflow_task();
        }
    }

    /// True when the activity ended while the workflow task was with a worker: the worker has not seen it yet.
    pub(crate) fn has_buffered_end(&self, scheduled_event_id: i64) -> bool {
        self.run.buffered_events.iter().any(|event| match &event.attributes {
            // Every end of an activity that a worker held follows its start.
            Some(EventAttributes::ActivityTaskStartedEventAttributes(event)) => {
                event.scheduled_event_id == scheduled_event_id
            }
            Some(EventAttributes::ActivityTaskTimedOutEventAttributes(event)) => {
                event.scheduled_event_id == scheduled_event_id
            }
            _ => false,
        })
    }

    fn started_workflow_task(&self) -> Result<WorkflowTask, Rejection> {
        let task = self.run.workflow_task.as_ref().filter(|task| task.is_started());
        task.cloned().ok_or(Rejection::WorkflowTaskNotFound)
    }

    fn schedule_workflow_task(&mut self) {
        let task = WorkflowTask {
            state: WorkflowTaskState::Scheduled as i32,
            attempt: 1,
            scheduled_event_id: self.run.next_event_id,
            scheduled_ns: self.now.nanos(),
            not_before_ns: self.now.nanos(),
            ..Default::default()
        };
        let scheduled = self.scheduled_event(&task);
        self.append_event(scheduled);
        self.run.workflow_task = Some(task);
    }

    fn schedule_next_attempt(&mut self, attempt: i32, wait: Duration) {
        self.run.workflow_task = None;
        self.transition.durable = true;
        if self.flush_buffered_events() {
            self.ensure_workflow_task();
            return;
        }
        self.run.workflow_task = Some(WorkflowTask {
            state: WorkflowTaskState::Scheduled as i32,
            attempt: attempt + 1,
            scheduled_ns: self.now.nanos(),
            not_before_ns: self.now.nanos().saturating_add(span_nanos(wait)),
            ..Default::default()
        });
    }

    /// Gives the events that waited for the end of a workflow task their ids. Ends of activities and children go behind
    /// the rest, as Temporal's workers expect. True when there were any.
    fn flush_buffered_events(&mut self) -> bool {
        let buffered = std::mem::take(&mut self.run.buffered_events);
        let flushed = !buffered.is_empty();
        let (mut ends, mut others) = (Vec::new(), Vec::new());
        for mut event in buffered {
            let is_end = event.attributes.as_mut().and_then(end_of).is_some();
            if is_end { &mut ends } else { &mut others }.push(event);
        }
        let mut started_event_ids = HashMap::new();
        for event in others {
            let begun_by = begun_by(&event);
            let event_id = self.append_event(event);
            if let Some(begun_by) = begun_by {
                started_event_ids.insert(begun_by, event_id);
                self.child_started_by(begun_by, event_id);
            }
        }
        for mut event in ends {
            wire_started_event_id(&mut event, &started_event_ids);
            self.append_event(event);
        }
        flushed
    }

    // === Events of workflow tasks ===

    fn scheduled_event(&self, task: &WorkflowTask) -> HistoryEvent {
        let attributes = WorkflowTaskScheduledEventAttributes {
            task_queue: Some(TaskQueue {
                name: self.run.task_queue.clone(),
                kind: 1,
                ..Default::default()
            }),
            start_to_close_timeout: Some(proto_span(Duration::from_nanos(
                self.run.workflow_task_timeout_ns.unsigned_abs(),
            ))),
            attempt: task.attempt,
        };
        event(
            Time::from_nanos(task.scheduled_ns),
            EventAttributes::WorkflowTaskScheduledEventAttributes(attributes),
            None,
        )
    }

    fn started_event(&self, task: &WorkflowTask) -> HistoryEvent {
        let reasons = self.reasons_to_continue_as_new();
        let attributes = WorkflowTaskStartedEventAttributes {
            scheduled_event_id: task.scheduled_event_id,
            identity: task.identity.clone(),
            request_id: task.request_id.clone(),
            suggest_continue_as_new: !reasons.is_empty(),
            suggest_continue_as_new_reasons: reasons.into_iter().map(i32::from).collect(),
            history_size_bytes: self.run.history_bytes,
            ..Default::default()
        };
        event(
            Time::from_nanos(task.started_ns),
            EventAttributes::WorkflowTaskStartedEventAttributes(attributes),
            None,
        )
    }

    fn build_transient_events(&self, task: &WorkflowTask) -> Vec<HistoryEvent> {
        let mut scheduled = self.scheduled_event(task);
        scheduled.event_id = task.scheduled_event_id;
        let mut started = self.started_event(task);
        started.event_id = task.started_event_id;
        vec![scheduled, started]
    }

    fn append_transient_events(&mut self, task: &WorkflowTask) {
        if task.is_transient() {
            for event in self.build_transient_events(task) {
                self.append_event(event);
            }
        }
    }

    fn append_workflow_task_failed(
        &mut self,
        task: &WorkflowTask,
        cause: WorkflowTaskFailedCause,
        failure: Option<Failure>,
        identity: &str,
    ) {
        self.append(EventAttributes::WorkflowTaskFailedEventAttributes(
            WorkflowTaskFailedEventAttributes {
                scheduled_event_id: task.scheduled_event_id,
                started_event_id: task.started_event_id,
                cause: cause as i32,
                failure,
                identity: identity.to_owned(),
                ..Default::default()
            },
        ));
    }
}

fn backoff(attempt: i32) -> Duration {
    let doublings = u32::try_from(attempt - 1).unwrap_or(0).min(16);
    (RETRY_INITIAL * 2_u32.pow(doublings)).min(RETRY_MAXIMUM)
}

/// The event that scheduled the activity or initiated the child that this event begins.
fn begun_by(event: &HistoryEvent) -> Option<i64> {
    match event.attributes.as_ref()? {
        EventAttributes::ActivityTaskStartedEventAttributes(started) => Some(started.scheduled_event_id),
        EventAttributes::ChildWorkflowExecutionStartedEventAttributes(started) => Some(started.initiated_event_id),
        _ => None,
    }
}

/// An end names its `started` event, whose id was not known while both were buffered.
fn wire_started_event_id(event: &mut HistoryEvent, started_event_ids: &HashMap<i64, i64>) {
    if let Some((begun_by, started_event_id)) = event.attributes.as_mut().and_then(end_of)
        && let Some(&event_id) = started_event_ids.get(&begun_by)
    {
        *started_event_id = event_id;
    }
}

/// What the end of an activity or of a child names: the event that scheduled or initiated it, and its `started` event.
fn end_of(attributes: &mut EventAttributes) -> Option<(i64, &mut i64)> {
    use EventAttributes as A;
    Some(match attributes {
        A::ActivityTaskCompletedEventAttributes(end) => (end.scheduled_event_id, &mut end.started_event_id),
        A::ActivityTaskFailedEventAttributes(end) => (end.scheduled_event_id, &mut end.started_event_id),
        A::ActivityTaskTimedOutEventAttributes(end) => (end.scheduled_event_id, &mut end.started_event_id),
        A::ActivityTaskCanceledEventAttributes(end) => (end.scheduled_event_id, &mut end.started_event_id),
        A::ChildWorkflowExecutionCompletedEventAttributes(end) => (end.initiated_event_id, &mut end.started_event_id),
        A::ChildWorkflowExecutionFailedEventAttributes(end) => (end.initiated_event_id, &mut end.started_event_id),
        A::ChildWorkflowExecutionCanceledEventAttributes(end) => (end.initiated_event_id, &mut end.started_event_id),
        A::ChildWorkflowExecutionTimedOutEventAttributes(end) => (end.initiated_event_id, &mut end.started_event_id),
        A::ChildWorkflowExecutionTerminatedEventAttributes(end) => (end.initiated_event_id, &mut end.started_event_id),
        _ => return None,
    })
}
