//! `wrt:workflow/timer`: durable waiting.

use wasmtime::Result;

use super::{convert::duration_from_wit, state::RunState};
use crate::bindings::workflow::imports::{timer::Host, types::Duration};

impl Host for RunState {
    fn start(&mut self, start_to_fire_timeout: Duration, summary: Option<String>) -> Result<u32> {
        self.ledger
            .start_timer(duration_from_wit(start_to_fire_timeout), summary)
    }

    fn cancel(&mut self, seq: u32) -> Result<()> {
        self.ledger.cancel_timer(seq)
    }
}
