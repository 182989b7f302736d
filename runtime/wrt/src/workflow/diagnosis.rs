//! Why a run does not get on: what `wrt` knows of it beside Temporal's description.

use serde_json::{Map, Value, json};
use wrt_model::proto::{WorkflowExecution, workflow::PendingWorkflowTaskInfo};

use crate::{
    client::Client,
    json,
    output::{card, heading},
    proto::wrt::{DescribeRunRequest, DescribeRunResponse, WorkflowTaskProblem},
    time,
    words::camel,
};

/// What the server says; `None` from one that does not know the call, such as Temporal's.
pub(super) async fn ask(client: &Client, execution: &WorkflowExecution) -> Option<DescribeRunResponse> {
    let request = DescribeRunRequest {
        namespace: client.namespace(),
        workflow_id: execution.workflow_id.clone(),
        run_id: execution.run_id.clone(),
    };
    let answer = client.runs().describe_run(request).await;
    answer.ok().map(tonic::Response::into_inner)
}

/// What nobody can do of a run, in words.
pub(super) fn hints(described: Option<&DescribeRunResponse>) -> Vec<String> {
    let unserved = described.iter().flat_map(|described| &described.unserved);
    unserved.map(|unserved| unserved.message.clone()).collect()
}

/// The card of the workflow task that waits or is under way, if there is one.
pub(super) fn workflow_task(
    task: Option<&PendingWorkflowTaskInfo>,
    problem: Option<&WorkflowTaskProblem>,
) -> Option<String> {
    let task = task?;
    let problem = problem.cloned().unwrap_or_default();
    let failure = match problem.stack_trace.as_str() {
        "" => problem.message,
        stack_trace => format!("{}\n{stack_trace}", problem.message),
    };
    let lines = card(&[
        (
            "State",
            camel(task.state().as_str_name(), "PENDING_WORKFLOW_TASK_STATE_"),
        ),
        ("Attempt", task.attempt.to_string()),
        ("Scheduled", time::point(task.scheduled_time.as_ref())),
        ("Started", time::point(task.started_time.as_ref())),
        ("NextAttempt", time::point(problem.next_attempt_time.as_ref())),
        ("LastFailed", time::point(problem.time.as_ref())),
        ("LastCause", problem.cause),
        ("LastFailure", failure),
        ("LastIdentity", problem.identity),
    ]);
    Some(format!("{}\n{lines}", heading("Pending Workflow Task:")))
}

/// The same for programs.
pub(super) fn fields(described: &DescribeRunResponse) -> Map<String, Value> {
    let mut all = match json::named("wrt.v1.DescribeRunResponse", described) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    all.retain(|name, _| !["workflowId", "runId"].contains(&name.as_str()));
    all
}

/// The field of hints in the answer to a start; empty without any.
pub(super) fn hint_fields(hints: &[String]) -> Map<String, Value> {
    match hints {
        [] => Map::new(),
        hints => Map::from_iter([("hints".to_owned(), json!(hints))]),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use wrt_model::proto::enums::PendingWorkflowTaskState;

    use super::*;

    #[test]
    fn a_failing_task_is_shown_whole() {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let task = PendingWorkflowTaskInfo {
            state: PendingWorkflowTaskState::Scheduled as i32,
            scheduled_time: at(1_700_000_000),
            attempt: 4,
            ..Default::default()
        };
        let problem = WorkflowTaskProblem {
            cause: "WorkflowWorkerUnhandledFailure".into(),
            message: "the guest panicked: no such order".into(),
            stack_trace: "0: order::run".into(),
            identity: "wrt-server".into(),
            time: at(1_700_000_000),
            attempt: 4,
            next_attempt_time: at(1_700_000_008),
        };
        assert_snapshot!(workflow_task(Some(&task), Some(&problem)).unwrap(), @r"
        Pending Workflow Task:
          State         Scheduled
          Attempt       4
          Scheduled     2023-11-14T22:13:20.000Z
          NextAttempt   2023-11-14T22:13:28.000Z
          LastFailed    2023-11-14T22:13:20.000Z
          LastCause     WorkflowWorkerUnhandledFailure
          LastFailure   the guest panicked: no such order
                        0: order::run
          LastIdentity  wrt-server
        ");
        assert_eq!(workflow_task(None, Some(&problem)), None);
    }
}
