//! Calls of clients about a run that is there, or is not.

use serde_json::{Value, json};

use super::{Writer, id, payloads};

impl Writer {
    pub(super) fn signal(&mut self, workflow: &str) {
        let mut request = json!({
            "workflowExecution": self.execution(workflow),
            "signalName": "signal",
            "requestId": self.request_id(),
        });
        self.some_of(
            &mut request,
            &[(40, "input", payloads("2")), (5, "signalName", json!(""))],
        );
        self.call("SignalWorkflowExecution", request);
    }

    pub(super) fn cancel(&mut self, workflow: &str) {
        let request = json!({
            "workflowExecution": self.execution(workflow),
            "requestId": self.request_id(),
            "firstExecutionRunId": self.chain(workflow),
            "reason": "because",
        });
        self.call("RequestCancelWorkflowExecution", request);
    }

    pub(super) fn terminate(&mut self, workflow: &str) {
        let request = json!({
            "workflowExecution": self.execution(workflow),
            "firstExecutionRunId": self.chain(workflow),
            "reason": "because",
        });
        self.call("TerminateWorkflowExecution", request);
    }

    pub(super) fn update(&mut self, workflow: &str) {
        let request = self.update_request(workflow);
        self.begin("UpdateWorkflowExecution", request);
        if self.dice.chance(70) {
            self.workflow_task(workflow);
        }
    }

    pub(super) fn update_request(&mut self, workflow: &str) -> Value {
        let stage = *self
            .dice
            .weighted(&[(40, "COMPLETED"), (50, "ACCEPTED"), (5, "ADMITTED")]);
        let mut request = json!({
            "namespace": "default",
            "workflowExecution": self.execution(workflow),
            "firstExecutionRunId": self.chain(workflow),
            "waitPolicy": {"lifecycleStage": format!("UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_{stage}")},
            "request": {
                "meta": {"updateId": *self.dice.pick(&["u1", "u1", "u2"]), "identity": "compare"},
                "input": {"name": "update"},
            },
        });
        self.some_of(
            &mut request["request"]["input"],
            &[(30, "args", payloads("3")), (3, "name", json!(""))],
        );
        request
    }

    pub(super) fn poll_update(&mut self, workflow: &str) {
        let execution = self.execution(workflow);
        let reference = json!({"workflowExecution": execution, "updateId": *self.dice.pick(&["u1", "u1", "u2"])});
        self.call("PollWorkflowExecutionUpdate", json!({"updateRef": reference}));
    }

    pub(super) fn reset(&mut self, workflow: &str) {
        let event = *self.dice.weighted(&[
            (50, 4),
            (20, 3),
            (5, 2),
            (5, 1),
            (5, 5),
            (5, 7),
            (5, 8),
            (5, 9),
            (5, 10),
        ]);
        let mut request = json!({
            "workflowExecution": self.execution(workflow),
            "workflowTaskFinishEventId": event,
            "requestId": self.request_id(),
            "reason": "again",
        });
        let signals = json!(["RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL"]);
        let updates = json!(["RESET_REAPPLY_EXCLUDE_TYPE_UPDATE"]);
        let none = json!("RESET_REAPPLY_TYPE_NONE");
        let options = [
            (10, "resetReapplyExcludeTypes", signals),
            (10, "resetReapplyExcludeTypes", updates),
            (5, "resetReapplyType", none),
        ];
        self.some_of(&mut request, &options);
        self.call_as(&format!("run-{workflow}"), "ResetWorkflowExecution", request);
    }

    pub(super) fn describe(&mut self, workflow: &str) {
        let execution = self.execution(workflow);
        self.call("DescribeWorkflowExecution", json!({"execution": execution}));
    }

    pub(super) fn close_event(&mut self, workflow: &str) {
        let request = json!({
            "execution": self.execution(workflow),
            "historyEventFilterType": "HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT",
        });
        self.call("GetWorkflowExecutionHistory", request);
    }

    pub(super) fn delete(&mut self, workflow: &str) {
        let execution = self.execution(workflow);
        self.call("DeleteWorkflowExecution", json!({"workflowExecution": execution}));
        // Temporal's server deletes a little later.
        self.steps.push(crate::script::Step::Sleep { milliseconds: 700 });
    }

    pub(super) fn pause(&mut self, workflow: &str) {
        let request = self.pause_request(workflow);
        self.call("PauseWorkflowExecution", request);
    }

    pub(super) fn unpause(&mut self, workflow: &str) {
        let request = self.pause_request(workflow);
        self.call("UnpauseWorkflowExecution", request);
    }

    fn pause_request(&mut self, workflow: &str) -> Value {
        let mut request = json!({"workflowId": id(workflow), "reason": "because", "requestId": self.request_id()});
        let run_id = json!(format!("$?run-{workflow}.runId"));
        self.some_of(&mut request, &[(25, "runId", run_id)]);
        request
    }

    pub(super) fn update_workflow_options(&mut self, workflow: &str) {
        let execution = self.execution(workflow);
        let priority = json!({"priorityKey": *self.dice.pick(&[1, 5])});
        let choices = [
            ("priority", json!({"priority": priority})),
            (
                "versioningOverride",
                json!({"versioningOverride": {"autoUpgrade": true}}),
            ),
            ("versioningOverride", json!({})),
            ("", json!({})),
            ("nonsense", json!({})),
        ];
        let (mask, options) = self.dice.pick(&choices).clone();
        let request = json!({"workflowExecution": execution, "workflowExecutionOptions": options, "updateMask": mask});
        self.call("UpdateWorkflowExecutionOptions", request);
    }

    pub(super) fn query(&mut self, workflow: &str) {
        let mut request = json!({"execution": self.execution(workflow), "query": {"queryType": "state"}});
        let open = json!("QUERY_REJECT_CONDITION_NOT_OPEN");
        let clean = json!("QUERY_REJECT_CONDITION_NOT_COMPLETED_CLEANLY");
        self.some_of(
            &mut request,
            &[(30, "queryRejectCondition", open), (20, "queryRejectCondition", clean)],
        );
        self.begin("QueryWorkflow", request);
        self.workflow_task(workflow);
    }

    pub(super) fn reset_sticky(&mut self, workflow: &str) {
        let execution = self.execution(workflow);
        self.call("ResetStickyTaskQueue", json!({"execution": execution}));
    }

    /// Which chain a caller means, mostly none.
    fn chain(&mut self, workflow: &str) -> String {
        match self.dice.below(100) {
            0..80 => String::new(),
            80..90 => format!("$?first-{workflow}.runId"),
            90..97 => format!("$?run-{workflow}.runId"),
            _ => super::NO_RUN.to_owned(),
        }
    }
}
