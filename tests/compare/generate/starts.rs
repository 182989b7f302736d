//! Calls that may start a run.

use serde_json::{Value, json};

use super::{Writer, id, payloads, queue};

/// None is said, as most clients do, or one of all that there are.
const REUSE_POLICIES: [&str; 3] = ["ALLOW_DUPLICATE", "ALLOW_DUPLICATE_FAILED_ONLY", "REJECT_DUPLICATE"];
const CONFLICT_POLICIES: [&str; 3] = ["FAIL", "USE_EXISTING", "TERMINATE_EXISTING"];

impl Writer {
    pub(super) fn start(&mut self, workflow: &str) {
        let mut request = self.start_request(workflow);
        let all = json!({"attachRequestId": true, "attachCompletionCallbacks": true, "attachLinks": true});
        self.some_of(
            &mut request,
            &[(8, "onConflictOptions", all), (6, "requestEagerExecution", json!(true))],
        );
        self.started(workflow, "StartWorkflowExecution", request);
    }

    pub(super) fn signal_with_start(&mut self, workflow: &str) {
        let mut request = self.start_request(workflow);
        request["signalName"] = json!("signal-with-start");
        self.some_of(&mut request, &[(50, "signalInput", payloads("5"))]);
        self.started(workflow, "SignalWithStartWorkflowExecution", request);
    }

    pub(super) fn update_with_start(&mut self, workflow: &str) {
        let start = self.start_request(workflow);
        let update = self.update_request(workflow);
        let operations = json!([{"startWorkflow": start}, {"updateWorkflow": update}]);
        self.begin("ExecuteMultiOperation", json!({"operations": operations}));
    }

    fn started(&mut self, workflow: &str, method: &str, request: Value) {
        self.call_as(&format!("run-{workflow}"), method, request.clone());
        let first = format!("first-{workflow}");
        let is_there = self.steps.iter().any(|step| step.to_string().starts_with(&first));
        if !is_there {
            // The same call again, whose answer keeps its name.
            self.call_as(&first, method, request);
        }
    }

    fn start_request(&mut self, workflow: &str) -> Value {
        let mut request = json!({
            "namespace": "default",
            "workflowId": id(workflow),
            "workflowType": {"name": "Work"},
            "taskQueue": queue(workflow),
            "workflowTaskTimeout": "60s",
            "identity": "compare",
            "requestId": self.request_id(),
        });
        if self.dice.chance(45) {
            let policy = self.dice.pick(&REUSE_POLICIES);
            request["workflowIdReusePolicy"] = json!(format!("WORKFLOW_ID_REUSE_POLICY_{policy}"));
        }
        if self.dice.chance(45) {
            let policy = self.dice.pick(&CONFLICT_POLICIES);
            request["workflowIdConflictPolicy"] = json!(format!("WORKFLOW_ID_CONFLICT_POLICY_{policy}"));
        } else if self.dice.chance(8) {
            request["workflowIdReusePolicy"] = json!("WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING");
        }
        let options = [
            (20, "input", payloads("1")),
            (10, "memo", json!({"fields": {"m": "json:1"}})),
            (
                10,
                "searchAttributes",
                json!({"indexedFields": {"Colour": "json:\"k\""}}),
            ),
            (8, "workflowRunTimeout", json!("3600s")),
            (8, "workflowExecutionTimeout", json!("7200s")),
            (
                15,
                "retryPolicy",
                json!({"initialInterval": "600s", "maximumAttempts": 3}),
            ),
            (7, "workflowStartDelay", json!("900s")),
            (5, "cronSchedule", json!("0 0 1 1 *")),
            (5, "priority", json!({"priorityKey": 2})),
            (5, "header", json!({"fields": {"h": "json:1"}})),
            (5, "userMetadata", json!({"summary": "json:\"s\""})),
        ];
        self.some_of(&mut request, &options);
        request
    }
}
