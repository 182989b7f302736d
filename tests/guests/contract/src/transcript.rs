//! What the workflow was told, in words.

use crate::{
    exports::wrt::workflow::guest::{Job, Start},
    text,
    wrt::workflow::{
        failures::{FailureInfo, FailureLink},
        types::Payload,
    },
};

/// One line per job, with all that it carries.
pub fn of(job: &Job) -> String {
    match job {
        Job::Start(start) => started(start),
        Job::TimerFired(seq) => format!("timer {seq} fired"),
        Job::ActivityResolved(resolved) => match &resolved.output {
            Ok(output) => format!("activity {} gave {}", resolved.seq, payloads(output)),
            Err(failure) => format!("activity {} failed: {}", resolved.seq, chain(failure)),
        },
        Job::Signal(signal) => format!(
            "signal {} {} from {} with {}",
            signal.name,
            payloads(&signal.input),
            signal.identity,
            fields(&signal.header)
        ),
        Job::CancelRequested(reason) => format!("cancel requested: {reason}"),
        Job::ChildWorkflowStarted(started) => match &started.outcome {
            Ok(run_id) => format!("child {} started as {run_id}", started.seq),
            Err(failure) => format!("child {} did not start: {}", started.seq, chain(failure)),
        },
        Job::ChildWorkflowResolved(resolved) => match &resolved.output {
            Ok(output) => format!("child {} gave {}", resolved.seq, payloads(output)),
            Err(failure) => format!("child {} failed: {}", resolved.seq, chain(failure)),
        },
        Job::ExternalResolved(resolved) => match &resolved.outcome {
            Ok(()) => format!("external {} done", resolved.seq),
            Err(failure) => format!("external {} failed: {}", resolved.seq, chain(failure)),
        },
        Job::Update(update) => format!(
            "update {} {} {} from {} with {}",
            update.update_id,
            update.name,
            payloads(&update.input),
            update.identity,
            fields(&update.header)
        ),
    }
}

fn started(start: &Start) -> String {
    let info = &start.info;
    format!(
        "{} of {}/{}/{} on {} attempt {} with {} and memo {}",
        info.workflow_type,
        info.namespace,
        info.workflow_id,
        info.run_id,
        info.task_queue,
        info.attempt,
        fields(&start.header),
        fields(&info.memo)
    )
}

fn chain(failure: &[FailureLink]) -> String {
    let links: Vec<_> = failure.iter().map(link).collect();
    links.join(" <- ")
}

fn link(link: &FailureLink) -> String {
    let info = match &link.info {
        FailureInfo::Application(info) => {
            format!("application {} {}", info.failure_type, info.non_retryable)
        }
        FailureInfo::Timeout(info) => format!(
            "{:?} after {}",
            info.timeout_type,
            payloads(&info.last_heartbeat_details)
        ),
        FailureInfo::Canceled(details) => format!("canceled {}", payloads(details)),
        FailureInfo::Terminated => "terminated".to_owned(),
        FailureInfo::Server(non_retryable) => format!("server {non_retryable}"),
        FailureInfo::ChildWorkflow(info) => format!(
            "child {} of {} {:?}",
            info.workflow_id, info.workflow_type, info.retry_state
        ),
        FailureInfo::Activity(info) => format!(
            "activity {} of {} at {} {:?}",
            info.activity_id, info.activity_type, info.identity, info.retry_state
        ),
    };
    format!("{} ({info})", link.message)
}

fn payloads(payloads: &[Payload]) -> String {
    let texts: Vec<_> = payloads.iter().map(text).collect();
    format!("[{}]", texts.join(", "))
}

fn fields(fields: &[(String, Payload)]) -> String {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", text(value)))
        .collect();
    format!("{{{}}}", fields.join(", "))
}
