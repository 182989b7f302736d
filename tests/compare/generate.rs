//! Sequences that nobody has thought of: calls and tasks on a few workflow ids, decided by a seed.

mod activity;
mod commands;
mod operations;
mod starts;
mod tasks;

use serde_json::{Value, json};

use crate::{
    dice::Dice,
    script::{Call, Condition, Script, Step},
};

/// The steps that are made up, before those that end all of it.
const SHORTEST: usize = 8;
const LONGEST: usize = 34;

/// The workflows, the first of which is where most happens.
const WORKFLOWS: [&str; 2] = ["a", "b"];

/// A run that nobody has.
const NO_RUN: &str = "11111111-1111-4111-8111-111111111111";

/// The sequence of a seed.
pub(crate) fn sequence(seed: u64) -> Script {
    let mut writer = Writer {
        dice: Dice::new(seed),
        steps: Vec::new(),
        begun: Vec::new(),
    };
    writer.start("a");
    let length = SHORTEST + writer.dice.below(LONGEST - SHORTEST);
    while writer.steps.len() < length {
        writer.next();
    }
    writer.end();
    Script {
        title: format!("seed {seed}"),
        steps: writer.steps,
    }
}

/// Writes a sequence step by step.
struct Writer {
    dice: Dice,
    steps: Vec<Step>,
    /// Calls whose answers are still to be waited for.
    begun: Vec<String>,
}

impl Writer {
    fn next(&mut self) {
        let workflow = if self.dice.chance(75) {
            WORKFLOWS[0]
        } else {
            WORKFLOWS[1]
        };
        type Write = fn(&mut Writer, &str);
        let choices: [(usize, Write); 26] = [
            (14, Writer::start),
            (30, Writer::workflow_task),
            (14, Writer::activity_task),
            (9, Writer::signal),
            (5, Writer::signal_with_start),
            (6, Writer::cancel),
            (5, Writer::terminate),
            (9, Writer::update),
            (4, Writer::poll_update),
            (5, Writer::update_with_start),
            (6, Writer::reset),
            (5, Writer::describe),
            (3, Writer::close_event),
            (2, Writer::delete),
            (3, Writer::pause),
            (3, Writer::unpause),
            (3, Writer::pause_activity),
            (3, Writer::unpause_activity),
            (3, Writer::reset_activity),
            (3, Writer::update_activity_options),
            (2, Writer::update_workflow_options),
            (3, Writer::query),
            (1, Writer::reset_sticky),
            (4, Writer::repeat),
            (2, Writer::answer_activity_by_id),
            (2, Writer::late_answer),
        ];
        let write = *self.dice.weighted(&choices);
        write(self, workflow);
    }

    /// Does once more what was done, as a client does whose answer was lost.
    fn repeat(&mut self, _: &str) {
        let from = self.steps.len().saturating_sub(4);
        let index = from + self.dice.below(self.steps.len() - from);
        if matches!(self.steps[index], Step::Call { when: None, .. }) {
            self.steps.push(self.steps[index].clone());
        }
    }

    /// Looks at all workflows, ends them, and hears what was still to be answered.
    fn end(&mut self) {
        for workflow in WORKFLOWS {
            self.describe(workflow);
        }
        for workflow in WORKFLOWS {
            let execution = json!({"workflowId": id(workflow)});
            self.call(
                "TerminateWorkflowExecution",
                json!({"workflowExecution": execution, "reason": "the end"}),
            );
        }
        for name in std::mem::take(&mut self.begun) {
            self.steps.push(Step::Join { name });
        }
    }

    fn call(&mut self, method: &str, request: Value) {
        self.steps.push(Step::Call {
            name: None,
            call: made(method, request),
            when: None,
        });
    }

    fn call_as(&mut self, name: &str, method: &str, request: Value) {
        self.steps.push(Step::Call {
            name: Some(name.to_owned()),
            call: made(method, request),
            when: None,
        });
    }

    fn call_when(&mut self, name: &str, method: &str, request: Value, condition: Condition) {
        let call = made(method, request);
        self.steps.push(Step::Call {
            name: Some(name.to_owned()),
            call,
            when: Some(condition),
        });
    }

    fn begin(&mut self, method: &str, request: Value) {
        let name = format!("begun-{}", self.steps.len());
        self.begun.push(name.clone());
        self.steps.push(Step::Begin {
            name,
            call: made(method, request),
        });
    }

    /// A workflow, mostly its current run.
    fn execution(&mut self, workflow: &str) -> Value {
        let run_id = match self.dice.below(100) {
            0..70 => return json!({"workflowId": id(workflow)}),
            70..85 => format!("$?run-{workflow}.runId"),
            85..95 => format!("$?first-{workflow}.runId"),
            _ => NO_RUN.to_owned(),
        };
        json!({"workflowId": id(workflow), "runId": run_id})
    }

    /// A request id, mostly one that no other call has.
    fn request_id(&mut self) -> String {
        match self.dice.below(100) {
            0..20 => "request-1-%".to_owned(),
            20..30 => "request-2-%".to_owned(),
            _ => format!("request-of-step-{}-%", self.steps.len()),
        }
    }

    /// Some of these fields, each as often as it says.
    fn some_of(&mut self, request: &mut Value, fields: &[(usize, &str, Value)]) {
        for (percent, name, value) in fields {
            if self.dice.chance(*percent) {
                request[*name] = value.clone();
            }
        }
    }
}

fn made(method: &str, request: Value) -> Call {
    Call {
        method: method.to_owned(),
        request,
    }
}

fn id(workflow: &str) -> String {
    format!("{workflow}-%")
}

fn queue(workflow: &str) -> Value {
    json!({"name": format!("queue-{workflow}-%")})
}

fn payloads(json: &str) -> Value {
    json!({"payloads": [format!("json:{json}")]})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn sequences_are_scripts_and_go_everywhere() {
        let mut calls = BTreeSet::new();
        for seed in 0..200 {
            let sequence = sequence(seed);
            assert_eq!(
                Script::parse_all(&sequence.to_string()).unwrap(),
                std::slice::from_ref(&sequence)
            );
            for step in &sequence.steps {
                if let Step::Call { call, .. } | Step::Begin { call, .. } = step {
                    calls.insert(call.method.clone());
                }
            }
        }
        assert!(calls.len() >= 30, "{calls:?}");
    }
}
