//! `wrt:workflow/timer`: durable waiting.

use wasmtime::{Result, bail};
use wrt_model::proto::{
    CommandAttributes,
    command::{CancelTimerCommandAttributes, StartTimerCommandAttributes},
};

use super::{
    convert::duration_from_wit,
    ledger::{Ledger, OpenKind},
    state::RunState,
};
use crate::bindings::workflow::imports::{timer::Host, types::Duration};

impl Host for RunState {
    fn start(&mut self, start_to_fire_timeout: Duration, summary: Option<String>) -> Result<u32> {
        let attributes = StartTimerCommandAttributes {
            timer_id: self.ledger.next_seq.to_string(),
            start_to_fire_timeout: Some(duration_from_wit(start_to_fire_timeout)),
        };
        self.ledger.open(
            CommandAttributes::StartTimerCommandAttributes(attributes),
            summary,
            OpenKind::Timer,
        )
    }

    fn cancel(&mut self, seq: u32) -> Result<()> {
        self.ledger.cancel_timer(seq)
    }
}

impl Ledger {
    /// Does nothing when the timer has fired or was canceled.
    fn cancel_timer(&mut self, seq: u32) -> Result<()> {
        let started_event_id = match self.open_by_seq(seq)? {
            None => return Ok(()),
            Some((event_id, OpenKind::Timer)) => event_id,
            Some(_) => bail!("timer.cancel: command {seq} is not a timer"),
        };
        self.resolve(started_event_id);
        let attributes = CancelTimerCommandAttributes {
            timer_id: seq.to_string(),
        };
        self.issue(CommandAttributes::CancelTimerCommandAttributes(attributes), None)
            .map(drop)
    }
}
