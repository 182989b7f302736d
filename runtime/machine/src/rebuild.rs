//! A run from its history.
//!
//! The history does not tell everything: attempts of activities and workflow tasks that are retried leave no events, nor
//! does what waits for the end of a workflow task. What it tells is rebuilt to the letter, whichever way the run went.

use wrt_model::{
    Limits, Run, Time, history,
    proto::{
        EventAttributes, HistoryEvent, WorkflowExecution,
        enums::{EventType, WorkflowExecutionStatus as Status},
        history::{
            TimerStartedEventAttributes, WorkflowTaskScheduledEventAttributes, WorkflowTaskStartedEventAttributes,
        },
    },
    run::{ExternalRequest, Parent, Timer, Update, WorkflowTask, WorkflowTaskState},
    time::{span, span_nanos},
    update_id,
};

use crate::{
    Turn, activity::scheduled_activity, child_workflow::initiated_child, external_payload::count_external_payloads,
    marker::upsert, start::begun_run,
};

/// What a run is beside its history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// The namespace's id.
    pub namespace_id: String,
    /// The run's id.
    pub run_id: String,
    /// The digest of the component that runs it.
    pub component: String,
    /// The workflow that started it as a child.
    pub parent: Option<Parent>,
}

impl Origin {
    /// That of a run which is there.
    pub fn of(run: &Run) -> Self {
        Origin {
            namespace_id: run.namespace_id.clone(),
            run_id: run.run_id.clone(),
            component: run.component.clone(),
            parent: run.parent.clone(),
        }
    }
}

/// The run as its events, from the first one on, say that it is.
pub fn rebuild(origin: &Origin, events: &[HistoryEvent]) -> Run {
    let mut run = Run::default();
    // What has happened was allowed.
    let limits = Limits::unlimited();
    for event in events {
        let time = event.event_time.as_ref().map_or(Time::EPOCH, Time::from);
        if let Some(attributes) = &event.attributes {
            // What it asks to be done has been done, or is asked for anew.
            Turn::new(&mut run, time, &limits).replay(origin, event.event_id, attributes);
        }
        run.next_event_id = event.event_id + 1;
        run.history_bytes += i64::try_from(prost::Message::encoded_len(event)).expect("an event fits memory");
        count_external_payloads(&mut run, event);
    }
    run
}

impl Turn<'_> {
    /// Lets an event have happened. Those of one noun are together.
    fn replay(&mut self, origin: &Origin, event_id: i64, attributes: &EventAttributes) {
        use EventAttributes as A;
        match attributes {
            A::WorkflowExecutionStartedEventAttributes(started) => {
                let Origin {
                    namespace_id,
                    run_id,
                    component,
                    parent,
                } = origin.clone();
                *self.run = Run {
                    parent,
                    ..begun_run(namespace_id, run_id, component, started, self.now)
                };
            }
            A::WorkflowExecutionSignaledEventAttributes(signaled) => self.count_signal(&signaled.request_id),
            A::WorkflowExecutionCancelRequestedEventAttributes(_) => self.run.cancel_requested = true,
            A::WorkflowExecutionPausedEventAttributes(paused) => self.replay_pause(paused),
            A::WorkflowExecutionUnpausedEventAttributes(_) => self.replay_unpause(),
            A::WorkflowExecutionOptionsUpdatedEventAttributes(updated) => self.workflow_options_updated(updated),
            A::UpsertWorkflowSearchAttributesEventAttributes(upserted) => {
                let attributes = self.run.search_attributes.get_or_insert_default();
                let upserts = upserted.search_attributes.as_ref();
                upsert(
                    &mut attributes.indexed_fields,
                    &upserts
                        .map(|upserts| upserts.indexed_fields.clone())
                        .unwrap_or_default(),
                );
            }
            A::WorkflowPropertiesModifiedEventAttributes(modified) => {
                let memo = self.run.memo.get_or_insert_default();
                let upserts = modified.upserted_memo.as_ref();
                upsert(
                    &mut memo.fields,
                    &upserts.map(|memo| memo.fields.clone()).unwrap_or_default(),
                );
            }
            A::TimerStartedEventAttributes(started) => self.replay_timer(event_id, started),
            A::TimerFiredEventAttributes(fired) => drop(self.run.timers.remove(&fired.started_event_id)),
            A::TimerCanceledEventAttributes(canceled) => drop(self.run.timers.remove(&canceled.started_event_id)),
            other => {
                let known = self.replay_workflow_task(event_id, other)
                    || self.replay_update(event_id, other)
                    || self.replay_activity(event_id, other)
                    || self.replay_child(event_id, other)
                    || self.replay_external_request(event_id, other);
                if !known {
                    self.replay_close(other);
                }
            }
        }
    }

    fn replay_timer(&mut self, event_id: i64, started: &TimerStartedEventAttributes) {
        let wait = started.start_to_fire_timeout.as_ref().map(span).unwrap_or_default();
        let timer = Timer {
            timer_id: started.timer_id.clone(),
            fires_ns: self.now.nanos().saturating_add(span_nanos(wait)),
        };
        self.run.timers.insert(event_id, timer);
    }

    fn replay_update(&mut self, event_id: i64, attributes: &EventAttributes) -> bool {
        use EventAttributes as A;
        match attributes {
            A::WorkflowExecutionUpdateAdmittedEventAttributes(admitted) => {
                let id = admitted.request.as_ref().map_or("", update_id);
                self.update_admitted_by(id.to_owned(), event_id);
            }
            A::WorkflowExecutionUpdateAcceptedEventAttributes(accepted) => {
                // The request is in the event that has admitted it, if one has.
                let admitted_event_id = match accepted.accepted_request {
                    Some(_) => 0,
                    None => accepted.accepted_request_sequencing_event_id,
                };
                let update = Update {
                    accepted_event_id: event_id,
                    completed_event_id: 0,
                    admitted_event_id,
                };
                self.run.updates.insert(accepted.protocol_instance_id.clone(), update);
            }
            A::WorkflowExecutionUpdateCompletedEventAttributes(completed) => {
                let mut updates = self.run.updates.values_mut();
                if let Some(update) = updates.find(|update| update.accepted_event_id == completed.accepted_event_id) {
                    update.completed_event_id = event_id;
                }
            }
            _ => return false,
        }
        true
    }

    fn replay_workflow_task(&mut self, event_id: i64, attributes: &EventAttributes) -> bool {
        use EventAttributes as A;
        match attributes {
            A::WorkflowTaskScheduledEventAttributes(scheduled) => {
                self.run.workflow_task = Some(scheduled_task(event_id, scheduled, self.now));
            }
            A::WorkflowTaskStartedEventAttributes(started) => {
                let now_ns = self.now.nanos();
                if let Some(task) = &mut self.run.workflow_task {
                    start_task(task, event_id, started, now_ns);
                }
            }
            A::WorkflowTaskCompletedEventAttributes(completed) => {
                self.run.workflow_task = None;
                self.run.last_completed_started_event_id = completed.started_event_id;
                self.versioned_by(completed);
                self.built_by(completed, event_id);
                // Those that it has accepted follow.
                self.drop_rejected_updates(completed.started_event_id);
            }
            // The next attempt leaves no event before it succeeds.
            A::WorkflowTaskTimedOutEventAttributes(_) => self.run.workflow_task = None,
            A::WorkflowTaskFailedEventAttributes(failed) => {
                self.run.workflow_task = None;
                if failed.new_run_id == self.run.run_id {
                    self.renew();
                }
            }
            _ => return false,
        }
        true
    }

    fn replay_activity(&mut self, event_id: i64, attributes: &EventAttributes) -> bool {
        use EventAttributes as A;
        let ended = match attributes {
            A::ActivityTaskScheduledEventAttributes(scheduled) => {
                let activity = scheduled_activity(scheduled, self.now);
                self.run.activities.insert(event_id, activity);
                return true;
            }
            A::ActivityTaskCancelRequestedEventAttributes(requested) => {
                if let Some(activity) = self.run.activities.get_mut(&requested.scheduled_event_id) {
                    activity.cancel_requested_event_id = event_id;
                }
                return true;
            }
            A::ActivityTaskCompletedEventAttributes(end) => end.scheduled_event_id,
            A::ActivityTaskFailedEventAttributes(end) => end.scheduled_event_id,
            A::ActivityTaskTimedOutEventAttributes(end) => end.scheduled_event_id,
            A::ActivityTaskCanceledEventAttributes(end) => end.scheduled_event_id,
            _ => return false,
        };
        self.run.activities.remove(&ended);
        true
    }

    fn replay_child(&mut self, event_id: i64, attributes: &EventAttributes) -> bool {
        use EventAttributes as A;
        let ended = match attributes {
            A::StartChildWorkflowExecutionInitiatedEventAttributes(initiated) => {
                self.run.children.insert(event_id, initiated_child(initiated));
                return true;
            }
            A::ChildWorkflowExecutionStartedEventAttributes(started) => {
                if let Some(child) = self.run.children.get_mut(&started.initiated_event_id) {
                    child.run_id = started.workflow_execution.clone().unwrap_or_default().run_id;
                    child.started_event_id = event_id;
                }
                return true;
            }
            A::StartChildWorkflowExecutionFailedEventAttributes(end) => end.initiated_event_id,
            A::ChildWorkflowExecutionCompletedEventAttributes(end) => end.initiated_event_id,
            A::ChildWorkflowExecutionFailedEventAttributes(end) => end.initiated_event_id,
            A::ChildWorkflowExecutionCanceledEventAttributes(end) => end.initiated_event_id,
            A::ChildWorkflowExecutionTimedOutEventAttributes(end) => end.initiated_event_id,
            A::ChildWorkflowExecutionTerminatedEventAttributes(end) => end.initiated_event_id,
            _ => return false,
        };
        self.run.children.remove(&ended);
        true
    }

    fn replay_external_request(&mut self, event_id: i64, attributes: &EventAttributes) -> bool {
        use EventAttributes as A;
        let mut open = |execution: &Option<WorkflowExecution>, is_cancel| {
            let execution = Some(execution.clone().unwrap_or_default());
            self.run
                .external_requests
                .insert(event_id, ExternalRequest { execution, is_cancel });
        };
        let ended = match attributes {
            A::SignalExternalWorkflowExecutionInitiatedEventAttributes(initiated) => {
                open(&initiated.workflow_execution, false);
                return true;
            }
            A::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(initiated) => {
                open(&initiated.workflow_execution, true);
                return true;
            }
            A::ExternalWorkflowExecutionSignaledEventAttributes(end) => end.initiated_event_id,
            A::SignalExternalWorkflowExecutionFailedEventAttributes(end) => end.initiated_event_id,
            A::ExternalWorkflowExecutionCancelRequestedEventAttributes(end) => end.initiated_event_id,
            A::RequestCancelExternalWorkflowExecutionFailedEventAttributes(end) => end.initiated_event_id,
            _ => return false,
        };
        self.run.external_requests.remove(&ended);
        true
    }

    fn replay_close(&mut self, attributes: &EventAttributes) {
        use EventAttributes as A;
        let status = match history::event_type(attributes) {
            EventType::WorkflowExecutionCompleted => Status::Completed,
            EventType::WorkflowExecutionFailed => Status::Failed,
            EventType::WorkflowExecutionTimedOut => Status::TimedOut,
            EventType::WorkflowExecutionCanceled => Status::Canceled,
            EventType::WorkflowExecutionTerminated => Status::Terminated,
            EventType::WorkflowExecutionContinuedAsNew => Status::ContinuedAsNew,
            _ => return,
        };
        self.run.new_execution_run_id = match attributes {
            A::WorkflowExecutionCompletedEventAttributes(end) => end.new_execution_run_id.clone(),
            A::WorkflowExecutionFailedEventAttributes(end) => end.new_execution_run_id.clone(),
            A::WorkflowExecutionTimedOutEventAttributes(end) => end.new_execution_run_id.clone(),
            A::WorkflowExecutionContinuedAsNewEventAttributes(end) => end.new_execution_run_id.clone(),
            _ => String::new(),
        };
        self.close(status);
    }
}

fn scheduled_task(event_id: i64, event: &WorkflowTaskScheduledEventAttributes, now: Time) -> WorkflowTask {
    WorkflowTask {
        state: WorkflowTaskState::Scheduled as i32,
        attempt: event.attempt,
        scheduled_event_id: event_id,
        scheduled_ns: now.nanos(),
        not_before_ns: now.nanos(),
        ..Default::default()
    }
}

fn start_task(task: &mut WorkflowTask, event_id: i64, event: &WorkflowTaskStartedEventAttributes, now_ns: i64) {
    task.set_state(WorkflowTaskState::Started);
    task.started_event_id = event_id;
    task.started_ns = now_ns;
    task.identity.clone_from(&event.identity);
    task.request_id.clone_from(&event.request_id);
    task.target_version_changed = event.target_worker_deployment_version_changed;
}
