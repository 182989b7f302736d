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
    /// Somebody signals the run.
    ///
    /// A signal makes the first workflow task of a delayed start available at once, as Temporal's API documents for
    /// `workflow_start_delay`; the wait of a run that follows another one it does not shorten.
    pub fn signal(&mut self, signal: Signal) -> Result<(), Rejection> {
        self.check_open()?;
        if !signal.request_id.is_empty() && self.run.taken_signals.contains_key(&signal.request_id) {
            return Ok(());
        }
        if self.run.signal_count >= self.limits.signals_per_execution {
            return Err(Rejection::SignalsLimitExceeded);
        }
        self.append_signal(signal);
        if self.run.first_execution_run_id == self.run.run_id {
            self.end_start_delay();
        }
        self.ensure_workflow_task();
        Ok(())
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
