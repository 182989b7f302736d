//! Turns events into jobs: what the guest is told.

use wrt_model::{
    Time,
    proto::{
        ActivityType, EventAttributes, Failure, HistoryEvent,
        enums::RetryState,
        failure::ActivityFailureInfo,
        history::{
            WorkflowExecutionCancelRequestedEventAttributes, WorkflowExecutionSignaledEventAttributes,
            WorkflowExecutionStartedEventAttributes,
        },
    },
};

use super::{
    convert::{
        duration_to_wit, fields_to_wit, header_to_wit, payloads_to_wit, retry_policy_to_wit, set_duration_to_wit,
        timestamp_to_wit,
    },
    failure,
    ledger::{Ledger, OpenActivity},
    state::RunState,
    turns::BrokenHistory,
};
use crate::{RunIdentity, bindings::workflow::guest as wit};

/// The activation of a task: everything that happened since the one before, up to its `started` event.
pub(crate) fn activation(
    state: &mut RunState,
    started: &HistoryEvent,
    happened: &[&HistoryEvent],
) -> Result<wit::Activation, BrokenHistory> {
    let mut jobs = Vec::new();
    for event in happened {
        jobs.extend(job(state, event)?);
    }
    let time = time_of(started);
    state.set_time(time);
    Ok(wit::Activation {
        time: timestamp_to_wit(time),
        history_length: u32::try_from(started.event_id).unwrap_or(u32::MAX),
        jobs,
    })
}

/// The job of an event, if it has one. Events of the task itself, of commands and of attempts have none.
fn job(state: &mut RunState, event: &HistoryEvent) -> Result<Option<wit::Job>, BrokenHistory> {
    use EventAttributes as A;
    let Some(attributes) = &event.attributes else {
        return Ok(None);
    };
    let ledger = &mut state.ledger;
    Ok(match attributes {
        A::WorkflowExecutionStartedEventAttributes(attributes) => {
            check_seed(&state.run, attributes)?;
            state.task_queue = task_queue(attributes);
            Some(wit::Job::Start(start(&state.run, attributes, event)))
        }
        A::TimerFiredEventAttributes(attributes) => {
            // A timer may have fired while the task that canceled it was running: it stays canceled.
            ledger.fire_timer(attributes.started_event_id).map(wit::Job::TimerFired)
        }
        A::ActivityTaskCompletedEventAttributes(attributes) => {
            let activity = resolve(ledger, event, attributes.scheduled_event_id)?;
            Some(wit::Job::ActivityResolved(wit::ActivityResolved {
                seq: activity.seq,
                output: Ok(payloads_to_wit(attributes.result.as_ref())),
            }))
        }
        A::ActivityTaskFailedEventAttributes(attributes) => Some(activity_failed(
            resolve(ledger, event, attributes.scheduled_event_id)?,
            &attributes.identity,
            attributes.retry_state(),
            attributes.failure.clone(),
        )),
        A::ActivityTaskTimedOutEventAttributes(attributes) => Some(activity_failed(
            resolve(ledger, event, attributes.scheduled_event_id)?,
            "",
            attributes.retry_state(),
            attributes.failure.clone(),
        )),
        A::ActivityTaskCanceledEventAttributes(attributes) => Some(activity_failed(
            resolve(ledger, event, attributes.scheduled_event_id)?,
            &attributes.identity,
            RetryState::CancelRequested,
            Some(wrt_model::failure::canceled(attributes.details.clone())),
        )),
        A::WorkflowExecutionSignaledEventAttributes(attributes) => Some(wit::Job::Signal(signal(attributes))),
        A::WorkflowExecutionCancelRequestedEventAttributes(attributes) => Some(cancel_requested(attributes)),
        _ => None,
    })
}

// === Start ===

/// The seed comes from whoever made the instance. Another one would replay to another state, silently.
fn check_seed(run: &RunIdentity, started: &WorkflowExecutionStartedEventAttributes) -> Result<(), BrokenHistory> {
    if started.original_execution_run_id == run.original_execution_run_id {
        return Ok(());
    }
    Err(BrokenHistory(format!(
        "it began as run `{}`, and the instance was made for `{}`",
        started.original_execution_run_id, run.original_execution_run_id
    )))
}

fn task_queue(started: &WorkflowExecutionStartedEventAttributes) -> String {
    started
        .task_queue
        .as_ref()
        .map(|queue| queue.name.clone())
        .unwrap_or_default()
}

fn start(run: &RunIdentity, started: &WorkflowExecutionStartedEventAttributes, event: &HistoryEvent) -> wit::Start {
    wit::Start {
        info: info(run, started, time_of(event)),
        input: payloads_to_wit(started.input.as_ref()),
        header: header_to_wit(started.header.as_ref()),
    }
}

fn info(run: &RunIdentity, started: &WorkflowExecutionStartedEventAttributes, start_time: Time) -> wit::WorkflowInfo {
    wit::WorkflowInfo {
        namespace: run.namespace.clone(),
        workflow_id: run.workflow_id.clone(),
        run_id: run.run_id.clone(),
        first_execution_run_id: started.first_execution_run_id.clone(),
        workflow_type: started
            .workflow_type
            .as_ref()
            .map(|workflow_type| workflow_type.name.clone())
            .unwrap_or_default(),
        task_queue: task_queue(started),
        attempt: u32::try_from(started.attempt).unwrap_or(1),
        start_time: timestamp_to_wit(start_time),
        execution_timeout: set_duration_to_wit(started.workflow_execution_timeout.as_ref()),
        run_timeout: set_duration_to_wit(started.workflow_run_timeout.as_ref()),
        task_timeout: set_duration_to_wit(started.workflow_task_timeout.as_ref())
            .unwrap_or_else(|| duration_to_wit(std::time::Duration::ZERO)),
        retry_policy: started.retry_policy.as_ref().map(retry_policy_to_wit),
        cron_schedule: Some(started.cron_schedule.clone()).filter(|cron| !cron.is_empty()),
        memo: fields_to_wit(started.memo.as_ref().map(|memo| &memo.fields)),
        search_attributes: fields_to_wit(
            started
                .search_attributes
                .as_ref()
                .map(|attributes| &attributes.indexed_fields),
        ),
        continued_failure: started.continued_failure.as_ref().map(failure::to_wit),
        last_completion_result: payloads_to_wit(started.last_completion_result.as_ref()),
    }
}

// === Resolutions ===

/// The activity that an event answers.
fn resolve(ledger: &mut Ledger, event: &HistoryEvent, scheduled_event_id: i64) -> Result<OpenActivity, BrokenHistory> {
    ledger.resolve_activity(scheduled_event_id).ok_or_else(|| {
        BrokenHistory(format!(
            "event {} ends the activity of event {scheduled_event_id}, which is not open",
            event.event_id
        ))
    })
}

fn activity_failed(
    activity: OpenActivity,
    identity: &str,
    retry_state: RetryState,
    cause: Option<Failure>,
) -> wit::Job {
    let info = ActivityFailureInfo {
        identity: identity.to_owned(),
        activity_type: Some(ActivityType {
            name: activity.activity_type,
        }),
        activity_id: activity.activity_id,
        ..Default::default()
    };
    let failure = wrt_model::failure::activity(info, retry_state, cause.unwrap_or_default());
    wit::Job::ActivityResolved(wit::ActivityResolved {
        seq: activity.seq,
        output: Err(failure::to_wit(&failure)),
    })
}

// === From outside ===

fn signal(attributes: &WorkflowExecutionSignaledEventAttributes) -> wit::Signal {
    wit::Signal {
        name: attributes.signal_name.clone(),
        input: payloads_to_wit(attributes.input.as_ref()),
        identity: attributes.identity.clone(),
        header: header_to_wit(attributes.header.as_ref()),
    }
}

fn cancel_requested(attributes: &WorkflowExecutionCancelRequestedEventAttributes) -> wit::Job {
    wit::Job::CancelRequested(attributes.cause.clone())
}

fn time_of(event: &HistoryEvent) -> Time {
    event.event_time.as_ref().map_or(Time::EPOCH, Time::from)
}
