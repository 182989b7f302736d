//! A worker of activities, and calls about them.

use serde_json::{Value, json};

use super::{Writer, id, payloads, queue};
use crate::script::Condition;

impl Writer {
    pub(super) fn activity_task(&mut self, workflow: &str) {
        let execution = json!({"workflowId": id(workflow)});
        let condition = Condition {
            call: super::made("DescribeWorkflowExecution", json!({"execution": execution})),
            has: json!({"pendingActivities": [{"state": "PENDING_ACTIVITY_STATE_SCHEDULED"}]}),
        };
        let name = format!("activity-{workflow}");
        self.call_when(
            &name,
            "PollActivityTaskQueue",
            json!({"taskQueue": queue(workflow)}),
            condition,
        );
        if self.dice.chance(25) {
            self.describe(workflow);
        }
        if self.dice.chance(85) {
            self.late_answer(workflow);
        }
    }

    /// Answers the last activity that was taken, whether or not somebody waits for that.
    pub(super) fn late_answer(&mut self, workflow: &str) {
        let token = format!("$activity-{workflow}.taskToken");
        match self.dice.below(100) {
            0..40 => {
                self.call(
                    "RespondActivityTaskCompleted",
                    json!({"taskToken": token, "result": payloads("2")}),
                );
            }
            40..70 => {
                let failure = self.failure();
                let mut request = json!({"taskToken": token, "failure": failure});
                self.some_of(&mut request, &[(20, "lastHeartbeatDetails", payloads("3"))]);
                self.call("RespondActivityTaskFailed", request);
            }
            70..85 => self.call(
                "RespondActivityTaskCanceled",
                json!({"taskToken": token, "details": payloads("4")}),
            ),
            _ => self.call(
                "RecordActivityTaskHeartbeat",
                json!({"taskToken": token, "details": payloads("5")}),
            ),
        }
    }

    pub(super) fn answer_activity_by_id(&mut self, workflow: &str) {
        let run_id = *self.dice.pick(&["", "", super::NO_RUN]);
        let mut request = json!({"workflowId": id(workflow), "runId": run_id, "activityId": self.activity_id()});
        match self.dice.below(4) {
            0 => self.call("RespondActivityTaskCompletedById", request),
            1 => {
                request["failure"] = self.failure();
                self.call("RespondActivityTaskFailedById", request);
            }
            2 => self.call("RespondActivityTaskCanceledById", request),
            _ => self.call("RecordActivityTaskHeartbeatById", request),
        }
    }

    pub(super) fn pause_activity(&mut self, workflow: &str) {
        let mut request = self.about_activity(workflow);
        request["reason"] = json!("because");
        self.call("PauseActivity", request);
    }

    pub(super) fn unpause_activity(&mut self, workflow: &str) {
        let mut request = self.about_activity(workflow);
        self.some_of(
            &mut request,
            &[(30, "resetAttempts", json!(true)), (20, "resetHeartbeat", json!(true))],
        );
        self.call("UnpauseActivity", request);
    }

    pub(super) fn reset_activity(&mut self, workflow: &str) {
        let mut request = self.about_activity(workflow);
        let options = [
            (30, "keepPaused", json!(true)),
            (20, "resetHeartbeat", json!(true)),
            (20, "restoreOriginalOptions", json!(true)),
        ];
        self.some_of(&mut request, &options);
        self.call("ResetActivity", request);
    }

    pub(super) fn update_activity_options(&mut self, workflow: &str) {
        let mut request = self.about_activity(workflow);
        let choices = [
            ("startToCloseTimeout", json!({"startToCloseTimeout": "400s"})),
            ("scheduleToCloseTimeout", json!({"scheduleToCloseTimeout": "500s"})),
            (
                "retryPolicy.maximumAttempts",
                json!({"retryPolicy": {"maximumAttempts": 7}}),
            ),
            ("heartbeatTimeout", json!({"heartbeatTimeout": "30s"})),
            ("nonsense", json!({})),
        ];
        if self.dice.chance(20) {
            request["restoreOriginal"] = json!(true);
        } else {
            let (mask, options) = self.dice.pick(&choices).clone();
            request["updateMask"] = json!(mask);
            request["activityOptions"] = options;
        }
        self.call("UpdateActivityOptions", request);
    }

    fn about_activity(&mut self, workflow: &str) -> Value {
        let execution = self.execution(workflow);
        let mut request = json!({"execution": execution});
        match self.dice.below(10) {
            0..8 => request["id"] = self.activity_id(),
            8 => request["type"] = json!("Act"),
            _ => {}
        }
        request
    }

    fn activity_id(&mut self) -> Value {
        json!(*self.dice.pick(&["act1", "act1", "act1", "act2", "nobody"]))
    }

    fn failure(&mut self) -> Value {
        let mut failure = json!({"message": "oops", "source": "compare", "applicationFailureInfo": {"type": "Broken"}});
        self.some_of(
            &mut failure["applicationFailureInfo"],
            &[(25, "nonRetryable", json!(true))],
        );
        failure
    }
}
