//! Values of the activity contract to and from Temporal's messages.

use std::time::Duration;

use prost::Message;
use wrt_model::{
    failure, payload,
    proto::{
        Failure, FailureInfo, Payload, Payloads, failure::ApplicationFailureInfo,
        workflowservice::PollActivityTaskQueueResponse,
    },
    task::ActivityToken,
    time,
};

use crate::bindings::activity::{guest, imports::types as wit};

/// The task as the guest sees it; `None` for a task whose token is not ours.
pub(crate) fn task(task: &PollActivityTaskQueueResponse, task_queue: &str) -> Option<guest::Task> {
    let token = ActivityToken::decode(task.task_token.as_slice()).ok()?;
    let execution = task.workflow_execution.clone().unwrap_or_default();
    Some(guest::Task {
        namespace: task.workflow_namespace.clone(),
        workflow_id: execution.workflow_id,
        run_id: execution.run_id,
        workflow_type: task
            .workflow_type
            .as_ref()
            .map(|workflow_type| workflow_type.name.clone())
            .unwrap_or_default(),
        activity_id: task.activity_id.clone(),
        activity_type: task
            .activity_type
            .as_ref()
            .map(|activity_type| activity_type.name.clone())
            .unwrap_or_default(),
        task_queue: task_queue.to_owned(),
        attempt: u32::try_from(task.attempt).unwrap_or(1),
        idempotency_key: token.idempotency_key(),
        input: payloads_to_wit(task.input.as_ref()),
        heartbeat_details: payloads_to_wit(task.heartbeat_details.as_ref()),
        start_to_close_timeout: set_duration(task.start_to_close_timeout.as_ref()),
        heartbeat_timeout: set_duration(task.heartbeat_timeout.as_ref()),
    })
}

fn set_duration(span: Option<&prost_types::Duration>) -> Option<wit::Duration> {
    time::span_set(span).map(|span| wit::Duration {
        seconds: u32::try_from(span.as_secs()).unwrap_or(u32::MAX),
        nanos: span.subsec_nanos(),
    })
}

fn payloads_to_wit(payloads: Option<&Payloads>) -> Vec<wit::Payload> {
    payloads.map_or_else(Vec::new, |payloads| {
        payloads.payloads.iter().map(payload_to_wit).collect()
    })
}

fn payload_to_wit(payload: &Payload) -> wit::Payload {
    wit::Payload {
        metadata: payload
            .metadata
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        data: payload.data.clone(),
    }
}

// === Out of the guest ===

pub(crate) fn payloads_from_wit(payloads: Vec<wit::Payload>) -> Option<Payloads> {
    let payloads = payloads.into_iter().map(|payload| Payload {
        metadata: payload.metadata.into_iter().collect(),
        data: payload.data,
        ..Default::default()
    });
    payload::payloads(payloads.collect())
}

pub(crate) fn failure_from_wit(failed: wit::Failure) -> Failure {
    match failed {
        wit::Failure::Canceled(details) => failure::canceled(payloads_from_wit(details)),
        wit::Failure::Application(failed) => Failure {
            message: failed.message,
            stack_trace: failed.stack_trace,
            failure_info: Some(FailureInfo::ApplicationFailureInfo(ApplicationFailureInfo {
                r#type: failed.failure_type,
                non_retryable: failed.non_retryable,
                details: payloads_from_wit(failed.details),
                next_retry_delay: failed.next_retry_delay.map(|delay| {
                    time::proto_span(
                        Duration::from_secs(delay.seconds.into()) + Duration::from_nanos(delay.nanos.into()),
                    )
                }),
                ..Default::default()
            })),
            ..Default::default()
        },
    }
}
