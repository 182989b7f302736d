//! Signals.

use wrt_model::{
    proto::{EventAttributes, Header, Payloads, history::WorkflowExecutionSignaledEventAttributes},
    run::TakenSignal,
};

use crate::{Rejection, Turn};

/// A signal as its sender gave it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signal {
    /// The name that the workflow handles it by.
    pub name: String,
    /// Its arguments.
    pub input: Option<Payloads>,
    /// The sender.
    pub identity: String,
    /// What travels beside the arguments.
    pub header: Option<Header>,
    /// The same request again is taken once. Empty: every request counts.
    pub request_id: String,
}

impl Turn<'_> {
    /// Somebody signals the run. It waits with the first workflow task while that is delayed.
    pub fn signal(&mut self, signal: Signal) -> Result<(), Rejection> {
        self.take_signal(signal).map(drop)
    }

    /// Somebody who would have started the run signals it: the first workflow task does not wait any longer.
    pub fn signal_instead_of_start(&mut self, signal: Signal) -> Result<(), Rejection> {
        if self.take_signal(signal)? {
            self.end_start_delay();
        }
        Ok(())
    }

    /// False when the same request has brought the signal before, whatever has become of the run since.
    fn take_signal(&mut self, signal: Signal) -> Result<bool, Rejection> {
        if !signal.request_id.is_empty() && self.run.taken_signals.contains_key(&signal.request_id) {
            return Ok(false);
        }
        self.check_open()?;
        if self.run.signal_count >= self.limits.signals_per_execution {
            return Err(Rejection::SignalsLimitExceeded);
        }
        self.append_signal(signal);
        self.ensure_workflow_task();
        Ok(true)
    }

    pub(crate) fn append_signal(&mut self, signal: Signal) {
        self.count_signal(&signal.request_id);
        let external_workflow_execution = self.asker.take().map(|(execution, _)| execution);
        self.append_outside(EventAttributes::WorkflowExecutionSignaledEventAttributes(
            WorkflowExecutionSignaledEventAttributes {
                signal_name: signal.name,
                input: signal.input,
                identity: signal.identity,
                header: signal.header,
                request_id: signal.request_id,
                external_workflow_execution,
                ..Default::default()
            },
        ));
    }

    pub(crate) fn count_signal(&mut self, request_id: &str) {
        self.run.signal_count += 1;
        if !request_id.is_empty() {
            self.run.taken_signals.insert(request_id.to_owned(), TakenSignal {});
        }
    }
}
