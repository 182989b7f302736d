//! Actions that concern others: children, other workflows, callers of updates, lists.

use crate::{
    actions::failure,
    json, note,
    wrt::workflow::{
        child_workflow::{self, ChildWorkflowOptions, IdReusePolicy, ParentClosePolicy},
        execution::{self, ContinueAsNewOptions},
        external_workflow::{self, WorkflowExecution},
        patch, update, visibility,
    },
};

/// Does the action, or returns false when there is none of this name.
pub fn act(name: &str, rest: &str) -> bool {
    let (first, second) = rest.split_once(' ').unwrap_or((rest, ""));
    match name {
        "child" => {
            let seq = child_workflow::start(second, &[json(first)], &child(first));
            note(&format!("asked for child {seq}"));
        }
        "cancel-child" => child_workflow::request_cancel(first.parse().expect("a number"), second),
        "signal-child" => {
            let seq = child_workflow::signal(first.parse().expect("a number"), second, &[], &[]);
            note(&format!("signaled as {seq}"));
        }
        "signal-external" => {
            let seq = external_workflow::signal(&execution(first), second, &[], &[]);
            note(&format!("signaled as {seq}"));
        }
        "cancel-external" => {
            let seq = external_workflow::request_cancel(&execution(first), second);
            note(&format!("canceled as {seq}"));
        }
        "accept" => update::accept(first),
        "reject" => update::reject(first, &[failure(second)]),
        "answer" => update::complete(first, Ok(&[json(second)])),
        "refuse" => update::complete(first, Err(&[failure(second)])),
        "patched" => note(&format!("{first} patched: {}", patch::patched(first))),
        "deprecate" => patch::deprecate(first),
        "attribute" => visibility::upsert_search_attributes(&[(first.to_owned(), json(second))]),
        "memo" => visibility::upsert_memo(&[(first.to_owned(), json(second))]),
        "continue" => execution::continue_as_new(&[json(rest)], &unchanged()),
        _ => return false,
    }
    true
}

fn execution(workflow_id: &str) -> WorkflowExecution {
    WorkflowExecution {
        workflow_id: workflow_id.to_owned(),
        run_id: String::new(),
    }
}

fn child(workflow_id: &str) -> ChildWorkflowOptions {
    ChildWorkflowOptions {
        workflow_id: Some(workflow_id.to_owned()),
        task_queue: None,
        execution_timeout: None,
        run_timeout: None,
        task_timeout: None,
        parent_close_policy: ParentClosePolicy::Terminate,
        id_reuse_policy: IdReusePolicy::AllowDuplicate,
        retry_policy: None,
        cron_schedule: None,
        header: Vec::new(),
        memo: Vec::new(),
        search_attributes: Vec::new(),
        priority: None,
        summary: None,
    }
}

fn unchanged() -> ContinueAsNewOptions {
    ContinueAsNewOptions {
        workflow_type: None,
        task_queue: None,
        run_timeout: None,
        task_timeout: None,
        retry_policy: None,
        header: Vec::new(),
        memo: None,
        search_attributes: None,
    }
}
