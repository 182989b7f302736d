//! How runs end.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use wrt_model::proto::{EventAttributes, Failure, FailureInfo, HistoryEvent, Payloads};
use wrt_tests::{Client, Run};

use crate::scenario::{End, Failed};

/// Waits for the end of a chain of runs, and gives their histories.
pub(crate) async fn chain(client: &Client, first: &Run) -> Result<Vec<Vec<HistoryEvent>>> {
    let mut runs = Vec::new();
    let mut run = first.clone();
    loop {
        let closing = run.closed().await?;
        runs.push(run.history().await?);
        match next_run(&closing) {
            Some(run_id) => run = client.run(&first.workflow_id, run_id),
            None => return Ok(runs),
        }
    }
}

fn next_run(closing: &HistoryEvent) -> Option<&str> {
    let next = match closing.attributes.as_ref()? {
        EventAttributes::WorkflowExecutionContinuedAsNewEventAttributes(continued) => &continued.new_execution_run_id,
        EventAttributes::WorkflowExecutionFailedEventAttributes(failed) => &failed.new_execution_run_id,
        EventAttributes::WorkflowExecutionTimedOutEventAttributes(timed_out) => &timed_out.new_execution_run_id,
        _ => return None,
    };
    (!next.is_empty()).then_some(next)
}

/// What the last event says.
pub(crate) fn of_history(history: &[HistoryEvent]) -> Result<End> {
    use EventAttributes as E;
    let closing = history.last().and_then(|event| event.attributes.as_ref());
    Ok(match closing.context("the history has events")? {
        E::WorkflowExecutionCompletedEventAttributes(completed) => End::Completed(value(completed.result.as_ref())?),
        E::WorkflowExecutionFailedEventAttributes(failed) => {
            End::Failed(told(failed.failure.as_ref()).context("no application failure is in the chain")?)
        }
        E::WorkflowExecutionCanceledEventAttributes(_) => End::Canceled,
        E::WorkflowExecutionTerminatedEventAttributes(_) => End::Terminated,
        E::WorkflowExecutionTimedOutEventAttributes(_) => End::TimedOut,
        other => bail!("the run has not ended: {other:?}"),
    })
}

fn told(failure: Option<&Failure>) -> Option<Failed> {
    let failure = failure?;
    match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(application)) => Some(Failed {
            message: failure.message.clone(),
            failure_type: application.r#type.clone(),
        }),
        _ => told(failure.cause.as_deref()),
    }
}

/// The first payload as JSON; null where there is none.
pub(crate) fn value(payloads: Option<&Payloads>) -> Result<Value> {
    match payloads.and_then(|payloads| payloads.payloads.first()) {
        Some(payload) if !payload.data.is_empty() => Ok(serde_json::from_slice(&payload.data)?),
        _ => Ok(Value::Null),
    }
}
