//! `wrt:workflow/update`: answers to updates, as messages of Temporal's update protocol.

use wasmtime::{Result, bail};
use wrt_model::{
    proto::{
        CommandAttributes, EventAttributes, HistoryEvent,
        command::ProtocolMessageCommandAttributes,
        protocol,
        update::{self, outcome},
    },
    update_id,
};

use super::{
    check,
    convert::payloads_from_wit,
    failure,
    ledger::{self, Ledger, Mode},
    state::RunState,
};
use crate::bindings::workflow::imports::{failures::Failure, types::Payload, update::Host};

impl Host for RunState {
    fn accept(&mut self, update_id: String) -> Result<()> {
        self.ledger.accept(&update_id)
    }

    fn reject(&mut self, update_id: String, reason: Failure) -> Result<()> {
        self.ledger.reject(&update_id, reason)
    }

    fn complete(&mut self, update_id: String, outcome: Result<Vec<Payload>, Failure>) -> Result<()> {
        self.ledger.complete(&update_id, outcome)
    }
}

impl Ledger {
    /// Remembers the updates that a reset has brought again: the events that accept them do not repeat them.
    pub(crate) fn admit_updates(&mut self, happened: &[&HistoryEvent]) {
        for event in happened {
            if let Some(EventAttributes::WorkflowExecutionUpdateAdmittedEventAttributes(admitted)) = &event.attributes
                && let Some(request) = &admitted.request
            {
                self.admitted.insert(update_id(request).to_owned(), request.clone());
            }
        }
    }

    /// The updates that a completed task has accepted, in the order in which it did.
    pub(crate) fn accepted_updates(&mut self, commands: &[&HistoryEvent]) -> Vec<update::Request> {
        let accepted = commands.iter().filter_map(|event| match &event.attributes {
            Some(EventAttributes::WorkflowExecutionUpdateAcceptedEventAttributes(event)) => {
                let admitted = self.admitted.remove(&event.protocol_instance_id);
                event.accepted_request.clone().or(admitted)
            }
            _ => None,
        });
        accepted.collect()
    }

    fn accept(&mut self, id: &str) -> Result<()> {
        let request = self.take_update(id)?;
        self.accepted.insert(id.to_owned(), request.meta.clone());
        let acceptance = update::Acceptance {
            accepted_request_message_id: format!("{id}/request"),
            accepted_request: Some(request),
            ..Default::default()
        };
        self.answer(id, "accept", &acceptance, |event| match event {
            EventAttributes::WorkflowExecutionUpdateAcceptedEventAttributes(event) => {
                Some(check::same("update", &event.protocol_instance_id.as_str(), &id))
            }
            _ => None,
        })
    }

    /// A rejection is no command: the activation is repeated without the update, so that nothing is left of it.
    fn reject(&mut self, id: &str, reason: Failure) -> Result<()> {
        let request = self.take_update(id)?;
        match self.mode {
            Mode::Collect(_) => {}
            Mode::Compare(_) => return Err(check::rejected(id).into()),
            Mode::Refuse(during) => bail!("{during} must not change the run, but it rejected update {id}"),
        }
        let rejection = update::Rejection {
            rejected_request_message_id: format!("{id}/request"),
            rejected_request: Some(request),
            failure: failure::from_wit(reason),
            ..Default::default()
        };
        self.rejections.push(message(id, "reject", &rejection));
        Ok(())
    }

    fn complete(&mut self, id: &str, outcome: Result<Vec<Payload>, Failure>) -> Result<()> {
        let Some(meta) = self.accepted.remove(id) else {
            bail!("update.complete: no update {id:?} was accepted that has not completed");
        };
        let value = match outcome {
            Ok(output) => outcome::Value::Success(payloads_from_wit(output).unwrap_or_default()),
            Err(reason) => outcome::Value::Failure(failure::from_wit(reason).unwrap_or_default()),
        };
        let response = update::Response {
            meta,
            outcome: Some(update::Outcome { value: Some(value) }),
        };
        let outcome = response.outcome.clone();
        self.answer(id, "complete", &response, |event| match event {
            EventAttributes::WorkflowExecutionUpdateCompletedEventAttributes(event) => {
                let completed = event.meta.as_ref().map_or("", |meta| &meta.update_id);
                Some(
                    check::same("update", &completed, &id)
                        .and_then(|()| check::same("outcome", &event.outcome, &outcome)),
                )
            }
            _ => None,
        })
    }

    /// Updates are answered in the order in which they came, so that a replay can bring them in the same order.
    fn take_update(&mut self, id: &str) -> Result<update::Request> {
        match self.updates.front() {
            Some(next) if update_id(next) == id => Ok(self.updates.pop_front().expect("it is the first one")),
            Some(next) => bail!(
                "update {id:?} was answered before update {:?}, which came first",
                update_id(next)
            ),
            None => bail!("this activation did not bring the update {id:?}"),
        }
    }

    fn answer<M: prost::Name>(
        &mut self,
        id: &str,
        verb: &str,
        body: &M,
        differing: impl FnOnce(&EventAttributes) -> check::Comparison,
    ) -> Result<()> {
        let message = message(id, verb, body);
        let command = ledger::command(
            CommandAttributes::ProtocolMessageCommandAttributes(ProtocolMessageCommandAttributes {
                message_id: message.id.clone(),
            }),
            None,
        );
        let issued = format!("ProtocolMessage ({verb} update `{id}`)");
        self.issue_as(command, issued, |_, event| differing(event))?;
        if matches!(self.mode, Mode::Collect(_)) {
            self.messages.push(message);
        }
        Ok(())
    }
}

fn message<M: prost::Name>(id: &str, verb: &str, body: &M) -> protocol::Message {
    protocol::Message {
        id: format!("{id}/{verb}"),
        protocol_instance_id: id.to_owned(),
        body: Some(prost_types::Any {
            type_url: M::type_url(),
            value: body.encode_to_vec(),
        }),
        ..Default::default()
    }
}
