//! A lane: everything that happens to one workflow id, one step after the other.
//!
//! A step takes all messages that have come, decides about them, runs the workflow's code, commits once, and releases.
//! Nothing is locked meanwhile: what comes in during a step waits in the lane and shares the next one. Only when the code
//! computes for long, the lane [attends](crate::attending) to what comes in before it has ended.
//!
//! A run that never waits, because each of its runs is followed by another one at once, goes on in the next step: messages
//! come in between, and of all lanes that go on by themselves one takes a step at a time, and rests.

use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use wrt_host::WorkflowInstance;
use wrt_machine::{Transition, Turn};
use wrt_model::{Limits, Run, Time, WorkflowKey, proto::HistoryEvent};
use wrt_store::{HistoryCopy, StoreError, StoredRun};

use crate::{
    Engine, EngineError, clock,
    delete::DeleteMessage,
    query::{QueryMessage, worker::Queries},
    release::Released,
    reset::ResetMessage,
    start::StartMessage,
    timers::Place,
    update::UpdateMessage,
    worker::{Execution, ExecutionEnd},
    workflow_task::{done::DoneMessage, pages::CompletionPages, take::TakeMessage},
};

/// Answers a caller, once the commit has succeeded or failed.
pub(crate) type Release = Box<dyn FnOnce(Result<(), EngineError>) + Send>;
/// Decides about a run, or hears why it cannot.
pub(crate) type Decide = Box<dyn FnOnce(Result<&mut Turn<'_>, EngineError>) -> Release + Send>;

/// Messages that one step takes at most, so that the first of them do not wait for ever.
const MESSAGES_PER_STEP: usize = 256;

/// How many times as long as its step a workflow rests that never waits.
const RESTS: u32 = 3;

/// Something that happens to a workflow.
pub(crate) enum Message {
    /// A caller wants something of a run. An empty id stands for the current run.
    Decide { run_id: String, decide: Decide },
    /// A caller wants a run to begin.
    Start(Box<StartMessage>),
    /// A caller wants the run to change and to answer.
    Update(Box<UpdateMessage>),
    /// A caller asks the workflow's code.
    Query(Box<QueryMessage>),
    /// A worker wants the workflow task.
    TakeWorkflowTask(Box<TakeMessage>),
    /// A worker has done the workflow task.
    WorkflowTaskDone(Box<DoneMessage>),
    /// A caller wants the workflow to go on from a point of its past.
    Reset(Box<ResetMessage>),
    /// A closed run is to be removed.
    Delete(DeleteMessage),
    /// An attempt has ended inside the server.
    ExecutionEnded(Box<ExecutionEnd>),
    /// The time has come that was set for the run.
    Deadline(Place),
    /// The server has just started, and the run was open.
    Recover,
}

/// A run in memory, with what has been decided about it and not been committed.
pub(crate) struct HotRun {
    pub(crate) run: Run,
    /// The version in the store; 0 for a run that is not there yet.
    pub(crate) version: i64,
    /// What its namespace allows, as of this step.
    pub(crate) limits: Limits,
    /// The workflow's code, as far as it has come.
    pub(crate) instance: Option<WorkflowInstance>,
    /// The last events of the history: those that the instance has not seen, and those that are not committed.
    pub(crate) tail: Vec<HistoryEvent>,
    /// Where in `tail` the events begin that are not committed.
    pub(crate) uncommitted: usize,
    /// Where the events before those come from, if another run has them already.
    pub(crate) copied: Option<HistoryCopy>,
    /// What is to be done beside the events, once they are committed.
    pub(crate) pending: Transition,
    /// Updates that the workflow has not answered.
    pub(crate) updates: Vec<UpdateMessage>,
    /// Queries that wait for the workflow task.
    pub(crate) queries: Queries,
    /// What a worker has said so far of the workflow task that it ends in several calls.
    pub(crate) pages: CompletionPages,
    /// The last component that did not replay its history; empty when none was tried.
    pub(crate) refused_component: String,
}

impl HotRun {
    /// Boxed, because it has some kilobytes and goes from hand to hand.
    pub(crate) fn new(run: Run, version: i64, limits: Limits) -> Box<Self> {
        Box::new(HotRun {
            run,
            version,
            limits,
            instance: None,
            tail: Vec::new(),
            uncommitted: 0,
            copied: None,
            pending: Transition::default(),
            updates: Vec::new(),
            queries: Queries::default(),
            pages: CompletionPages::default(),
            refused_component: String::new(),
        })
    }

    /// Lets the machine decide.
    pub(crate) fn decide<T>(&mut self, now: Time, rule: impl FnOnce(&mut Turn<'_>) -> T) -> T {
        let mut turn = Turn::new(&mut self.run, now, &self.limits);
        let decided = rule(&mut turn);
        let mut transition = turn.finish();
        self.tail.append(&mut transition.events);
        self.pending.absorb(transition);
        decided
    }

    /// An event that is in memory, committed or not.
    pub(crate) fn event(&self, event_id: i64) -> Option<HistoryEvent> {
        let index = self.tail.binary_search_by_key(&event_id, |event| event.event_id);
        index.ok().map(|index| self.tail[index].clone())
    }

    /// Bytes that it holds, roughly.
    pub(crate) fn memory_bytes(&self) -> usize {
        let instance = self.instance.as_ref().map_or(0, WorkflowInstance::memory_bytes);
        let tail: usize = self.tail.iter().map(prost::Message::encoded_len).sum();
        let messages = tail + self.pages.memory_bytes();
        instance + 2 * messages + self.run.memory_bytes() + size_of::<HotRun>()
    }
}

/// What one step gathers before it commits.
#[derive(Default)]
pub(crate) struct Step {
    /// Runs that a new one has taken the place of, and that changed in this step.
    pub(crate) superseded: Vec<HotRun>,
    /// Closed runs that are removed with the commit, by their ids.
    pub(crate) deleted: Vec<String>,
    /// Answers that wait for the commit.
    pub(crate) releases: Vec<Release>,
    /// Attempts that begin inside the server after the commit.
    pub(crate) executions: Vec<Execution>,
    /// Held until the step is over.
    places: Vec<Place>,
    /// The workflow's code may have more to do than one step does.
    pub(crate) goes_on: bool,
    /// Held while the lane goes on by itself, unless it waits for something else.
    pub(crate) turn: Option<OwnedSemaphorePermit>,
}

impl Step {
    /// Answers a caller once the step is committed.
    pub(crate) fn answer<T: Send + 'static>(
        &mut self,
        reply: oneshot::Sender<Result<T, EngineError>>,
        result: Result<T, EngineError>,
    ) {
        self.releases
            .push(Box::new(move |committed| answer(reply, committed.and(result))));
    }
}

/// The sequence of steps of one workflow.
pub(crate) struct Lane {
    pub(crate) engine: Engine,
    pub(crate) key: WorkflowKey,
    /// Absent in what stands in for a lane that is attending.
    receiver: Option<mpsc::UnboundedReceiver<Message>>,
    /// Messages that have come while the lane was attending, and that need the workflow's code.
    pub(crate) deferred: Vec<Message>,
    /// The workflow's current run; `None` when there is none, or before it is loaded.
    pub(crate) current: Option<Box<HotRun>>,
    loaded: bool,
    /// What the namespace allows, as of this step.
    pub(crate) limits: Limits,
}

impl Lane {
    pub(crate) fn new(engine: Engine, key: WorkflowKey, receiver: mpsc::UnboundedReceiver<Message>) -> Self {
        let current = engine.inner.parking.take(&key);
        Lane {
            limits: engine.inner.limits,
            engine,
            loaded: current.is_some(),
            key,
            receiver: Some(receiver),
            deferred: Vec::new(),
            current,
        }
    }

    /// Moves the lane out to where it attends, and leaves an empty one until it comes back.
    pub(crate) fn lend(&mut self) -> Lane {
        let vacant = Lane {
            engine: self.engine.clone(),
            key: WorkflowKey::new("", ""),
            receiver: None,
            deferred: Vec::new(),
            current: None,
            loaded: false,
            limits: self.limits,
        };
        std::mem::replace(self, vacant)
    }

    /// Takes steps until there is nothing left to do.
    pub(crate) async fn run(mut self) {
        let mut messages = Vec::new();
        let mut goes_on = false;
        let mut took = Duration::ZERO;
        loop {
            messages.append(&mut self.deferred);
            self.take_messages(&mut messages);
            let mut turn = None;
            if messages.is_empty() && goes_on && !self.engine.is_stopping() {
                turn = self.wait_for_turn(took, &mut messages).await;
            } else if messages.is_empty() {
                let (engine, current) = (self.engine.clone(), &mut self.current);
                let receiver = self.receiver.as_ref().expect("the lane is whole between two steps");
                if engine.retire(&self.key, receiver, || {
                    engine.inner.parking.park(&self.key, current.take())
                }) {
                    return;
                }
                continue;
            }
            let begun = clock::instant();
            goes_on = self.step(&mut messages, turn).await;
            took = clock::instant().saturating_duration_since(begun);
        }
    }

    /// Takes the messages that have come, no more than a step takes.
    pub(crate) fn take_messages(&mut self, messages: &mut Vec<Message>) {
        let Some(receiver) = &mut self.receiver else { return };
        while messages.len() < MESSAGES_PER_STEP
            && let Ok(message) = receiver.try_recv()
        {
            messages.push(message);
        }
    }

    /// Waits until the lane may go on by itself, or until a message comes. However many workflows never wait, others find
    /// one of them at work at a time, and the server at rest for longer than that: a step that took so long is followed by
    /// a rest of several times that.
    async fn wait_for_turn(&mut self, took: Duration, messages: &mut Vec<Message>) -> Option<OwnedSemaphorePermit> {
        let turns = self.engine.inner.lanes.turns.clone();
        let rested = async {
            let turn = turns.acquire_owned().await;
            tokio::time::sleep(took * RESTS).await;
            turn.expect("the semaphore is never closed")
        };
        let next = self.next_message();
        tokio::select! {
            turn = rested => Some(turn),
            message = next => {
                messages.push(message);
                None
            }
        }
    }

    /// Waits for a message. The lane is known as long as it is at work, so another one may always come.
    pub(crate) async fn next_message(&mut self) -> Message {
        let next = match &mut self.receiver {
            Some(receiver) => receiver.recv().await,
            None => None,
        };
        match next {
            Some(message) => message,
            None => std::future::pending().await,
        }
    }

    /// Takes a step. True when the workflow's code may have more to do.
    async fn step(&mut self, messages: &mut Vec<Message>, turn: Option<OwnedSemaphorePermit>) -> bool {
        if let Err(error) = self.load().await {
            self.refuse(messages.drain(..), &error);
            return false;
        }
        let mut step = Step {
            turn,
            ..Step::default()
        };
        for message in messages.drain(..) {
            self.receive(message, &mut step).await;
        }
        self.run_workflow_tasks(&mut step).await;
        let goes_on = step.goes_on;
        match self.conclude(&mut step).await {
            Some((Released::Silently, executions)) => self.engine.go_on(executions).await,
            Some((Released::ToOthers, executions)) => self.engine.spawn_executions(executions),
            None => {}
        }
        goes_on
    }

    /// Commits what the step has decided and releases it. Returns what begins now; `None` when nothing of it has happened.
    pub(crate) async fn conclude(&mut self, step: &mut Step) -> Option<(Released, Vec<Execution>)> {
        self.enforce_limits(step);
        self.start_activities(step).await;
        let committed = self.commit(step).await;
        let next = Step {
            turn: step.turn.take(),
            ..Step::default()
        };
        let mut step = std::mem::replace(step, next);
        let executions = std::mem::take(&mut step.executions);
        match committed {
            Ok(()) => Some((self.release(step), executions)),
            Err(error) => {
                self.release_error(step, &error);
                None
            }
        }
    }

    async fn load(&mut self) -> Result<(), StoreError> {
        self.limits = self.engine.limits_of(&self.key.namespace_id).await?;
        if !self.loaded {
            let stored = self.engine.inner.store.current_run(&self.key).await?;
            self.current = stored.map(|stored| HotRun::new(stored.run, stored.version, self.limits));
            self.loaded = true;
        }
        if let Some(current) = &mut self.current {
            current.limits = self.limits;
            // What the worker has cached is gone with it.
            if current.run.sticky.is_some() && !self.engine.has_sticky_worker(&current.run) {
                current.run.sticky = None;
            }
        }
        Ok(())
    }

    /// Tells everybody that nothing can be decided, because the run cannot be loaded.
    fn refuse(&self, messages: impl Iterator<Item = Message>, error: &StoreError) {
        tracing::error!(workflow = %self.key, %error, "load run");
        for message in messages {
            let error = EngineError::from(error.clone());
            match message {
                Message::Decide { decide, .. } => decide(Err(error))(Ok(())),
                Message::Start(start) => answer(start.reply, Err(error)),
                Message::Update(update) => answer(update.reply, Err(error)),
                Message::Query(query) => answer(query.reply, Err(error)),
                Message::TakeWorkflowTask(take) => answer(take.reply, Err(error)),
                Message::WorkflowTaskDone(done) => answer(done.reply, Err(error)),
                Message::Reset(reset) => answer(reset.reply, Err(error)),
                Message::Delete(delete) => answer(delete.reply, Err(error)),
                Message::ExecutionEnded(_) | Message::Deadline(_) | Message::Recover => {
                    self.engine.recover_later(&self.key);
                }
            }
        }
    }

    /// Forgets what is in memory; the next step reads the store.
    pub(crate) fn unload(&mut self) {
        self.current = None;
        self.loaded = false;
    }

    pub(crate) async fn receive(&mut self, message: Message, step: &mut Step) {
        match message {
            Message::Decide { run_id, decide } => {
                let release = self.receive_decide(&run_id, decide, step).await;
                step.releases.push(release);
            }
            Message::Start(start) => self.receive_start(*start, step).await,
            Message::Update(update) => self.receive_update(*update, step).await,
            Message::Query(query) => self.receive_query(*query, step).await,
            Message::TakeWorkflowTask(take) => self.receive_take(*take, step),
            Message::WorkflowTaskDone(done) => self.receive_workflow_task_done(*done, step).await,
            Message::Reset(reset) => self.receive_reset(*reset, step).await,
            Message::Delete(delete) => self.receive_delete(delete, step).await,
            Message::ExecutionEnded(end) => self.receive_execution_end(*end, step),
            Message::Deadline(place) => {
                step.places.push(place);
                if let Some(current) = &mut self.current {
                    current.decide(clock::now(), |turn| turn.run_deadlines());
                }
            }
            Message::Recover => {
                if let Some(current) = &mut self.current {
                    current.decide(clock::now(), |turn| turn.recover());
                }
                // Before anything else: a cancel would count a lost attempt, whose effect may have happened, as one that
                // never began.
                self.start_activities(step).await;
            }
        }
    }

    async fn receive_decide(&mut self, run_id: &str, decide: Decide, step: &mut Step) -> Release {
        let now = clock::now();
        let mut runs = self.current.as_deref_mut().into_iter().chain(&mut step.superseded);
        if let Some(run) = runs.find(|run| run_id.is_empty() || run.run.run_id == run_id) {
            return run.decide(now, |turn| decide(Ok(turn)));
        }
        match self.engine.past_run(&self.key, run_id).await {
            Ok(stored) => {
                let mut run = HotRun::new(stored.run, stored.version, self.limits);
                let release = run.decide(now, |turn| decide(Ok(turn)));
                if run.pending.durable {
                    step.superseded.push(*run);
                }
                release
            }
            Err(error) => decide(Err(error)),
        }
    }
}

impl Engine {
    /// A run that is not the workflow's current one.
    pub(crate) async fn past_run(&self, key: &WorkflowKey, run_id: &str) -> Result<StoredRun, EngineError> {
        let stored = match run_id {
            "" => None,
            run_id => {
                self.inner
                    .store
                    .run(&wrt_model::RunKey::new(key.clone(), run_id))
                    .await?
            }
        };
        match stored {
            Some(stored) => Ok(stored),
            None => Err(EngineError::WorkflowNotFound {
                namespace: self.namespace_by_id(&key.namespace_id).await?.name.clone(),
                workflow_id: key.workflow_id.clone(),
                run_id: run_id.to_owned(),
            }),
        }
    }
}

/// Answers a caller, who may have gone away.
pub(crate) fn answer<T>(reply: oneshot::Sender<Result<T, EngineError>>, result: Result<T, EngineError>) {
    let _ = reply.send(result);
}
