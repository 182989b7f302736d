//! Resets: in one commit a workflow's current run ends, and another one begins from a point of its past.

use tokio::sync::oneshot;
use uuid::Uuid;
use wrt_machine::{Reapplied, Reset, Signal, WorkflowOptionsChange, reapplied};
use wrt_model::{
    Namespace, Run, RunKey,
    proto::{
        HistoryEvent,
        enums::{ResetReapplyExcludeType, ResetReapplyType, WorkflowExecutionStatus},
        workflow::post_reset_operation::Variant,
        workflowservice::ResetWorkflowExecutionRequest,
    },
};
use wrt_store::HistoryCopy;

use crate::{
    Engine, EngineError, clock,
    lane::{HotRun, Lane, Message, Step},
    signal::key_of,
};

/// A caller wants the workflow to go on from a point of its past.
pub(crate) struct ResetMessage {
    /// The run whose past it is; empty for the current one.
    base_run_id: String,
    /// What it brings follows what came after the point.
    reset: Reset,
    /// What came after the point and is not brought again.
    excluded: Excluded,
    pub(crate) reply: oneshot::Sender<Result<String, EngineError>>,
}

/// What a reset does not bring again.
#[derive(Clone, Copy, Debug)]
struct Excluded {
    signals: bool,
    updates: bool,
}

impl Engine {
    /// Resets a workflow, and returns the id of the run that goes on.
    pub async fn reset_workflow(
        &self,
        namespace: &Namespace,
        request: ResetWorkflowExecutionRequest,
    ) -> Result<String, EngineError> {
        let excluded = Excluded::of(&request);
        let (key, base_run_id) = key_of(namespace, request.workflow_execution);
        let operations = request.post_reset_operations.into_iter();
        let reset = Reset {
            run_id: Uuid::now_v7().to_string(),
            finish_event_id: request.workflow_task_finish_event_id,
            reason: request.reason,
            request_id: request.request_id,
            reapplied: operations
                .filter_map(|operation| Some(post_reset(operation.variant?, &request.identity)))
                .collect(),
            identity: request.identity,
            component: None,
        };
        let (reply, answer) = oneshot::channel();
        let message = ResetMessage {
            base_run_id,
            reset,
            excluded,
            reply,
        };
        self.send(&key, Message::Reset(Box::new(message)));
        answer.await.unwrap_or(Err(EngineError::ShuttingDown))
    }
}

impl Lane {
    pub(crate) async fn receive_reset(&mut self, message: ResetMessage, step: &mut Step) {
        let ResetMessage {
            base_run_id,
            reset,
            excluded,
            reply,
        } = message;
        let reset = self.reset(&base_run_id, reset, excluded, step).await;
        step.answer(reply, reset);
    }

    async fn reset(
        &mut self,
        base_run_id: &str,
        mut reset: Reset,
        excluded: Excluded,
        step: &mut Step,
    ) -> Result<String, EngineError> {
        let current = self.current.as_ref().map(|current| &current.run);
        let is_made_by = |run: &&Run| {
            // Runs that older servers have reset have it in the place of the start's.
            let is_reset = run.original_execution_run_id != run.run_id;
            let known = [&run.reset_request_id, &run.start_request_id];
            !reset.request_id.is_empty() && is_reset && known.contains(&&reset.request_id)
        };
        if let Some(run) = current.filter(is_made_by) {
            return Ok(run.run_id.clone());
        }
        let (base, events) = self.whole_run(base_run_id, step).await?;
        let mut later = self.later(&base, &events, reset.finish_event_id, step).await?;
        later.retain(|reapplied| !excluded.contains(reapplied));
        later.append(&mut reset.reapplied);
        reset.reapplied = later;
        reset.component = self
            .engine
            .current_component(&base, &base.task_queue, &base.workflow_type);
        let now = clock::now();
        let (run_id, reason, identity) = (reset.run_id.clone(), reset.reason.clone(), reset.identity.clone());
        let before_event_id = self.engine.batch_of(&base.key(), reset.finish_event_id).await?;
        let mut next = HotRun::new(Run::default(), 0, self.limits);
        next.decide(now, |turn| turn.reset(&base, events, reset))?;
        next.uncommitted = next.tail.partition_point(|event| event.event_id < before_event_id);
        next.copied = Some(HistoryCopy {
            from_run_id: base.run_id.clone(),
            to_run_id: run_id.clone(),
            before_event_id,
        });
        if let Some(current) = self.current.as_mut().filter(|current| current.run.is_open()) {
            current.decide(now, |turn| turn.terminate_by_reset(reason, identity, run_id.clone()))?;
            current.answer_updates(step);
        }
        self.supersede(next, step);
        Ok(run_id)
    }

    /// What came after the reset point, to this run and to those that continued it as new.
    async fn later(
        &mut self,
        base: &Run,
        events: &[HistoryEvent],
        finish_event_id: i64,
        step: &mut Step,
    ) -> Result<Vec<Reapplied>, EngineError> {
        let later = events.partition_point(|event| event.event_id < finish_event_id);
        let mut later = reapplied(&events[later..]);
        let mut run = base.clone();
        while run.status() == WorkflowExecutionStatus::ContinuedAsNew {
            let (next, events) = match self.whole_run(&run.new_execution_run_id, step).await {
                // It was removed, and what came to it.
                Err(EngineError::WorkflowNotFound { .. }) => break,
                found => found?,
            };
            // Children of another run are none of this one's.
            let of_all = reapplied(&events).into_iter();
            later.extend(of_all.filter(|reapplied| !matches!(reapplied, Reapplied::Child(_))));
            run = next;
        }
        Ok(later)
    }

    /// A run and its whole history, with what this step has decided. An empty id stands for the current run.
    async fn whole_run(&mut self, run_id: &str, step: &mut Step) -> Result<(Run, Vec<HistoryEvent>), EngineError> {
        let (run, mut uncommitted) = match self.hot_run(run_id, step) {
            Some(found) => found,
            None => (self.engine.past_run(&self.key, run_id).await?.run, Vec::new()),
        };
        let mut events = self.engine.read_events(&run.key(), 1, usize::MAX).await?;
        events.append(&mut uncommitted);
        Ok((run, events))
    }

    fn hot_run(&self, run_id: &str, step: &Step) -> Option<(Run, Vec<HistoryEvent>)> {
        let mut hot = self.current.as_deref().into_iter().chain(&step.superseded);
        let hot = hot.find(|hot| run_id.is_empty() || hot.run.run_id == run_id)?;
        Some((hot.run.clone(), hot.tail[hot.uncommitted..].to_vec()))
    }
}

impl Engine {
    /// The first event of the batch that this event was committed in; 1 when it has not been.
    async fn batch_of(&self, key: &RunKey, event_id: i64) -> Result<i64, EngineError> {
        let batches = self.inner.store.history(key, event_id, 1).await?;
        Ok(batches.first().map_or(1, |batch| batch.first_event_id))
    }
}

impl Excluded {
    /// What the request excludes, in the words of older and of newer clients.
    fn of(request: &ResetWorkflowExecutionRequest) -> Self {
        let names = |kind| request.reset_reapply_exclude_types().any(|excluded| excluded == kind);
        let older = request.reset_reapply_type();
        Excluded {
            signals: older == ResetReapplyType::None || names(ResetReapplyExcludeType::Signal),
            updates: matches!(older, ResetReapplyType::None | ResetReapplyType::Signal)
                || names(ResetReapplyExcludeType::Update),
        }
    }

    fn contains(self, reapplied: &Reapplied) -> bool {
        match reapplied {
            Reapplied::Signal(_) => self.signals,
            Reapplied::Update(_) => self.updates,
            Reapplied::Child(_) | Reapplied::Options(_) => false,
        }
    }
}

/// What the caller wants the new run to begin with.
fn post_reset(operation: Variant, identity: &str) -> Reapplied {
    match operation {
        Variant::SignalWorkflow(signal) => Reapplied::Signal(Signal {
            name: signal.signal_name,
            input: signal.input,
            identity: identity.to_owned(),
            header: signal.header,
            request_id: String::new(),
        }),
        Variant::UpdateWorkflowOptions(update) => Reapplied::Options(Box::new(WorkflowOptionsChange {
            options: update.workflow_execution_options.unwrap_or_default(),
            paths: update.update_mask.unwrap_or_default().paths,
            identity: identity.to_owned(),
        })),
    }
}
