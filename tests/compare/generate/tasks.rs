//! A worker of workflows: it takes a task, if there has to be one, and answers it.

use serde_json::{Value, json};

use super::{Writer, id, payloads, queue};
use crate::script::{Condition, Step};

impl Writer {
    pub(super) fn workflow_task(&mut self, workflow: &str) {
        let name = format!("task-{workflow}");
        let execution = json!({"workflowId": id(workflow)});
        let condition = Condition {
            call: super::made("DescribeWorkflowExecution", json!({"execution": execution})),
            has: json!({"pendingWorkflowTask": {"state": "PENDING_WORKFLOW_TASK_STATE_SCHEDULED"}}),
        };
        self.call_when(
            &name,
            "PollWorkflowTaskQueue",
            json!({"taskQueue": queue(workflow)}),
            condition,
        );
        // What happens while a worker holds the task.
        while self.dice.chance(22) {
            self.next_but_tasks(workflow);
        }
        if self.dice.chance(92) {
            self.answer(workflow);
        }
    }

    fn next_but_tasks(&mut self, workflow: &str) {
        match self.dice.below(8) {
            0..3 => self.signal(workflow),
            3 => self.cancel(workflow),
            4 => self.activity_task(workflow),
            5 => self.terminate(workflow),
            6 => self.reset(workflow),
            _ => self.start(workflow),
        }
    }

    fn answer(&mut self, workflow: &str) {
        match self.dice.below(100) {
            0..8 => self.fail_task(workflow),
            8..26 => self.answer_update(workflow),
            26..29 => self.answer_query(workflow),
            _ => self.complete_task(workflow),
        }
    }

    fn complete_task(&mut self, workflow: &str) {
        let mut commands = Vec::new();
        for _ in 0..self.dice.below(3) {
            commands.push(self.command(workflow));
        }
        if self.dice.chance(30) {
            commands.push(self.closing_command(workflow));
        }
        let mut request = json!({"taskToken": format!("$task-{workflow}.taskToken"), "commands": commands});
        let sticky = json!({"workerTaskQueue": {"name": format!("sticky-{workflow}-%"), "kind": "TASK_QUEUE_KIND_STICKY",
            "normalName": format!("queue-{workflow}-%")}, "scheduleToStartTimeout": "60s"});
        let options = [
            (6, "forceCreateNewWorkflowTask", json!(true)),
            (4, "returnNewWorkflowTask", json!(true)),
            (3, "stickyAttributes", sticky),
            (
                4,
                "sdkMetadata",
                json!({"coreUsedFlags": [1], "sdkName": "compare", "sdkVersion": "1"}),
            ),
        ];
        self.some_of(&mut request, &options);
        if request.to_string().contains("continueAsNew") {
            // Temporal's server lets a new run wait that comes within a second of the one before.
            self.steps.push(Step::Sleep { milliseconds: 1100 });
        }
        let told_others = request.to_string().contains("External") || request.to_string().contains("Child");
        self.call("RespondWorkflowTaskCompleted", request);
        if told_others {
            // What others hear of takes its time.
            self.steps.push(Step::Sleep { milliseconds: 700 });
        }
    }

    fn fail_task(&mut self, workflow: &str) {
        let request = json!({
            "taskToken": format!("$task-{workflow}.taskToken"),
            "cause": "WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE",
            "failure": {"message": "panic", "applicationFailureInfo": {"type": "Panic"}},
        });
        self.call("RespondWorkflowTaskFailed", request);
    }

    fn answer_query(&mut self, workflow: &str) {
        let request = json!({
            "taskToken": format!("$task-{workflow}.taskToken"),
            "completedType": "QUERY_RESULT_TYPE_ANSWERED",
            "queryResult": payloads("9"),
        });
        self.call("RespondQueryTaskCompleted", request);
    }

    /// Accepts, completes or rejects the first update that came with the task.
    fn answer_update(&mut self, workflow: &str) {
        let asked = |field: &str| json!(format!("$task-{workflow}.messages.0.{field}"));
        let number = self.steps.len();
        let (accepted, completed, rejected) = (
            format!("accept-{number}"),
            format!("complete-{number}"),
            format!("reject-{number}"),
        );
        let original = json!({"meta": asked("body.meta"), "input": asked("body.input")});
        let message = |id: &str, kind: &str, mut body: Value| {
            body["@type"] = json!(format!("type.googleapis.com/temporal.api.update.v1.{kind}"));
            json!({"id": id, "protocolInstanceId": asked("protocolInstanceId"), "body": body})
        };
        let acceptance = message(
            &accepted,
            "Acceptance",
            json!({
                "acceptedRequestMessageId": asked("id"),
                "acceptedRequestSequencingEventId": asked("eventId"),
                "acceptedRequest": original,
            }),
        );
        let outcome = if self.dice.chance(70) {
            json!({"success": payloads("4")})
        } else {
            json!({"failure": {"message": "no", "applicationFailureInfo": {"type": "No"}}})
        };
        let response = message(
            &completed,
            "Response",
            json!({"meta": asked("body.meta"), "outcome": outcome}),
        );
        let rejection = message(
            &rejected,
            "Rejection",
            json!({
                "rejectedRequestMessageId": asked("id"),
                "rejectedRequestSequencingEventId": asked("eventId"),
                "rejectedRequest": original,
                "failure": {"message": "rejected", "applicationFailureInfo": {"type": "No"}},
            }),
        );
        let (messages, ids) = match self.dice.below(10) {
            0..3 => (vec![acceptance], vec![accepted]),
            3..8 => (vec![acceptance, response], vec![accepted, completed]),
            _ => (vec![rejection], vec![]),
        };
        let command = |id: &String| {
            json!({"commandType": "COMMAND_TYPE_PROTOCOL_MESSAGE",
            "protocolMessageCommandAttributes": {"messageId": id}})
        };
        let mut commands: Vec<_> = ids.iter().map(command).collect();
        if self.dice.chance(25) {
            commands.push(self.command(workflow));
        }
        if self.dice.chance(12) {
            commands.push(self.closing_command(workflow));
        }
        let token = format!("$task-{workflow}.taskToken");
        self.call(
            "RespondWorkflowTaskCompleted",
            json!({"taskToken": token, "commands": commands, "messages": messages}),
        );
    }
}
