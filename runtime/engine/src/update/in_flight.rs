//! Updates that the workflow has not answered, beside their run.

use std::collections::HashSet;

use wrt_machine::Rejection;
use wrt_model::{
    Limits, Run, failure,
    proto::{EventAttributes, Failure, update},
    update_id,
};

use super::{Answer, UpdateMessage, Wants};
use crate::{
    Engine, EngineError,
    lane::{HotRun, Lane, Step},
};

/// From this attempt on, a workflow task counts as failing, and takes no further update.
const FAILING_ATTEMPT: i32 = 3;

impl Lane {
    /// Brings an update to the run: one that it knows is answered at once, another one with the next workflow task.
    pub(crate) async fn receive_update(&mut self, message: UpdateMessage, step: &mut Step) {
        let current = self.current.as_mut();
        let run = current.filter(|run| message.run_id.is_empty() || run.run.run_id == message.run_id);
        let Some(run) = run else {
            let past = self.engine.past_run(&self.key, &message.run_id).await;
            let answer = past.and_then(|past| message.answered_by_closed(&past.run));
            step.answer(message.reply, answer);
            return;
        };
        match run.answer_update(&message) {
            Some(answer) => step.answer(message.reply, answer),
            None => run.updates.push(run.joined(message)),
        }
    }
}

impl UpdateMessage {
    /// The id of the update.
    pub(super) fn id(&self) -> &str {
        update_id(&self.request)
    }

    fn answered_by_closed(&self, run: &Run) -> Result<Answer, EngineError> {
        self.check_chain(run)?;
        match self.wants {
            Wants::Update => known(run, self.id(), Rejection::WorkflowClosed.into()),
            Wants::Answer | Wants::Stage => known(run, self.id(), EngineError::UpdateNotFound(self.id().to_owned())),
        }
    }

    fn check_chain(&self, run: &Run) -> Result<(), Rejection> {
        match self.first_run_id.is_empty() || self.first_run_id == run.first_execution_run_id {
            true => Ok(()),
            false => Err(Rejection::OtherChain),
        }
    }
}

impl HotRun {
    /// What can be said to an update at once.
    fn answer_update(&self, message: &UpdateMessage) -> Option<Result<Answer, EngineError>> {
        let id = message.id();
        if !self.run.is_open() {
            return Some(message.answered_by_closed(&self.run));
        }
        if message.wants == Wants::Update
            && let Err(refusal) = self.check_update(message)
        {
            return Some(Err(refusal));
        }
        if self.run.has_accepted(id) {
            return Some(Ok(Answer::Accepted(self.run.key())));
        }
        match message.wants {
            Wants::Stage if self.waits_for_update(id) => Some(Ok(Answer::Admitted(self.run.key()))),
            _ if self.waits_for_update(id) => None,
            Wants::Update => self.too_many_updates().map(Err),
            Wants::Answer | Wants::Stage => Some(Err(EngineError::UpdateNotFound(id.to_owned()))),
        }
    }

    /// Whether the open run takes updates at all.
    fn check_update(&self, message: &UpdateMessage) -> Result<(), EngineError> {
        message.check_chain(&self.run)?;
        if self.run.is_paused() {
            let paused = "Workflow is paused. Cannot update the workflow.";
            return Err(EngineError::FailedPrecondition(paused.to_owned()));
        }
        let task = self.run.workflow_task.as_ref();
        match task.is_some_and(|task| task.attempt >= FAILING_ATTEMPT) {
            true => Err(EngineError::WorkflowNotReady(
                "Unable to perform workflow execution update due to Workflow Task in failed state.".to_owned(),
            )),
            false => Ok(()),
        }
    }

    /// True for an update that the workflow has to decide about.
    pub(super) fn waits_for_update(&self, id: &str) -> bool {
        self.is_brought_again(id) || self.updates.iter().any(|update| update.id() == id)
    }

    /// True for an update that a reset has brought to this run, and that the workflow has not accepted: it is in the
    /// history.
    fn is_brought_again(&self, id: &str) -> bool {
        self.run.updates.get(id).is_some_and(|update| !update.is_accepted())
    }

    /// A caller whose update is there already waits for the answer to that.
    fn joined(&self, message: UpdateMessage) -> UpdateMessage {
        let first = self.updates.iter().find(|update| update.id() == message.id());
        match first {
            Some(first) => UpdateMessage {
                run_id: first.run_id.clone(),
                request: first.request.clone(),
                is_sent: first.is_sent,
                ..message
            },
            None => message,
        }
    }

    /// The updates that are to be put before the workflow, in order. Several callers may wait for one.
    pub(crate) fn unanswered_updates(&self) -> impl Iterator<Item = &update::Request> {
        let mut ids = HashSet::new();
        let requests = self.updates.iter().map(|update| &update.request);
        requests.filter(move |request| {
            let id = update_id(request);
            !self.is_brought_again(id) && ids.insert(id)
        })
    }

    fn too_many_updates(&self) -> Option<EngineError> {
        let accepted = self.run.updates.values();
        let open = accepted.filter(|update| update.completed_event_id == 0).count() + self.unanswered_updates().count();
        let Limits {
            in_flight_updates,
            total_updates,
            ..
        } = self.limits;
        if open as u64 >= in_flight_updates {
            return Some(EngineError::ResourceExhausted(format!(
                "limit on number of concurrent in-flight updates has been reached ({in_flight_updates})"
            )));
        }
        (self.run.updates.len() as u64 >= total_updates).then(|| {
            EngineError::FailedPrecondition(format!(
                "limit on number of total updates has been reached ({total_updates}): continue the workflow as new"
            ))
        })
    }

    /// Turns those away that went with the workflow task and that the worker has said nothing about.
    pub(crate) fn reject_unprocessed_updates(&mut self) {
        let decided = |id: &str| {
            let mut rejected = self.pending.rejected_updates.iter();
            self.run.has_accepted(id) || rejected.any(|(rejected, _)| rejected == id)
        };
        let sent = self.updates.iter().filter(|update| update.is_sent);
        let ids = sent.map(|update| update_id(&update.request)).filter(|id| !decided(id));
        let unprocessed: Vec<_> = ids.map(|id| (id.to_owned(), unprocessed())).collect();
        self.pending.rejected_updates.extend(unprocessed);
    }

    /// Lets those go to a worker again that it has not decided about.
    pub(crate) fn return_updates(&mut self) {
        for update in &mut self.updates {
            update.is_sent = false;
        }
    }

    /// The updates that a reset has brought to this run, and that the workflow has not answered.
    pub(crate) async fn admitted_updates(&mut self, engine: &Engine) -> Result<Vec<update::Request>, EngineError> {
        let waiting = self.run.updates.values().filter(|update| !update.is_accepted());
        let mut event_ids: Vec<i64> = waiting.map(|update| update.admitted_event_id).collect();
        event_ids.sort_unstable();
        let mut requests = Vec::with_capacity(event_ids.len());
        for event_id in event_ids {
            let event = match self.event(event_id) {
                Some(event) => event,
                None => engine.stored_event(&self.run.key(), event_id).await?,
            };
            if let Some(EventAttributes::WorkflowExecutionUpdateAdmittedEventAttributes(admitted)) = event.attributes {
                requests.extend(admitted.request);
            }
        }
        Ok(requests)
    }

    /// Answers those that the workflow has decided about, or cannot decide about any more because the run has closed.
    pub(crate) fn answer_updates(&mut self, step: &mut Step) {
        let rejected = std::mem::take(&mut self.pending.rejected_updates);
        let continues = self.pending.continuation.is_some();
        for message in std::mem::take(&mut self.updates) {
            let id = update_id(&message.request);
            // The run that follows may take it.
            let may_come = self.run.is_open() || (continues && message.run_id.is_empty());
            let rejection = rejected.iter().find(|(rejected, _)| rejected == id);
            if let Some((_, failure)) = rejection {
                let answer = Answer::Rejected(self.run.key(), Box::new(failure.clone()));
                step.answer(message.reply, Ok(answer));
            } else if self.run.has_accepted(id) || !may_come {
                let answer = known(&self.run, id, Rejection::UpdateAborted.into());
                step.answer(message.reply, answer);
            } else {
                self.updates.push(message);
            }
        }
    }
}

/// What a run says to an update that it knows.
fn known(run: &Run, id: &str, otherwise: EngineError) -> Result<Answer, EngineError> {
    match run.has_accepted(id) {
        true => Ok(Answer::Accepted(run.key())),
        false => Err(otherwise),
    }
}

/// What the caller hears of an update that its worker has not understood.
fn unprocessed() -> Failure {
    failure::application(
        "Workflow Update is rejected because it wasn't processed by worker. Probably, Workflow Update is not supported by \
         the worker.",
        "UnprocessedUpdate",
        true,
    )
}
