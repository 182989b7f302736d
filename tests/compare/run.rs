//! A script, run against both servers at the same time and compared after each step.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context as _, Result};
use prost_reflect::MethodDescriptor;
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::sleep};

use crate::{
    caller::{self, Caller},
    difference::{Difference, Ids, compare},
    executions::Executions,
    finding::{Finding, Judge},
    request::{Answers, complete},
    script::{Call, Condition, Script, Step},
};

/// How long a server may take for an answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long a poll waits for a task. Temporal's server refuses less than two seconds, and comes back a second earlier.
const POLL_DEADLINE: Duration = Duration::from_secs(4);

/// How long a call may take that waits for later steps.
const LONG_DEADLINE: Duration = Duration::from_secs(25);

/// After this time a call that has been begun has reached its server.
const HEAD_START: Duration = Duration::from_millis(300);

/// How often a read is repeated whose answers differ, because both servers do some things a little later.
const TRIES: u32 = 8;

/// How long the first pause between two tries is; the others grow by it.
const PAUSE: Duration = Duration::from_millis(80);

/// How many times `until` looks.
const LOOKS: u32 = 20;

/// What a script has shown.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) findings: Vec<Finding>,
    /// Answers that were compared.
    pub(crate) calls: usize,
    /// Differences that are on the list of those that are meant.
    pub(crate) allowed: usize,
    /// What Temporal's server answered to which call of which step.
    pub(crate) answers: Vec<(Option<usize>, String, Value)>,
}

/// Runs a script. With `to_the_end`, it goes on after differences that leave the servers in different states.
///
/// # Errors
/// A request is not one, so the script is wrong.
pub(crate) async fn run(
    servers: [&Caller; 2],
    judge: &Judge,
    script: &Script,
    tag: &str,
    to_the_end: bool,
) -> Result<Outcome> {
    let sides = servers.map(|caller| Side::new(caller, tag));
    let mut run = Run {
        sides,
        judge,
        ids: Ids::default(),
        executions: Executions::default(),
        outcome: Outcome::default(),
    };
    for (index, step) in script.steps.iter().enumerate() {
        let found = run.outcome.findings.len();
        run.step(step).await.with_context(|| format!("{step}"))?;
        let answers = run.outcome.answers.iter_mut().filter(|(step, ..)| step.is_none());
        answers.for_each(|(step, ..)| *step = Some(index));
        let findings = &mut run.outcome.findings[found..];
        findings.iter_mut().for_each(|finding| finding.step = Some(index));
        if !to_the_end && findings.iter().any(|finding| finding.difference.is_deep()) {
            return Ok(run.outcome);
        }
    }
    run.compare_executions().await?;
    Ok(run.outcome)
}

struct Run<'a> {
    /// Temporal's server and wrt.
    sides: [Side; 2],
    judge: &'a Judge,
    ids: Ids,
    executions: Executions,
    outcome: Outcome,
}

impl Run<'_> {
    async fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Call { name, call, when } => {
                if let Some(condition) = when
                    && !self.agrees(condition).await?
                {
                    return Ok(());
                }
                let answers = self.ask(call).await?;
                self.keep(name.as_deref(), answers);
            }
            Step::Begin { name, call } => {
                for side in &mut self.sides {
                    side.begin(name, call)?;
                }
                sleep(HEAD_START).await;
            }
            Step::Join { name } => {
                let [temporal, wrt] = &mut self.sides;
                let (temporal, wrt) = tokio::try_join!(temporal.join(name), wrt.join(name))?;
                let (Some((call, temporal)), Some((_, wrt))) = (temporal, wrt) else {
                    return Ok(());
                };
                let (found, ids) = self.compared(&temporal, &wrt);
                self.conclude(&call, found, ids, &temporal);
                self.keep(Some(name), [temporal, wrt]);
            }
            Step::Until(condition) => self.wait_until(condition).await?,
            Step::Sleep { milliseconds } => sleep(Duration::from_millis(*milliseconds)).await,
        }
        Ok(())
    }

    fn keep(&mut self, name: Option<&str>, answers: [Value; 2]) {
        if let Some(name) = name {
            for (side, answer) in self.sides.iter_mut().zip(answers) {
                side.answers.insert(name.to_owned(), answer);
            }
        }
    }

    /// Makes a call to both, compares the answers and returns them.
    async fn ask(&mut self, call: &Call) -> Result<[Value; 2]> {
        let mut tries = if is_read(call) { TRIES } else { 1 };
        let mut pause = PAUSE;
        loop {
            let [temporal, wrt] = self.both(call).await?;
            tries -= 1;
            let (found, ids) = self.compared(&temporal, &wrt);
            let is_new = found
                .iter()
                .any(|difference| self.judge.is_new(&call.method, difference));
            if tries == 0 || !is_new {
                self.conclude(call, found, ids, &temporal);
                return Ok([temporal, wrt]);
            }
            sleep(pause).await;
            pause += PAUSE;
        }
    }

    async fn both(&self, call: &Call) -> Result<[Value; 2]> {
        let [temporal, wrt] = &self.sides;
        let (temporal, wrt) = tokio::try_join!(temporal.ask(call), wrt.ask(call))?;
        Ok([temporal, wrt])
    }

    fn compared(&self, temporal: &Value, wrt: &Value) -> (Vec<Difference>, Ids) {
        let mut ids = self.ids.clone();
        if temporal["status"] == "DEADLINE_EXCEEDED" && wrt["status"] == "DEADLINE_EXCEEDED" {
            // Who says it first, the server or the client, is chance.
            return (Vec::new(), ids);
        }
        (compare(temporal, wrt, &mut ids), ids)
    }

    fn conclude(&mut self, call: &Call, found: Vec<Difference>, ids: Ids, temporal: &Value) {
        self.ids = ids;
        self.outcome.calls += 1;
        self.outcome.answers.push((None, call.method.clone(), temporal.clone()));
        self.executions.learn(&self.sides[0].request(call), temporal);
        for difference in found {
            if self.judge.is_allowed(&call.method, &difference) {
                self.outcome.allowed += 1;
            } else {
                self.outcome.findings.push(Finding {
                    step: None,
                    call: call.method.clone(),
                    difference,
                });
            }
        }
    }

    /// Whether a condition holds, on both servers. If only one says so, that is a difference.
    async fn agrees(&mut self, condition: &Condition) -> Result<bool> {
        let mut answers = [Value::Null, Value::Null];
        for attempt in 1..=TRIES {
            answers = self.both(&condition.call).await?;
            match answers.each_ref().map(|answer| condition.holds(answer)) {
                [true, true] => return Ok(true),
                [false, false] if attempt > 2 => return Ok(false),
                _ => sleep(PAUSE * attempt).await,
            }
        }
        let [temporal, wrt] = answers.map(|answer| json!({"holds": condition.holds(&answer), "answer": answer}));
        let difference = Difference {
            path: "when".to_owned(),
            temporal: Some(temporal),
            wrt: Some(wrt),
        };
        self.conclude(&condition.call, vec![difference], self.ids.clone(), &Value::Null);
        Ok(false)
    }

    async fn wait_until(&mut self, condition: &Condition) -> Result<()> {
        for attempt in 1..=LOOKS {
            let answers = self.both(&condition.call).await?;
            if answers.iter().all(|answer| condition.holds(answer)) {
                break;
            }
            sleep(PAUSE * attempt).await;
        }
        self.agrees(condition).await.map(drop)
    }

    /// Compares the histories and the descriptions of all runs that were heard of.
    async fn compare_executions(&mut self) -> Result<()> {
        while let Some((workflow_id, run_id)) = self.executions.next() {
            let Some(of_wrt) = self.ids.of_wrt(&run_id).map(str::to_owned) else {
                continue;
            };
            let run_ids = [run_id, of_wrt];
            for (side, run_id) in self.sides.iter_mut().zip(run_ids) {
                side.answers
                    .insert("last".to_owned(), json!({"answer": {"runId": run_id}}));
            }
            let execution = json!({"workflowId": workflow_id, "runId": "$last.runId"});
            for method in ["GetWorkflowExecutionHistory", "DescribeWorkflowExecution"] {
                let call = Call {
                    method: method.to_owned(),
                    request: json!({"execution": execution}),
                };
                self.ask(&call).await?;
            }
        }
        Ok(())
    }
}

/// One server, and what it has answered.
struct Side {
    caller: Caller,
    tag: String,
    answers: Answers,
    begun: HashMap<String, (Call, JoinHandle<Result<Value>>)>,
}

impl Side {
    fn new(caller: &Caller, tag: &str) -> Self {
        Side {
            caller: caller.clone(),
            tag: tag.to_owned(),
            answers: Answers::new(),
            begun: HashMap::new(),
        }
    }

    async fn ask(&self, call: &Call) -> Result<Value> {
        let method = method(call);
        match complete(&method, &call.request, &self.tag, &self.answers) {
            Ok(request) => self.caller.call(&method, request, deadline(call)).await,
            Err(reason) => Ok(left_out(&reason)),
        }
    }

    fn begin(&mut self, name: &str, call: &Call) -> Result<()> {
        let method = method(call);
        let request = complete(&method, &call.request, &self.tag, &self.answers);
        let caller = self.caller.clone();
        let calling = tokio::spawn(async move {
            match request {
                Ok(request) => caller.call(&method, request, LONG_DEADLINE).await,
                Err(reason) => Ok(left_out(&reason)),
            }
        });
        self.begun.insert(name.to_owned(), (call.clone(), calling));
        Ok(())
    }

    async fn join(&mut self, name: &str) -> Result<Option<(Call, Value)>> {
        match self.begun.remove(name) {
            Some((call, calling)) => Ok(Some((call, calling.await??))),
            None => Ok(None),
        }
    }

    fn request(&self, call: &Call) -> Value {
        complete(&method(call), &call.request, &self.tag, &self.answers).unwrap_or_default()
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        self.begun.values().for_each(|(_, calling)| calling.abort());
    }
}

fn method(call: &Call) -> MethodDescriptor {
    caller::method(&call.method).expect("a script that was read has calls that exist")
}

/// What stands for the answer of a call that could not be made.
fn left_out(reason: &anyhow::Error) -> Value {
    json!({"status": "LEFT_OUT", "message": reason.to_string()})
}

fn deadline(call: &Call) -> Duration {
    let waits = call.request["waitNewEvent"] == true;
    if call.method.ends_with("TaskQueue") && call.method.starts_with("Poll") || waits {
        POLL_DEADLINE
    } else {
        DEADLINE
    }
}

fn is_read(call: &Call) -> bool {
    let reads = ["Describe", "Get", "List", "Count"];
    reads.iter().any(|verb| call.method.starts_with(verb)) && call.request["waitNewEvent"] != true
}
