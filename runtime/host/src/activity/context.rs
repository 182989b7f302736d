//! `wrt:activity/context`: what an attempt asks and tells while it runs.

use wasmtime::Result;

use super::{convert::payloads_from_wit, state::AttemptState};
use crate::bindings::activity::imports::{
    context::Host,
    types::{self, Payload},
};

impl Host for AttemptState {
    fn heartbeat(&mut self, details: Vec<Payload>) -> Result<bool> {
        if let Some(control) = &self.control {
            control.heartbeat.send_replace(payloads_from_wit(details));
        }
        self.is_cancel_requested()
    }

    fn is_cancel_requested(&mut self) -> Result<bool> {
        Ok(self.control.as_ref().is_some_and(|control| *control.cancel.borrow()))
    }
}

impl types::Host for AttemptState {}
