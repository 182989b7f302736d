//! Updates: requests that change the run and wait for an answer.
//!
//! ```text
//! (none)   --Acceptance--> Accepted
//! (none)   --Rejection---> (none): a rejected update leaves nothing in the history
//! (none)   --a reset-----> Admitted: the run before had accepted it, and the workflow is asked anew
//! Admitted --Acceptance--> Accepted
//! Admitted --Rejection---> (none)
//! Accepted --Response----> Completed
//! ```
//!
//! An update that nobody has answered yet is not part of the run: like a query it lives in memory, and is asked again by
//! its caller when the server goes away. The answers are messages of Temporal's update protocol, to which commands refer.

use prost::Message as _;
use wrt_model::{
    proto::{
        EventAttributes, Failure,
        command::ProtocolMessageCommandAttributes,
        enums::{UpdateAdmittedEventOrigin, WorkflowTaskFailedCause as Cause},
        history::{
            WorkflowExecutionUpdateAcceptedEventAttributes, WorkflowExecutionUpdateAdmittedEventAttributes,
            WorkflowExecutionUpdateCompletedEventAttributes,
        },
        protocol, update,
    },
    run::Update,
    update_id,
};

use crate::{
    Rejection, Turn,
    command::{CommandIds, bad},
};

/// The answer of a workflow to an update.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Accept(update::Acceptance),
    Reject(update::Rejection),
    Respond(update::Response),
}

impl Answer {
    pub(crate) fn of(message: &protocol::Message) -> Result<Self, Rejection> {
        let wrong = |text: String| bad(Cause::BadUpdateWorkflowExecutionMessage, text);
        let body = message
            .body
            .as_ref()
            .ok_or_else(|| wrong(format!("message {} has no body", message.id)))?;
        let kind = body.type_url.rsplit('/').next().unwrap_or_default();
        let answer = match kind {
            "temporal.api.update.v1.Acceptance" => {
                update::Acceptance::decode(body.value.as_slice()).map(Answer::Accept)
            }
            "temporal.api.update.v1.Rejection" => update::Rejection::decode(body.value.as_slice()).map(Answer::Reject),
            "temporal.api.update.v1.Response" => update::Response::decode(body.value.as_slice()).map(Answer::Respond),
            other => return Err(wrong(format!("message {} is of the unknown type {other}", message.id))),
        };
        answer.map_err(|error| wrong(format!("message {} cannot be read: {error}", message.id)))
    }
}

/// True when the message turns an update away.
pub(crate) fn is_rejection(message: &protocol::Message) -> bool {
    matches!(Answer::of(message), Ok(Answer::Reject(_)))
}

/// The messages that came with the commands of a workflow task, by their ids.
pub(crate) struct Messages(Vec<protocol::Message>);

impl Messages {
    pub(crate) fn new(messages: Vec<protocol::Message>) -> Self {
        Messages(messages)
    }

    pub(crate) fn find(&self, message_id: &str) -> Option<&protocol::Message> {
        self.0.iter().find(|message| message.id == message_id)
    }

    /// The size of what the message of this id says.
    pub(crate) fn body_bytes(&self, message_id: &str) -> usize {
        let body = self.find(message_id).and_then(|message| message.body.as_ref());
        body.map_or(0, |body| body.value.len())
    }
}

impl Turn<'_> {
    pub(crate) fn check_message(
        &self,
        command: &ProtocolMessageCommandAttributes,
        messages: &Messages,
        ids: &mut CommandIds,
    ) -> Result<(), Rejection> {
        let wrong = |text: String| Err(bad(Cause::BadUpdateWorkflowExecutionMessage, text));
        let Some(message) = messages.find(&command.message_id) else {
            return wrong(format!(
                "a command names message {}, which did not come",
                command.message_id
            ));
        };
        let id = &message.protocol_instance_id;
        let known = self.run.updates.get(id).filter(|update| update.is_accepted());
        match Answer::of(message)? {
            Answer::Accept(acceptance) if acceptance.accepted_request.is_none() => {
                wrong(format!("the acceptance of update {id} does not repeat the request"))
            }
            Answer::Accept(_) if known.is_some() || !ids.accepted_updates.insert(id.clone()) => {
                wrong(format!("update {id} was accepted before"))
            }
            Answer::Respond(_) if known.is_some_and(|update| update.completed_event_id != 0) => {
                wrong(format!("update {id} has completed before"))
            }
            Answer::Respond(_) if known.is_none() && !ids.accepted_updates.contains(id) => {
                wrong(format!("update {id} was not accepted"))
            }
            Answer::Respond(_) if !ids.completed_updates.insert(id.clone()) => {
                wrong(format!("update {id} has completed before"))
            }
            Answer::Accept(_) | Answer::Respond(_) | Answer::Reject(_) => Ok(()),
        }
    }

    /// Carries out a command that refers to a message, which has been checked.
    pub(crate) fn answer_update(&mut self, command: &ProtocolMessageCommandAttributes, messages: &Messages) {
        let message = messages.find(&command.message_id).expect("the command was checked");
        let id = message.protocol_instance_id.clone();
        match Answer::of(message).expect("the message was checked") {
            Answer::Accept(acceptance) => self.accept_update(id, acceptance),
            Answer::Respond(response) => self.complete_update(&id, response),
            Answer::Reject(_) => {}
        }
    }

    /// The updates that were turned away, and why.
    pub(crate) fn reject_updates(&mut self, messages: &Messages) {
        for message in &messages.0 {
            if let Ok(Answer::Reject(rejection)) = Answer::of(message) {
                let failure: Failure = rejection.failure.unwrap_or_default();
                let id = message.protocol_instance_id.clone();
                self.transition.rejected_updates.push((id, failure));
            }
        }
    }

    /// Brings an update again that the run before a reset had accepted.
    pub(crate) fn admit_update(&mut self, request: update::Request) {
        let id = update_id(&request).to_owned();
        if self.run.updates.contains_key(&id) {
            return;
        }
        let admitted_event_id = self.append(EventAttributes::WorkflowExecutionUpdateAdmittedEventAttributes(
            WorkflowExecutionUpdateAdmittedEventAttributes {
                request: Some(request),
                origin: UpdateAdmittedEventOrigin::Reapply as i32,
            },
        ));
        self.update_admitted_by(id, admitted_event_id);
    }

    /// Notes the event that has brought an update again.
    pub(crate) fn update_admitted_by(&mut self, id: String, admitted_event_id: i64) {
        let update = Update {
            admitted_event_id,
            ..Default::default()
        };
        self.run.updates.insert(id, update);
    }

    /// Forgets the updates that were brought again and that the task with this `started` event has not accepted.
    pub(crate) fn drop_rejected_updates(&mut self, started_event_id: i64) {
        self.run
            .updates
            .retain(|_, update| update.is_accepted() || update.admitted_event_id > started_event_id);
    }

    /// What a reset has brought again is in the history already, and is not repeated by the event that accepts it.
    fn accept_update(&mut self, id: String, acceptance: update::Acceptance) {
        let admitted_event_id = self.run.updates.get(&id).map_or(0, |update| update.admitted_event_id);
        let (sequencing_event_id, accepted_request) = match admitted_event_id {
            0 => (
                acceptance.accepted_request_sequencing_event_id,
                acceptance.accepted_request,
            ),
            admitted_event_id => (admitted_event_id, None),
        };
        let accepted_event_id = self.append(EventAttributes::WorkflowExecutionUpdateAcceptedEventAttributes(
            WorkflowExecutionUpdateAcceptedEventAttributes {
                protocol_instance_id: id.clone(),
                accepted_request_message_id: acceptance.accepted_request_message_id,
                accepted_request_sequencing_event_id: sequencing_event_id,
                accepted_request,
            },
        ));
        let update = Update {
            accepted_event_id,
            completed_event_id: 0,
            admitted_event_id,
        };
        self.run.updates.insert(id, update);
    }

    fn complete_update(&mut self, id: &str, response: update::Response) {
        let accepted_event_id = self.run.updates.get(id).map_or(0, |update| update.accepted_event_id);
        let completed_event_id = self.append(EventAttributes::WorkflowExecutionUpdateCompletedEventAttributes(
            WorkflowExecutionUpdateCompletedEventAttributes {
                meta: response.meta,
                accepted_event_id,
                outcome: response.outcome,
            },
        ));
        if let Some(update) = self.run.updates.get_mut(id) {
            update.completed_event_id = completed_event_id;
        }
    }
}
