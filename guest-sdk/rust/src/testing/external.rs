//! What workflows tell each other in a test.

use super::world::{RunIndex, World};
use crate::{Failure, command::Command, execution::Job};

impl World {
    /// Delivers what a workflow tells another one: to one of the test, if there is one with that id. Others hear
    /// everything, unless the test says that they cannot be reached.
    pub(super) fn tell_others(&mut self, index: RunIndex, seq: u32, command: Command) {
        let outcome = match command {
            Command::SignalChildWorkflow {
                seq: child,
                signal_name,
                input,
            } => self.signal_child(index, child, Job::Signal(signal_name, input)),
            Command::SignalExternalWorkflow {
                workflow_id,
                run_id,
                signal_name,
                input,
            } => self.reach(&workflow_id, &run_id, Job::Signal(signal_name, input)),
            Command::RequestCancelExternalWorkflow {
                workflow_id,
                run_id,
                reason,
            } => self.reach(&workflow_id, &run_id, Job::CancelRequested(reason)),
            // The rest reaches nobody: answers to updates, patches, and what lists show.
            _ => return,
        };
        self.plan_job(index, Job::ExternalResolved(seq, outcome));
    }

    /// A mock hears everything, as long as it is open.
    fn signal_child(&mut self, index: RunIndex, child: u32, signal: Job) -> Result<(), Failure> {
        let Some(child) = self.runs[index].children.get(&child) else {
            return Err(not_found("the child"));
        };
        if let Some(run) = child.run {
            self.plan_job(run, signal);
        }
        Ok(())
    }

    fn reach(&mut self, workflow_id: &str, run_id: &str, job: Job) -> Result<(), Failure> {
        if let Some(error) = self.unreachable.get(workflow_id) {
            return Err(error.failure().clone());
        }
        let has_id = |run: &super::world::TestRun| {
            run.info.workflow_id == workflow_id && (run_id.is_empty() || run.info.run_id == run_id)
        };
        let known: Vec<_> = (0..self.runs.len())
            .filter(|index| has_id(&self.runs[*index]))
            .collect();
        match known.iter().find(|index| !self.runs[**index].is_closed()) {
            Some(index) => self.plan_job(*index, job),
            None if known.is_empty() => {}
            None => return Err(not_found(&format!("the workflow `{workflow_id}`"))),
        }
        Ok(())
    }
}

fn not_found(whom: &str) -> Failure {
    Failure::application("ExternalWorkflowExecutionNotFound", format!("{whom} has closed"))
}
