//! Resets: a run goes on in another one, from a workflow task of its past.
//!
//! The new run has a copy of the history up to that task, which is failed there; signals and updates that came later are
//! brought to it again. What was open at that point is open again: activities are scheduled anew, timers keep their times.

use wrt_model::{
    Run, Time, failure,
    proto::{
        EventAttributes, HistoryEvent,
        enums::{EventType, WorkflowTaskFailedCause},
        history::WorkflowTaskFailedEventAttributes,
        update,
    },
    run::Activity,
};

use crate::{
    Outgoing, Rejection, Signal, Turn, WorkflowOptionsChange,
    rebuild::{Origin, rebuild},
    reset_points,
};

/// What a run is reset to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reset {
    /// The id of the new run.
    pub run_id: String,
    /// The first event that is not copied: the end of a workflow task, or its start.
    pub finish_event_id: i64,
    /// Why.
    pub reason: String,
    /// The request, which makes one run however often it comes.
    pub request_id: String,
    /// Who resets.
    pub identity: String,
    /// What the new run gets again, in order.
    pub reapplied: Vec<Reapplied>,
    /// The component that runs the new run; `None` for that of the old one.
    pub component: Option<String>,
}

/// Something that came after the reset point, and is brought to the new run.
#[derive(Clone, Debug, PartialEq)]
pub enum Reapplied {
    /// It is there at once.
    Signal(Signal),
    /// It had been accepted. The workflow is asked anew.
    Update(Box<update::Request>),
    /// A child that the run had at the point has started or ended, as this event says.
    Child(Box<EventAttributes>),
    /// Its options have been changed.
    Options(Box<WorkflowOptionsChange>),
}

/// Where runs are reset to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetPoint {
    /// The first workflow task.
    FirstWorkflowTask,
    /// The last one.
    LastWorkflowTask,
    /// The first one that this component has run.
    BuildId(String),
}

/// What a reset to a point before these events can bring again.
pub fn reapplied(events: &[HistoryEvent]) -> Vec<Reapplied> {
    use EventAttributes as A;
    let update = |request: Option<update::Request>| request.map(Box::new).map(Reapplied::Update);
    let reapplied = events.iter().filter_map(|event| match event.attributes.clone()? {
        A::WorkflowExecutionSignaledEventAttributes(signaled) => Some(Reapplied::Signal(Signal {
            name: signaled.signal_name,
            input: signaled.input,
            identity: signaled.identity,
            header: signaled.header,
            request_id: signaled.request_id,
        })),
        A::WorkflowExecutionUpdateAdmittedEventAttributes(admitted) => update(admitted.request),
        // Without a request it was admitted before.
        A::WorkflowExecutionUpdateAcceptedEventAttributes(accepted) => update(accepted.accepted_request),
        A::WorkflowExecutionOptionsUpdatedEventAttributes(updated) => {
            Some(Reapplied::Options(Box::new(WorkflowOptionsChange::from(&updated))))
        }
        told @ (A::ChildWorkflowExecutionStartedEventAttributes(_)
        | A::StartChildWorkflowExecutionFailedEventAttributes(_)
        | A::ChildWorkflowExecutionCompletedEventAttributes(_)
        | A::ChildWorkflowExecutionFailedEventAttributes(_)
        | A::ChildWorkflowExecutionCanceledEventAttributes(_)
        | A::ChildWorkflowExecutionTimedOutEventAttributes(_)
        | A::ChildWorkflowExecutionTerminatedEventAttributes(_)) => Some(Reapplied::Child(Box::new(told))),
        _ => None,
    });
    reapplied.collect()
}

/// The end of the workflow task that a run can be reset to; before one has completed, the event behind the one that scheduled
/// it. `None` when there is none.
pub fn reset_point(events: &[HistoryEvent], point: &ResetPoint) -> Option<i64> {
    let is_first = match point {
        ResetPoint::FirstWorkflowTask => true,
        ResetPoint::LastWorkflowTask => false,
        ResetPoint::BuildId(build_id) => return first_task_of(events, build_id),
    };
    let of_type = |wanted: EventType| {
        let mut found = events.iter().filter(|event| event.event_type() == wanted);
        let event = if is_first { found.next() } else { found.next_back() };
        event.map(|event| event.event_id)
    };
    of_type(EventType::WorkflowTaskCompleted).or_else(|| Some(of_type(EventType::WorkflowTaskScheduled)? + 1))
}

/// Tasks name the component that has run them when it is another one than before.
fn first_task_of(events: &[HistoryEvent], build_id: &str) -> Option<i64> {
    events.iter().find_map(|event| match &event.attributes {
        Some(EventAttributes::WorkflowTaskCompletedEventAttributes(completed)) => {
            (reset_points::build_id(completed) == build_id).then_some(event.event_id)
        }
        _ => None,
    })
}

impl Turn<'_> {
    /// Begins the run that `base`, whose events these are, is reset to. `self` holds an empty one.
    pub fn reset(&mut self, base: &Run, mut events: Vec<HistoryEvent>, reset: Reset) -> Result<(), Rejection> {
        let finish_event_id = reset.finish_event_id;
        if finish_event_id <= 1 || finish_event_id >= base.next_event_id {
            return invalid("Workflow task finish ID must be > 1 && <= workflow last event ID.");
        }
        events.truncate(events.partition_point(|event| event.event_id < finish_event_id));
        let origin = Origin {
            run_id: reset.run_id,
            component: reset.component.unwrap_or_else(|| base.component.clone()),
            ..Origin::of(base)
        };
        let mut run = rebuild(&origin, &events);
        run.component_changed = run.component != base.component;
        let Some(task) = &mut run.workflow_task else {
            return invalid(format!(
                "Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, WorkflowTaskStarted + 1]: \
                 {finish_event_id}"
            ));
        };
        // Its events are in the copy, whichever attempt it was.
        task.attempt = 1;
        *self.run = run;
        self.transition.events = events;
        // Whoever started the workflow finds it in whatever run it goes on.
        self.run.start_request_id.clone_from(&base.start_request_id);
        self.run.reset_request_id = reset.request_id;
        self.renew();
        let run = &*self.run;
        let offered = run.activities.iter().filter(|(_, activity)| run.offers(activity));
        self.transition.dispatches = offered.map(|(&scheduled_event_id, _)| scheduled_event_id).collect();
        self.fail_task_by_reset(base, reset.reason, &reset.identity)?;
        for reapplied in reset.reapplied {
            match reapplied {
                Reapplied::Signal(signal) => self.append_signal(signal),
                Reapplied::Update(request) => self.admit_update(*request),
                Reapplied::Child(told) => self.repeat_child(*told),
                Reapplied::Options(change) => drop(self.update_workflow_options(&change)?),
            }
        }
        self.ensure_workflow_task();
        // The children of the point are told whom they answer to now.
        self.repeat_outgoing();
        Ok(())
    }

    /// Ends the open run because its workflow goes on in another one, which answers to its parent. Its children stay.
    pub fn terminate_by_reset(&mut self, reason: String, identity: String, run_id: String) -> Result<(), Rejection> {
        self.check_open()?;
        self.run.new_execution_run_id = run_id;
        self.terminate(reason, None, identity)?;
        // The other run has its children, or finds them when it begins them again.
        let outgoing = &mut self.transition.outgoing;
        outgoing.retain(|message| !matches!(message, Outgoing::CloseChild(_)));
        Ok(())
    }

    /// Lets time begin anew, for the run and for what it waits for.
    pub(crate) fn renew(&mut self) {
        let (now, now_ns) = (self.now, self.now.nanos());
        let run = &mut *self.run;
        run.original_start_ns = run.start_ns;
        run.start_ns = now_ns;
        run.execution_ns = now_ns;
        let expires = |span_ns| Turn::deadline(now_ns, span_ns).map_or(0, Time::nanos);
        run.execution_expires_ns = expires(run.execution_timeout_ns);
        run.run_expires_ns = expires(run.run_timeout_ns);
        for activity in run.activities.values_mut() {
            reschedule(activity, now);
        }
    }

    fn fail_task_by_reset(&mut self, base: &Run, reason: String, identity: &str) -> Result<(), Rejection> {
        if !self.workflow_task_is_started() {
            self.start_workflow_task(identity, "")?;
        }
        let task = self.run.workflow_task.take().ok_or(Rejection::WorkflowTaskNotFound)?;
        self.append(EventAttributes::WorkflowTaskFailedEventAttributes(
            WorkflowTaskFailedEventAttributes {
                scheduled_event_id: task.scheduled_event_id,
                started_event_id: task.started_event_id,
                cause: WorkflowTaskFailedCause::ResetWorkflow as i32,
                failure: Some(failure::reset(reason)),
                identity: identity.to_owned(),
                base_run_id: base.run_id.clone(),
                new_run_id: self.run.run_id.clone(),
                ..Default::default()
            },
        ));
        Ok(())
    }
}

fn reschedule(activity: &mut Activity, now: Time) {
    activity.scheduled_ns = now.nanos();
    activity.attempt_scheduled_ns = now.nanos();
}

fn invalid<T>(message: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::InvalidArgument(message.into()))
}
