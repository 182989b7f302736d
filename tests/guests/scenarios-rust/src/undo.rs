//! Sagas.

use std::{cell::RefCell, rc::Rc};

use serde_json::Value;
use wrt_sdk::{Result, Saga, SagaOptions};

use crate::program::{Flow, Frame};

impl Frame {
    /// The error that began the undoing goes on, however the undoing ends.
    pub(crate) async fn saga(&self, step: &Value, steps: &Value) -> Result<Flow> {
        let options = SagaOptions::new()
            .parallel(step["parallel"] == true)
            .continue_on_error(step["continue_on_error"] == true);
        let saga = Rc::new(RefCell::new(Some(Saga::with_options(&self.ctx, options))));
        let within = Frame {
            saga: Some(saga.clone()),
            ..self.clone()
        };
        match within.running(steps).await {
            Err(error) if !error.is_continue_as_new() => {
                let failure = error.failure().clone();
                if let Some(saga) = saga.take() {
                    let _ = saga.compensate(error).await;
                }
                Err(failure.into())
            }
            outcome => outcome,
        }
    }

    pub(crate) fn compensate(&self, steps: &Value) {
        let (frame, steps) = (self.clone(), steps.clone());
        let saga = self.saga.as_ref().expect("`compensate` stands in a saga");
        if let Some(saga) = &*saga.borrow() {
            saga.compensation(async move |shielded| frame.within(&shielded).running(&steps).await.map(drop));
        }
    }
}
