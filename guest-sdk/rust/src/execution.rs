//! A run in the making: takes in what happened, goes as far as it can, and answers queries in between.

use std::{cell::RefCell, rc::Rc, time::SystemTime};

use crate::{
    Failure, Payload, WorkflowEntry, WorkflowInfo,
    executor::Executor,
    host::Host,
    info::Progress,
    run::Run,
    update::{Update, UpdateOutcome},
    workflow::SignalOutcome,
};

/// Something that happened to the run.
pub(crate) enum Job {
    TimerFired(u32),
    ActivityResolved(u32, Result<Vec<Payload>, Failure>),
    /// With the run id, or why it did not start.
    ChildWorkflowStarted(u32, Result<String, Failure>),
    ChildWorkflowResolved(u32, Result<Vec<Payload>, Failure>),
    ExternalResolved(u32, Result<(), Failure>),
    Signal(String, Vec<Payload>),
    Update(Update),
    CancelRequested(String),
}

/// What happened since the last activation, and when it is.
pub(crate) struct Activation {
    pub(crate) time: SystemTime,
    pub(crate) progress: Progress,
    pub(crate) jobs: Vec<Job>,
}

/// A started workflow, without its Rust type.
pub(crate) trait Instance {
    fn signal(&self, name: &str, input: Vec<Payload>) -> SignalOutcome;
    fn query(&self, name: &str, input: Vec<Payload>) -> Result<Payload, String>;
    fn update(&self, name: &str, input: Vec<Payload>) -> UpdateOutcome;
    /// Why an update that no handler takes is turned away.
    fn unknown_update(&self, name: &str) -> Failure;
}

/// A run and the tasks that are at work in it.
pub(crate) struct Execution {
    pub(crate) run: Rc<Run>,
    executor: Executor,
    /// None when the input of the workflow did not fit.
    pub(crate) instance: Option<Box<dyn Instance>>,
    /// Updates that came with the start, and that no handler takes so far: the workflow may register one in its first
    /// steps. `None` once it has taken them.
    pub(crate) early_updates: RefCell<Option<Vec<Update>>>,
}

impl Execution {
    /// Starts a run without polling it.
    ///
    /// Input that does not fit fails the workflow: no later attempt could read it better.
    pub(crate) fn start(entry: &WorkflowEntry, info: WorkflowInfo, input: Vec<Payload>, host: Box<dyn Host>) -> Self {
        let run = Rc::new(Run::new(info, host));
        let instance = match (entry.start)(&run, input) {
            Ok(instance) => Some(instance),
            Err(failure) => {
                run.close(Err(failure.into()));
                None
            }
        };
        Execution {
            run,
            executor: Executor::new(),
            instance,
            early_updates: RefCell::new(Some(Vec::new())),
        }
    }

    /// Takes in what happened and goes as far as it can.
    ///
    /// Signals and updates that come first are there before the next step: those of a start before the first one. After
    /// each other job it goes as far as it can, so that of two things that happened the first one wins a race.
    ///
    /// An error fails the workflow task.
    pub(crate) fn activate(&mut self, activation: Activation) -> Result<(), String> {
        self.run.time.set(activation.time);
        self.run.change_info(|info| info.progress = activation.progress);
        let mut jobs = activation.jobs.into_iter().peekable();
        while let Some(job) = jobs.next_if(|job| matches!(job, Job::Signal(..) | Job::Update(_))) {
            self.deliver(job)?;
        }
        self.advance();
        for update in self.early_updates.take().unwrap_or_default() {
            self.update(update);
            self.advance();
        }
        for job in jobs {
            self.deliver(job)?;
            self.advance();
        }
        Ok(())
    }

    fn advance(&mut self) {
        if !self.run.is_closed() {
            self.executor.run(&self.run.spawner);
        }
    }

    fn deliver(&self, job: Job) -> Result<(), String> {
        match job {
            Job::TimerFired(seq) => self.run.timers.fill(seq, ()),
            Job::ActivityResolved(seq, output) => self.run.activities.fill(seq, output),
            Job::ChildWorkflowStarted(seq, outcome) => {
                if let Err(failure) = &outcome {
                    self.run.resolve_child_workflow(seq, Err(failure.clone()));
                }
                self.run.child_starts.fill(seq, outcome);
            }
            Job::ChildWorkflowResolved(seq, output) => self.run.resolve_child_workflow(seq, output),
            Job::ExternalResolved(seq, outcome) => self.run.external_requests.fill(seq, outcome),
            Job::CancelRequested(reason) => self.run.cancellation.cancel(&Rc::from(reason)),
            Job::Signal(name, input) => self.signal(name, input),
            Job::Update(update) => self.update(update),
        }
        Ok(())
    }

    fn signal(&self, name: String, input: Vec<Payload>) {
        let Some(instance) = &self.instance else {
            return;
        };
        match instance.signal(&name, input) {
            SignalOutcome::Handled => {}
            SignalOutcome::Misfit(failure) => self.run.log_dropped_signal(&name, &failure),
            SignalOutcome::Unhandled(input) => {
                if let Some(input) = self.run.handle_signal(&name, input) {
                    self.run.post(name, input);
                }
            }
        }
    }

    /// Answers a query.
    pub(crate) fn query(&self, name: &str, input: Vec<Payload>) -> Result<Payload, String> {
        match &self.instance {
            Some(instance) => instance.query(name, input),
            None => Err(format!(
                "query `{name}`: the workflow never began, because its input did not fit"
            )),
        }
    }
}
