//! The events of workflow tasks.

use std::time::Duration;

use wrt_model::{
    Time,
    proto::{
        EventAttributes, Failure, HistoryEvent, TaskQueue,
        enums::{TaskQueueKind, TimeoutType, WorkflowTaskFailedCause},
        history::{
            WorkflowTaskFailedEventAttributes, WorkflowTaskScheduledEventAttributes,
            WorkflowTaskStartedEventAttributes, WorkflowTaskTimedOutEventAttributes,
        },
    },
    run::WorkflowTask,
    time::proto_span,
};

use crate::{Turn, turn::event};

impl Turn<'_> {
    pub(super) fn scheduled_event(&self, task: &WorkflowTask) -> HistoryEvent {
        let attributes = WorkflowTaskScheduledEventAttributes {
            task_queue: Some(self.task_queue_of(task)),
            start_to_close_timeout: Some(proto_span(Duration::from_nanos(
                self.run.workflow_task_timeout_ns.unsigned_abs(),
            ))),
            attempt: task.attempt,
        };
        event(
            Time::from_nanos(task.scheduled_ns),
            EventAttributes::WorkflowTaskScheduledEventAttributes(attributes),
        )
    }

    pub(super) fn started_event(&self, task: &WorkflowTask) -> HistoryEvent {
        let reasons = self.reasons_to_continue_as_new();
        let attributes = WorkflowTaskStartedEventAttributes {
            scheduled_event_id: task.scheduled_event_id,
            identity: task.identity.clone(),
            request_id: task.request_id.clone(),
            suggest_continue_as_new: !reasons.is_empty(),
            suggest_continue_as_new_reasons: reasons.into_iter().map(i32::from).collect(),
            target_worker_deployment_version_changed: task.target_version_changed,
            history_size_bytes: self.run.history_bytes,
            ..Default::default()
        };
        event(
            Time::from_nanos(task.started_ns),
            EventAttributes::WorkflowTaskStartedEventAttributes(attributes),
        )
    }

    pub(super) fn build_transient_events(&self, task: &WorkflowTask) -> Vec<HistoryEvent> {
        let mut scheduled = self.scheduled_event(task);
        scheduled.event_id = task.scheduled_event_id;
        let mut started = self.started_event(task);
        started.event_id = task.started_event_id;
        vec![scheduled, started]
    }

    pub(super) fn append_transient_events(&mut self, task: &WorkflowTask) {
        if task.is_transient() {
            for event in self.build_transient_events(task) {
                self.append_event(event);
            }
        }
    }

    pub(super) fn append_workflow_task_failed(
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

    pub(super) fn append_workflow_task_timed_out(&mut self, task: &WorkflowTask, timeout: TimeoutType) {
        self.append(EventAttributes::WorkflowTaskTimedOutEventAttributes(
            WorkflowTaskTimedOutEventAttributes {
                scheduled_event_id: task.scheduled_event_id,
                started_event_id: task.started_event_id,
                timeout_type: timeout as i32,
            },
        ));
    }

    fn task_queue_of(&self, task: &WorkflowTask) -> TaskQueue {
        match &task.sticky {
            None => TaskQueue {
                name: self.run.task_queue.clone(),
                kind: TaskQueueKind::Normal as i32,
                ..Default::default()
            },
            Some(sticky) => TaskQueue {
                name: sticky.task_queue.clone(),
                kind: TaskQueueKind::Sticky as i32,
                normal_name: self.run.task_queue.clone(),
            },
        }
    }
}
