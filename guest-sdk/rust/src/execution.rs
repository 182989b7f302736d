//! A run in the making: takes in what happened, goes as far as it can, and answers queries in between.

use std::{rc::Rc, time::SystemTime};

use crate::{
    Failure, Payload, WorkflowEntry, WorkflowInfo, executor::Executor, host::Host, run::Run, workflow::SignalOutcome,
};

/// Something that happened to the run.
pub(crate) enum Job {
    TimerFired(u32),
    ActivityResolved(u32, Result<Vec<Payload>, Failure>),
    Signal(String, Vec<Payload>),
    CancelRequested(String),
}

/// A started workflow, without its Rust type.
pub(crate) trait Instance {
    fn signal(&self, name: &str, input: Vec<Payload>) -> SignalOutcome;
    fn query(&self, name: &str, input: Vec<Payload>) -> Result<Payload, String>;
}

/// A run and the tasks that are at work in it.
pub(crate) struct Execution {
    run: Rc<Run>,
    executor: Executor,
    /// None when the input of the workflow did not fit.
    instance: Option<Box<dyn Instance>>,
}

impl Execution {
    /// Starts a run without polling it, so that signals of the same activation are there before its first step.
    ///
    /// Input that does not fit fails the workflow: no later attempt could read it better.
    pub(crate) fn start(entry: &WorkflowEntry, info: WorkflowInfo, input: Vec<Payload>, host: Box<dyn Host>) -> Self {
        let run = Rc::new(Run::new(info, host));
        let instance = match (entry.start)(&run, input) {
            Ok(instance) => Some(instance),
            Err(failure) => {
                run.close(Err(failure));
                None
            }
        };
        Execution {
            run,
            executor: Executor::new(),
            instance,
        }
    }

    /// Shows the time of a new activation.
    pub(crate) fn begin(&self, time: SystemTime, history_length: u32) {
        self.run.time.set(time);
        self.run.history_length.set(history_length);
    }

    /// Goes as far as it can. Called after every job, so that of two things that happened the first one wins a race.
    pub(crate) fn advance(&mut self) {
        if !self.run.is_closed() {
            self.executor.run(&self.run.spawner);
        }
    }

    /// Takes in one thing that happened.
    pub(crate) fn deliver(&self, job: Job) {
        match job {
            Job::TimerFired(seq) => self.run.timers.fill(seq, ()),
            Job::ActivityResolved(seq, output) => self.run.activities.fill(seq, output),
            Job::CancelRequested(reason) => self.run.cancellation.cancel(&Rc::from(reason)),
            Job::Signal(name, input) => self.signal(name, input),
        }
    }

    fn signal(&self, name: String, input: Vec<Payload>) {
        let Some(instance) = &self.instance else {
            return;
        };
        match instance.signal(&name, input) {
            SignalOutcome::Handled => {}
            SignalOutcome::Misfit(failure) => self.run.log_dropped_signal(&name, &failure),
            SignalOutcome::Unhandled(input) => self.run.post(name, input),
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
