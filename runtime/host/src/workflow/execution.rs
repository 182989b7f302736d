//! `wrt:workflow/execution`: the end of the run.

use wasmtime::{Result, error::Context};
use wrt_model::proto::{
    CommandAttributes,
    command::{
        CancelWorkflowExecutionCommandAttributes, CompleteWorkflowExecutionCommandAttributes,
        FailWorkflowExecutionCommandAttributes,
    },
};

use super::{convert::payloads_from_wit, failure, state::RunState};
use crate::bindings::workflow::imports::{execution::Host, failures::Failure, types::Payload};

impl Host for RunState {
    fn complete(&mut self, output: Vec<Payload>) -> Result<()> {
        let attributes = CompleteWorkflowExecutionCommandAttributes {
            result: payloads_from_wit(output),
        };
        self.ledger.close(
            CommandAttributes::CompleteWorkflowExecutionCommandAttributes(attributes),
            "execution.complete",
        )
    }

    fn fail(&mut self, failure: Failure) -> Result<()> {
        let failure = failure::from_wit(failure).context("execution.fail: a failure needs at least one link")?;
        let attributes = FailWorkflowExecutionCommandAttributes { failure: Some(failure) };
        self.ledger.close(
            CommandAttributes::FailWorkflowExecutionCommandAttributes(attributes),
            "execution.fail",
        )
    }

    fn cancel(&mut self, details: Vec<Payload>) -> Result<()> {
        let attributes = CancelWorkflowExecutionCommandAttributes {
            details: payloads_from_wit(details),
        };
        self.ledger.close(
            CommandAttributes::CancelWorkflowExecutionCommandAttributes(attributes),
            "execution.cancel",
        )
    }
}
