//! Steps in a scope of their own, and steps that fail.

use serde_json::Value;
use wrt_sdk::{CancellationScope, Result, select};

use crate::{
    failure,
    options::span,
    program::{Flow, Frame},
    race::let_others_go,
};

/// What a cancellation that a program asks for gives as its reason.
const REASON: &str = "canceled by the program";

impl Frame {
    pub(crate) async fn scope(&self, step: &Value, steps: &Value) -> Result<Flow> {
        let scope = self.ctx.cancellation_scope();
        self.name_scope(step, &scope);
        let mut body = self.within(&scope).running(steps);
        let Some(timeout) = span(&step["timeout_ms"]) else {
            return body.await;
        };
        let mut timer = self.ctx.sleep(timeout).started();
        let timed_out = select! {
            outcome = &mut body => return outcome,
            timed_out = &mut timer => timed_out.is_ok(),
        };
        if timed_out {
            scope.cancel("the scope has timed out");
        }
        body.await
    }

    pub(crate) async fn shielded(&self, steps: &Value) -> Result<Flow> {
        self.within(&self.ctx.shielded()).running(steps).await
    }

    pub(crate) fn name_scope(&self, step: &Value, scope: &CancellationScope) {
        if let Some(name) = step["as"].as_str() {
            self.ctx
                .state_mut(|state| state.scopes.insert(name.to_owned(), scope.clone()));
        }
    }

    pub(crate) async fn cancel_scope(&self, name: &str) {
        if let Some(scope) = self.ctx.state(|state| state.scopes.get(name).cloned()) {
            scope.cancel(REASON);
            let_others_go().await;
        }
    }

    /// To continue as new is no error that `catch` could see.
    pub(crate) async fn attempt(&self, step: &Value, steps: &Value) -> Result<Flow> {
        let mut outcome = self.running(steps).await;
        if let Err(error) = &outcome
            && !error.is_continue_as_new()
            && !step["catch"].is_null()
        {
            let caught = self.catching(error.failure(), failure::described(error.failure()));
            outcome = caught.running(&step["catch"]).await;
        }
        match self.running(&step["finally"]).await? {
            Flow::Next => outcome,
            ended => Ok(ended),
        }
    }
}
