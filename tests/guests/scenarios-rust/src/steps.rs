//! Single steps.

use serde_json::{Value, json};
use wrt_sdk::{Error, Result};

use crate::{
    State, failure,
    options::{Values, span},
    program::{Flow, Frame},
    race::let_others_go,
    value::sum,
    visibility,
};

/// What names a step. `signal` comes last, since it is a field of other steps, too.
const VERBS: [&str; 44] = [
    "set",
    "append",
    "add",
    "activity",
    "local_activity",
    "child",
    "start_child",
    "join_child",
    "signal_child",
    "cancel_child",
    "signal_external",
    "cancel_external",
    "sleep",
    "on_signal",
    "on_query",
    "on_update",
    "wait",
    "all",
    "race",
    "spawn",
    "scope",
    "shielded",
    "cancel_scope",
    "try",
    "saga",
    "compensate",
    "if",
    "repeat",
    "patched",
    "deprecate_patch",
    "continue_as_new",
    "memo",
    "search_attributes",
    "info",
    "random",
    "now",
    "log",
    "details",
    "return",
    "fail",
    "rethrow",
    "bug",
    "check",
    "until_handled",
];

impl Frame {
    /// Runs one step.
    pub(crate) async fn step(&self, step: &Value) -> Result<Flow> {
        let verb = VERBS
            .into_iter()
            .chain(["signal"])
            .find(|verb| step.get(verb).is_some());
        let verb = verb.unwrap_or_else(|| panic!("there is no step {step}"));
        let of = &step[verb];
        let name = of.as_str().unwrap_or_default();
        match verb {
            "set" => self.change(of, |_, value| value),
            "append" => self.change(of, appended),
            "add" => self.change(of, |number, value| sum(&number, &value)),
            "activity" | "local_activity" => self.activity(step, name, verb == "local_activity").await?,
            "child" => self.child(step, name).await?,
            "start_child" => self.start_child(step, name).await?,
            "join_child" => self.join_child(step, name).await?,
            "signal_child" => self.signal_child(step, name).await?,
            "cancel_child" => self.cancel_child(name),
            "signal_external" => self.signal_external(step, of).await?,
            "cancel_external" => self.cancel_external(of).await?,
            "sleep" => self.sleep(step, &self.value(of)).await?,
            "signal" => {
                let signal = self.ctx.signals::<Value>(name).recv().await?;
                self.keep(step, signal);
            }
            "on_signal" => self.on_signal(step, name).await,
            "on_query" => self.on_query(step, name),
            "on_update" => self.on_update(step, name),
            "wait" => self.wait(step, of).await?,
            "all" => self.all(of).await?,
            "race" => self.race(step, of).await?,
            "spawn" => self.spawn(step, of),
            "cancel_scope" => self.cancel_scope(name).await,
            "compensate" => self.compensate(of),
            "deprecate_patch" => self.ctx.deprecate_patch(name),
            "memo" => self.upsert_memo(of),
            "search_attributes" => self.upsert_search_attributes(of),
            "info" => self.keep(step, self.fact(name)),
            "random" => self.keep(step, self.random()),
            "now" => self.keep(step, visibility::now()),
            "log" => wrt_sdk::info!(self.ctx, "{name}"),
            // The contract has no word for the current details so far.
            "details" => wrt_sdk::debug!(self.ctx, "{name}"),
            "until_handled" => self.ctx.all_handlers_finished().await?,
            "check" => assert!(self.holds(of), "the condition {of} does not hold"),
            "bug" => panic!("{name}"),
            "fail" => return Err(failure::thrown(&self.value(of))),
            "rethrow" => {
                return Err(self
                    .caught
                    .as_deref()
                    .expect("`catch` has caught an error")
                    .clone()
                    .into());
            }
            "return" => return Ok(Flow::Return(self.value(of))),
            "continue_as_new" => return self.continue_as_new(step, of),
            structured => return self.structured(structured, step, of).await,
        }
        Ok(Flow::Next)
    }

    /// Steps that hold others.
    async fn structured(&self, verb: &str, step: &Value, of: &Value) -> Result<Flow> {
        let branch = |holds: bool| self.running(&step[if holds { "then" } else { "else" }]);
        match verb {
            "scope" => self.scope(step, of).await,
            "shielded" => self.shielded(of).await,
            "try" => self.attempt(step, of).await,
            "saga" => self.saga(step, of).await,
            "if" => branch(self.holds(of)).await,
            "patched" => branch(self.ctx.patched(of.as_str().unwrap_or_default())).await,
            "repeat" => {
                for index in 0..self.value(of).as_u64().unwrap_or_default() {
                    let steps = self.with("i", Value::from(index)).running(&step["do"]);
                    if let Flow::Return(value) = steps.await? {
                        return Ok(Flow::Return(value));
                    }
                }
                Ok(Flow::Next)
            }
            other => unreachable!("`{other}` is a step"),
        }
    }

    /// Sets each variable to what is made of its old value and the one that is written.
    fn change(&self, fields: &Value, change: impl Fn(Value, Value) -> Value) {
        for (name, written) in fields.as_object().into_iter().flatten() {
            let changed = change(self.variable(name), self.value(written));
            self.set(name, changed);
        }
    }

    async fn activity(&self, step: &Value, activity_type: &str, is_local: bool) -> Result<()> {
        let ctx = self.ctx.with_activity_options(self.activity_options(&step["options"]));
        let mut call = ctx.activity::<Value>(activity_type, Values(self.values(&step["input"])));
        if is_local {
            call = call.local();
        }
        let result = call.await?;
        self.keep(step, result);
        Ok(())
    }

    async fn sleep(&self, step: &Value, milliseconds: &Value) -> Result<()> {
        let sleep = self.ctx.sleep(span(milliseconds).unwrap_or_default());
        match step["summary"].as_str() {
            Some(summary) => sleep.summary(summary).await?,
            None => sleep.await?,
        }
        Ok(())
    }

    async fn wait(&self, step: &Value, condition: &Value) -> Result<()> {
        let waiting = self.ctx.wait_until(|_| self.holds(condition));
        let held = match span(&step["timeout_ms"]) {
            Some(timeout) => waiting.timeout(timeout).await?,
            None => waiting.await.map(|()| true)?,
        };
        self.keep(step, Value::Bool(held));
        Ok(())
    }

    fn continue_as_new(&self, step: &Value, of: &Value) -> Result<Flow> {
        let program = match &of["program"] {
            Value::Null => (*self.program).clone(),
            // A program is no VALUE: its own variables are those of the new run.
            program => program.clone(),
        };
        let story = json!({"input": self.value(&of["input"]), "program": program});
        self.ctx
            .continue_as_new_with((story,), self.continue_options(&step["options"]))
    }

    // === Handlers ===

    async fn on_signal(&self, step: &Value, name: &str) {
        let (frame, steps) = (self.clone(), step["do"].clone());
        self.ctx.on_async_signal(name, async move |_ctx, signal: Value| {
            frame.with("signal", signal).running(&steps).await.map(drop)
        });
        let_others_go().await;
    }

    fn on_query(&self, step: &Value, name: &str) {
        let (frame, answer) = (self.clone(), step["answer"].clone());
        self.ctx.on_query(name, move |_: &State, question: Value| {
            frame.with("query", question).value(&answer)
        });
    }

    fn on_update(&self, step: &Value, name: &str) {
        let (frame, step, refuse_unless) = (self.clone(), step.clone(), step["refuse_unless"].clone());
        let validator = self.clone();
        let registration = self.ctx.on_async_update(name, async move |_ctx, update: Value| {
            let frame = frame.with("update", update);
            frame.running(&step["do"]).await?;
            Ok(frame.value(&step["answer"]))
        });
        registration.validator(move |_, update: &Value| {
            let frame = validator.with("update", update.clone());
            if refuse_unless.is_null() || frame.holds(&refuse_unless) {
                return Ok(());
            }
            Err(Error::application("Refused", "refused"))
        });
    }
}

fn appended(list: Value, value: Value) -> Value {
    let mut list = list.as_array().cloned().unwrap_or_default();
    list.push(value);
    Value::from(list)
}
