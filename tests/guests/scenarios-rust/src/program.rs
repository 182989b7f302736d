//! Lists of steps, and where they run.

use std::{cell::RefCell, future::Future, pin::Pin, rc::Rc};

use serde_json::Value;
use wrt_sdk::{Context, Failure, Result, Saga};

use crate::{Run, value};

/// How a list of steps ended, if not with an error.
#[derive(Debug)]
pub(crate) enum Flow {
    /// The next step follows.
    Next,
    /// A `return` ends the program.
    Return(Value),
}

/// Steps that are at work.
pub(crate) type Running = Pin<Box<dyn Future<Output = Result<Flow>>>>;

/// Where a list of steps runs: its scope, and the names that only it knows.
#[derive(Clone)]
pub(crate) struct Frame {
    /// The run, with the scope that the steps belong to.
    pub(crate) ctx: Run,
    pub(crate) program: Rc<Value>,
    pub(crate) names: Rc<Vec<(&'static str, Value)>>,
    /// What `rethrow` throws.
    pub(crate) caught: Option<Rc<Failure>>,
    /// What `compensate` adds to.
    pub(crate) saga: Option<Rc<RefCell<Option<Saga>>>>,
}

impl Frame {
    pub(crate) fn new(ctx: Run, program: &Value) -> Self {
        Frame {
            ctx,
            program: Rc::new(program.clone()),
            names: Rc::default(),
            caught: None,
            saga: None,
        }
    }

    /// The same with another scope.
    pub(crate) fn within(&self, scope: &Context) -> Self {
        Frame {
            ctx: self.ctx.within(scope),
            ..self.clone()
        }
    }

    /// The same with a name that only its steps know.
    pub(crate) fn with(&self, name: &'static str, value: Value) -> Self {
        let mut names = (*self.names).clone();
        names.push((name, value));
        Frame {
            names: Rc::new(names),
            ..self.clone()
        }
    }

    /// The same with an error that was caught.
    pub(crate) fn catching(&self, failure: &Failure, error: Value) -> Self {
        Frame {
            caught: Some(Rc::new(failure.clone())),
            ..self.with("error", error)
        }
    }

    // === Variables ===

    /// A variable; null when it was never set.
    pub(crate) fn variable(&self, name: &str) -> Value {
        let own = self.names.iter().rev().find(|(own, _)| *own == name);
        if let Some((_, value)) = own {
            return value.clone();
        }
        let variable = self.ctx.state(|state| state.variables.get(name).cloned());
        variable.unwrap_or_default()
    }

    /// A VALUE of the program with its variables filled in.
    pub(crate) fn value(&self, written: &Value) -> Value {
        value::evaluate(written, &|name| self.variable(name))
    }

    /// The VALUEs of a list.
    pub(crate) fn values(&self, written: &Value) -> Vec<Value> {
        written
            .as_array()
            .into_iter()
            .flatten()
            .map(|value| self.value(value))
            .collect()
    }

    pub(crate) fn set(&self, name: &str, value: Value) {
        self.ctx
            .state_mut(|state| state.variables.insert(name.to_owned(), value));
    }

    /// Keeps the outcome of a step, if the step says where.
    pub(crate) fn keep(&self, step: &Value, outcome: Value) {
        if let Some(name) = step["into"].as_str() {
            self.set(name, outcome);
        }
    }

    // === Running ===

    /// Runs the steps one after the other.
    pub(crate) async fn run(&self, steps: &Value) -> Result<Flow> {
        for step in steps.as_array().into_iter().flatten() {
            if let Flow::Return(value) = self.step(step).await? {
                return Ok(Flow::Return(value));
            }
        }
        Ok(Flow::Next)
    }

    /// The steps as a future of their own.
    pub(crate) fn running(&self, steps: &Value) -> Running {
        let (frame, steps) = (self.clone(), steps.clone());
        Box::pin(async move { frame.run(&steps).await })
    }
}
