//! The world of one workflow: its rules, its code, a store that is a list, and a clock that a plan moves.

use std::{sync::LazyLock, time::Duration};

use prost::Message as _;
use wrt_host::{Host, HostOptions, RunIdentity, WorkflowInstance, WorkflowModule};
use wrt_machine::{Continuation, Origin, Rejection, StartRun, Turn, next_deadline, rebuild};
use wrt_model::{
    Limits, Run, Time, payload,
    proto::{
        EventAttributes, HistoryEvent, Payloads, TaskQueue, WorkflowType, update,
        workflowservice::StartWorkflowExecutionRequest,
    },
    time::proto_span,
};

use crate::{
    happening::update_id,
    plan::{Disturbance, Messages, Plan, Step},
};

const RUN_ID: &str = "0199-run";
const START: Duration = Duration::from_secs(1_700_000_000);

/// More than any plan has in one wait.
const DEADLINES_PER_WAIT: usize = 200;

/// The contract guest, compiled once.
static GUEST: LazyLock<WorkflowModule> = LazyLock::new(|| {
    let options = HostOptions {
        instances: 100,
        ..HostOptions::default()
    };
    let host = Host::new(options).expect("the host starts wherever the server does");
    let bytes = wrt_tests::guest("contract-guest").expect("the guest has been built");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let compiled = async {
        let prepared = host.prepare(&bytes).await.expect("the guest is a workflow");
        let bytes = || async { Ok(prepared.bytes) };
        host.workflow(&prepared.component.digest, bytes)
            .await
            .expect("it was compiled")
    };
    runtime.expect("a thread can run futures").block_on(compiled)
});

/// What survives a crash once it is committed: the run, its history, and what its callers still wait for.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) run: Run,
    pub(crate) events: Vec<HistoryEvent>,
    /// How many events the store had after each commit.
    commits: Vec<usize>,
    /// The runs that this one continues, with their histories.
    past: Vec<(Run, Vec<HistoryEvent>)>,
    /// Updates that have not been answered. Their callers ask again.
    pub(crate) updates: Vec<update::Request>,
}

/// One workflow and the world around it.
pub(crate) struct Simulation<'p> {
    pub(crate) plan: &'p Plan,
    pub(crate) now: Time,
    pub(crate) limits: Limits,
    pub(crate) state: State,
    pub(crate) instance: Option<WorkflowInstance>,
    /// What the store has.
    committed: State,
    /// What the run has asked for at its end, and what is to begin before anything else.
    continuation: Option<Continuation>,
    /// Commits that a replay reads at a time.
    page: usize,
}

/// How it all ended.
pub(crate) struct Told {
    state: State,
    transcript: String,
}

impl Told {
    /// Those of all runs of the chain, in order.
    pub(crate) fn events(&self) -> impl Iterator<Item = &HistoryEvent> {
        let past = self.state.past.iter().flat_map(|(_, events)| events);
        past.chain(&self.state.events)
    }

    /// Checks that both are the same, event by event.
    pub(crate) fn check_is(&self, other: &Told) {
        for (event, same) in self.events().zip(other.events()) {
            assert_eq!(event, same, "the histories differ");
        }
        assert_eq!(self.events().count(), other.events().count(), "one history is longer");
        assert_eq!(self.state.past, other.state.past);
        assert_eq!(self.state.run, other.state.run);
        assert_eq!(self.transcript, other.transcript);
    }
}

impl<'p> Simulation<'p> {
    /// Lets the plan happen, with the disturbances of the storm, and checks everything on the way.
    pub(crate) fn tell(plan: &'p Plan, storm: &[Disturbance]) -> Told {
        let mut simulation = Simulation {
            plan,
            now: Time::EPOCH.plus(START),
            limits: Limits::default(),
            state: State::default(),
            instance: None,
            committed: State::default(),
            continuation: None,
            page: usize::MAX,
        };
        simulation.run(storm)
    }

    fn run(&mut self, storm: &[Disturbance]) -> Told {
        let mut storm = storm.iter().copied().chain(std::iter::repeat(Disturbance::Calm));
        let mut next = || storm.next().expect("it goes on for ever");
        self.take(&Step::Messages(Messages::default()), next());
        for step in &self.plan.steps {
            self.take(step, next());
        }
        let mut transcript = String::new();
        for (run, events) in &self.state.past {
            let mut instance = instance(run);
            replay(&mut instance, events);
            transcript += &self::transcript(&mut instance);
        }
        Told {
            transcript: transcript + &self.check_replay(),
            state: self.state.clone(),
        }
    }

    fn take(&mut self, step: &Step, disturbance: Disturbance) {
        match step {
            Step::Messages(messages) => self.step(messages, disturbance),
            Step::Wait(seconds) => self.wait(self.now.plus(Duration::from_secs(*seconds)), disturbance),
            Step::Oversleep(seconds) => {
                self.now = self.now.plus(Duration::from_secs(*seconds));
                self.step(&Messages::default(), disturbance);
            }
        }
        // What is due at once, such as a timer of no length, does not wait for the next message.
        self.wait(self.now, Disturbance::Calm);
    }

    /// Meets each deadline, up to this time.
    fn wait(&mut self, end: Time, mut disturbance: Disturbance) {
        let mut met = 0;
        while let Some(deadline) = next_deadline(&self.state.run).filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.step(&Messages::default(), disturbance);
            disturbance = Disturbance::Calm;
            met += 1;
            assert!(met < DEADLINES_PER_WAIT, "a deadline stays due: {:?}", self.state.run);
        }
        self.now = end;
    }

    /// One step of the lane: receive, decide, commit.
    fn step(&mut self, messages: &Messages, disturbance: Disturbance) {
        self.perform(messages);
        if let Disturbance::CrashBeforeCommit { page } = disturbance {
            self.crash(page);
            self.perform(messages);
        }
        self.commit();
        match disturbance {
            Disturbance::Calm | Disturbance::CrashBeforeCommit { .. } => {}
            Disturbance::CrashAfterCommit { page } => self.crash(page),
            // A workflow task that waits for its next attempt has no event.
            Disturbance::LoseRun { .. } if self.state.run.workflow_task.is_some() => {}
            Disturbance::LoseRun { page } => {
                self.committed.run = rebuild(&Origin::of(&self.state.run), &self.state.events);
                self.crash(page);
            }
            Disturbance::Query => drop(self.transcript()),
            Disturbance::Evict { page } => {
                self.page = page;
                self.check_replay();
                self.instance = None;
            }
        }
    }

    fn perform(&mut self, messages: &Messages) {
        if self.state.events.is_empty() {
            let start = self.start();
            self.decide(|turn| turn.start(start)).expect("the start is good");
        }
        self.decide_surely(|turn| turn.run_deadlines());
        self.happen_all(&messages.before);
        self.run_workflow_tasks(messages);
    }

    fn commit(&mut self) {
        self.check();
        self.state.commits.push(self.state.events.len());
        self.committed = self.state.clone();
    }

    /// The process is gone, and with it what was not committed. Another one takes the run up, if there is one.
    fn crash(&mut self, page: usize) {
        self.page = page;
        self.instance = None;
        self.state = self.committed.clone();
        let stored = self.committed.run.encode_to_vec();
        self.state.run = Run::decode(stored.as_slice()).expect("it was encoded just now");
        if !self.state.events.is_empty() {
            self.decide_surely(|turn| turn.recover());
            self.run_workflow_tasks(&Messages::default());
            self.commit();
        }
    }

    /// Lets the machine decide. What it turns away has changed nothing.
    pub(crate) fn decide<T>(
        &mut self,
        rule: impl FnOnce(&mut Turn<'_>) -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        let before = self.state.run.clone();
        let mut turn = Turn::new(&mut self.state.run, self.now, &self.limits);
        let decided = rule(&mut turn);
        let transition = turn.finish();
        if let Err(rejection) = &decided {
            assert_eq!(self.state.run, before, "{rejection} has changed the run");
            assert_eq!(transition.events, [], "{rejection} has events");
        }
        self.state.events.extend(transition.events);
        self.continuation = transition.continuation.or(self.continuation.take());
        let may_come = self.state.run.is_open() || self.continuation.is_some();
        let rejected = |id: &str| transition.rejected_updates.iter().any(|(rejected, _)| rejected == id);
        let (run, updates) = (&self.state.run, &mut self.state.updates);
        updates.retain(|update| {
            let id = update_id(update);
            may_come && !run.updates.contains_key(id) && !rejected(id)
        });
        decided
    }

    /// Lets the machine decide what it never turns away.
    pub(crate) fn decide_surely(&mut self, rule: impl FnOnce(&mut Turn<'_>)) {
        let decided = self.decide(|turn| {
            rule(turn);
            Ok(())
        });
        decided.expect("the rule above has no rejection");
    }

    /// Begins the run that the one before has asked for at its end.
    pub(crate) fn continue_run(&mut self) {
        let Some(continuation) = self.continuation.take() else {
            return;
        };
        let State {
            run: previous,
            events,
            past,
            updates,
            ..
        } = std::mem::take(&mut self.state);
        (self.state.past, self.state.updates) = (past, updates);
        let Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) = events[0].attributes.clone()
        else {
            panic!("a history begins with its start, not with {:?}", events[0]);
        };
        self.instance = None;
        self.decide_surely(|turn| {
            turn.continue_from(
                &previous,
                previous.component.clone(),
                started,
                (None, Vec::new()),
                continuation,
                |_, _| true,
            )
        });
        self.state.past.push((previous, events));
    }

    fn start(&self) -> StartRun {
        let timeout = self.plan.run_timeout_seconds;
        StartRun {
            namespace_id: "ns".into(),
            run_id: RUN_ID.into(),
            component: GUEST.digest().as_str().into(),
            started_by: None,
            request: StartWorkflowExecutionRequest {
                workflow_id: "order-7".into(),
                workflow_type: Some(WorkflowType {
                    name: "Scripted".into(),
                }),
                task_queue: Some(TaskQueue {
                    name: "orders".into(),
                    ..Default::default()
                }),
                input: text(&self.plan.script.join("\n")),
                workflow_run_timeout: timeout.map(|seconds| proto_span(Duration::from_secs(seconds.into()))),
                ..Default::default()
            },
        }
    }

    // === Replay ===

    /// An instance that has replayed what was committed.
    pub(crate) fn rebuild(&self) -> WorkflowInstance {
        let mut instance = instance(&self.state.run);
        let mut read = 0;
        for commits in self.state.commits.chunks(self.page) {
            let end = *commits.last().expect("chunks are not empty");
            replay(&mut instance, &self.committed.events[read..end]);
            read = end;
        }
        instance
    }

    /// Replays what was committed, and returns what the workflow noted. An instance that has lived noted the same.
    fn check_replay(&mut self) -> String {
        let replayed = transcript(&mut self.rebuild());
        if let Some(lived) = self.transcript() {
            assert_eq!(replayed, lived, "the replay on the left has noted something else");
        }
        replayed
    }

    /// What the living instance has noted, if there is one. It may not go on afterwards.
    fn transcript(&mut self) -> Option<String> {
        let instance = self.instance.as_mut().filter(|instance| !instance.is_tainted())?;
        Some(transcript(instance))
    }

    // === Invariants ===

    fn check(&self) {
        let State { run, events, .. } = &self.state;
        wrt_tests::check_gapless(events).expect("events follow each other");
        assert_eq!(run.next_event_id, events.len() as i64 + 1);
        crate::rebuild::check(run, events);
        assert!(run.is_open() || next_deadline(run).is_none() && self.state.updates.is_empty());
    }
}

fn instance(run: &Run) -> WorkflowInstance {
    let identity = RunIdentity {
        namespace: "default".into(),
        workflow_id: run.workflow_id.clone(),
        run_id: run.run_id.clone(),
        original_execution_run_id: run.original_execution_run_id.clone(),
        start_time: run.started(),
    };
    GUEST.instantiate(identity).expect("the pool has a place")
}

fn replay(instance: &mut WorkflowInstance, events: &[HistoryEvent]) {
    let replayed = instance.replay(events);
    replayed.unwrap_or_else(|failure| panic!("the history does not replay: {failure}"));
}

fn transcript(instance: &mut WorkflowInstance) -> String {
    let answer = instance.query("transcript", None, None).expect("it knows the query");
    let payload = answer.and_then(|answer| answer.payloads.into_iter().next());
    String::from_utf8(payload.unwrap_or_default().data).expect("a transcript is text")
}

/// One payload of text.
pub(crate) fn text(text: &str) -> Option<Payloads> {
    payload::payloads(vec![payload::json(text)])
}
