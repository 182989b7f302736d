//! The runs that answers tell of, so that all of them are compared at the end.

use std::collections::BTreeSet;

use serde_json::Value;

/// More runs than this are not looked at, for a workflow may continue itself for ever.
const MOST: usize = 24;

/// Runs, by the names that Temporal's server gives them.
#[derive(Debug, Default)]
pub(crate) struct Executions {
    known: BTreeSet<(String, String)>,
    left: Vec<(String, String)>,
}

impl Executions {
    /// Takes note of the runs in an answer.
    pub(crate) fn learn(&mut self, request: &Value, answer: &Value) {
        if answer["status"] == "OK" {
            self.scan(&asked_for(request), &answer["answer"]);
        }
    }

    /// The workflow id and the run id of one that has not been looked at.
    pub(crate) fn next(&mut self) -> Option<(String, String)> {
        self.left.pop()
    }

    fn scan(&mut self, workflow_id: &str, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.scan(workflow_id, item)),
            Value::Object(fields) => {
                let workflow_id = fields.get("workflowId").and_then(Value::as_str).unwrap_or(workflow_id);
                for key in ["runId", "newExecutionRunId", "firstExecutionRunId"] {
                    if let Some(run_id) = fields.get(key).and_then(Value::as_str) {
                        self.add(workflow_id, run_id);
                    }
                }
                fields.values().for_each(|value| self.scan(workflow_id, value));
            }
            _ => {}
        }
    }

    fn add(&mut self, workflow_id: &str, run_id: &str) {
        let execution = (workflow_id.to_owned(), run_id.to_owned());
        if !workflow_id.is_empty() && self.known.len() < MOST && self.known.insert(execution.clone()) {
            self.left.push(execution);
        }
    }
}

/// The workflow that a request is about.
fn asked_for(request: &Value) -> String {
    let places = [
        "/workflowId",
        "/workflowExecution/workflowId",
        "/execution/workflowId",
        "/operations/0/startWorkflow/workflowId",
    ];
    let found = places.iter().find_map(|place| request.pointer(place)?.as_str());
    found.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn runs_are_found_wherever_they_stand() {
        let mut executions = Executions::default();
        executions.learn(
            &json!({"workflowId": "a"}),
            &json!({"status": "OK", "answer": {"runId": "1"}}),
        );
        executions.learn(
            &json!({"workflowId": "a"}),
            &json!({"status": "NOT_FOUND", "runId": "9"}),
        );
        let history = json!({"events": [
            {"x": {"newExecutionRunId": "2"}},
            {"y": {"workflowExecution": {"workflowId": "child", "runId": "3"}}},
        ]});
        let request = json!({"execution": {"workflowId": "a", "runId": "1"}});
        executions.learn(&request, &json!({"status": "OK", "answer": history}));
        let mut found: Vec<_> = std::iter::from_fn(|| executions.next()).collect();
        found.sort();
        let expected = [("a", "1"), ("a", "2"), ("child", "3")];
        assert_eq!(
            found,
            expected.map(|(workflow, run)| (workflow.to_owned(), run.to_owned()))
        );
    }
}
