//! What a workflow decides.

use serde_json::{Value, json};

use super::{Writer, id, payloads, queue};

impl Writer {
    /// A command after which the run goes on.
    pub(super) fn command(&mut self, workflow: &str) -> Value {
        match self.dice.below(100) {
            0..30 => self.schedule_activity(workflow),
            30..38 => {
                let event = *self.dice.pick(&["5", "5", "6", "11"]);
                command(
                    "REQUEST_CANCEL_ACTIVITY_TASK",
                    "requestCancelActivityTask",
                    json!({"scheduledEventId": event}),
                )
            }
            38..48 => {
                let timer = *self.dice.pick(&["t1", "t1", "t2", ""]);
                let time = *self.dice.pick(&["3600s", "3600s", "60s", "0s"]);
                let attributes = json!({"timerId": timer, "startToFireTimeout": time});
                command("START_TIMER", "startTimer", attributes)
            }
            48..54 => command(
                "CANCEL_TIMER",
                "cancelTimer",
                json!({"timerId": *self.dice.pick(&["t1", "t2"])}),
            ),
            54..65 => self.start_child(),
            65..73 => self.signal_external(),
            73..79 => self.cancel_external(),
            79..83 => command(
                "RECORD_MARKER",
                "recordMarker",
                json!({"markerName": *self.dice.pick(&["m", ""]),
                "details": {"d": payloads("1")}}),
            ),
            83..90 => {
                let choices = [
                    json!({"Colour": "json:\"x\""}),
                    json!({"Number": "json:7"}),
                    json!({"Nothing": "json:1"}),
                    json!({}),
                ];
                let fields = self.dice.pick(&choices).clone();
                let attributes = json!({"searchAttributes": {"indexedFields": fields}});
                command(
                    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
                    "upsertWorkflowSearchAttributes",
                    attributes,
                )
            }
            _ => {
                let attributes = json!({"upsertedMemo": {"fields": {"m": *self.dice.pick(&["json:1", "json:null"])}}});
                command("MODIFY_WORKFLOW_PROPERTIES", "modifyWorkflowProperties", attributes)
            }
        }
    }

    /// A command that ends the run.
    pub(super) fn closing_command(&mut self, workflow: &str) -> Value {
        match self.dice.below(100) {
            0..40 => command(
                "COMPLETE_WORKFLOW_EXECUTION",
                "completeWorkflowExecution",
                json!({"result": payloads("6")}),
            ),
            40..65 => {
                let mut failure = json!({"message": "failed", "applicationFailureInfo": {"type": "Broken"}});
                self.some_of(
                    &mut failure["applicationFailureInfo"],
                    &[(20, "nonRetryable", json!(true))],
                );
                command(
                    "FAIL_WORKFLOW_EXECUTION",
                    "failWorkflowExecution",
                    json!({"failure": failure}),
                )
            }
            65..75 => command(
                "CANCEL_WORKFLOW_EXECUTION",
                "cancelWorkflowExecution",
                json!({"details": payloads("7")}),
            ),
            _ => {
                let mut attributes = json!({"workflowType": {"name": "Work"}, "taskQueue": queue(workflow)});
                let options = [
                    (50, "input", payloads("8")),
                    (30, "workflowTaskTimeout", json!("60s")),
                    (15, "memo", json!({"fields": {"n": "json:1"}})),
                    (15, "backoffStartInterval", json!("600s")),
                    (10, "workflowRunTimeout", json!("1800s")),
                    (10, "initiator", json!("CONTINUE_AS_NEW_INITIATOR_WORKFLOW")),
                ];
                self.some_of(&mut attributes, &options);
                command(
                    "CONTINUE_AS_NEW_WORKFLOW_EXECUTION",
                    "continueAsNewWorkflowExecution",
                    attributes,
                )
            }
        }
    }

    fn schedule_activity(&mut self, workflow: &str) -> Value {
        let mut attributes = json!({
            "activityId": *self.dice.pick(&["act1", "act1", "act2"]),
            "activityType": {"name": "Act"},
            "taskQueue": queue(workflow),
            "startToCloseTimeout": "600s",
        });
        let options = [
            (30, "retryPolicy", json!({"maximumAttempts": 1})),
            (
                25,
                "retryPolicy",
                json!({"initialInterval": "900s", "maximumAttempts": 3}),
            ),
            (10, "retryPolicy", json!({"nonRetryableErrorTypes": ["Broken"]})),
            (15, "scheduleToCloseTimeout", json!("300s")),
            (10, "heartbeatTimeout", json!("1200s")),
            (5, "scheduleToStartTimeout", json!("700s")),
            (10, "input", payloads("1")),
            (3, "startToCloseTimeout", json!("0s")),
            (5, "requestEagerExecution", json!(true)),
            (5, "priority", json!({"priorityKey": 1})),
        ];
        self.some_of(&mut attributes, &options);
        command("SCHEDULE_ACTIVITY_TASK", "scheduleActivityTask", attributes)
    }

    fn start_child(&mut self) -> Value {
        // Each with a queue of its own, so that a poll can have but one task.
        let child = *self.dice.pick(&["child", "child", "b"]);
        let mut attributes = json!({
            "workflowId": id(child),
            "workflowType": {"name": "Child"},
            "taskQueue": queue(child),
            "workflowTaskTimeout": "60s",
        });
        let options = [
            (25, "parentClosePolicy", json!("PARENT_CLOSE_POLICY_ABANDON")),
            (25, "parentClosePolicy", json!("PARENT_CLOSE_POLICY_REQUEST_CANCEL")),
            (
                10,
                "workflowIdReusePolicy",
                json!("WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE"),
            ),
            (
                10,
                "workflowIdReusePolicy",
                json!("WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING"),
            ),
            (10, "input", payloads("1")),
            (10, "control", json!("c")),
        ];
        self.some_of(&mut attributes, &options);
        command(
            "START_CHILD_WORKFLOW_EXECUTION",
            "startChildWorkflowExecution",
            attributes,
        )
    }

    fn signal_external(&mut self) -> Value {
        let mut attributes =
            json!({"execution": {"workflowId": self.other()}, "signalName": "from-outside", "control": "c"});
        self.some_of(
            &mut attributes,
            &[(50, "input", payloads("1")), (15, "childWorkflowOnly", json!(true))],
        );
        command(
            "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION",
            "signalExternalWorkflowExecution",
            attributes,
        )
    }

    fn cancel_external(&mut self) -> Value {
        let mut attributes = json!({"workflowId": self.other(), "control": "c", "reason": "because"});
        self.some_of(
            &mut attributes,
            &[
                (15, "childWorkflowOnly", json!(true)),
                (10, "runId", json!(super::NO_RUN)),
            ],
        );
        command(
            "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION",
            "requestCancelExternalWorkflowExecution",
            attributes,
        )
    }

    fn other(&mut self) -> String {
        let other = *self.dice.pick(&["b", "b", "child", "nobody", "a"]);
        id(other)
    }
}

fn command(kind: &str, attributes: &str, value: Value) -> Value {
    let attributes = format!("{attributes}CommandAttributes");
    json!({"commandType": format!("COMMAND_TYPE_{kind}"), attributes: value})
}
