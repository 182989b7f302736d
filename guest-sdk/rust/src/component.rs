//! The exports of a workflow component.

use std::{cell::RefCell, time::Duration};

use crate::{
    ActivityOptions, Failure, HandlerDefinition, Payload, WorkflowEntry, WorkflowInfo,
    bindings::workflow::{
        exports::wrt::workflow::guest,
        wrt::workflow::{activity, execution, log as host_log, timer},
    },
    convert,
    execution::Execution,
    host::Host,
    log::Level,
};

thread_local! {
    /// One instance serves one run, so there is never more than one.
    static EXECUTION: RefCell<Option<Execution>> = const { RefCell::new(None) };
}

/// Export `describe`.
pub fn describe(entries: &[WorkflowEntry]) -> guest::ModuleDefinition {
    guest::ModuleDefinition {
        sdk_name: crate::SDK_NAME.to_owned(),
        sdk_version: crate::SDK_VERSION.to_owned(),
        workflows: entries.iter().map(describe_workflow).collect(),
    }
}

fn describe_workflow(entry: &WorkflowEntry) -> guest::WorkflowDefinition {
    let definition = (entry.definition)();
    guest::WorkflowDefinition {
        name: definition.name.to_owned(),
        description: definition.description.to_owned(),
        input_schema: definition.input_schema,
        output_schema: definition.output_schema,
        signals: definition.signals.into_iter().map(describe_handler).collect(),
        queries: definition.queries.into_iter().map(describe_handler).collect(),
        updates: Vec::new(),
    }
}

fn describe_handler(definition: HandlerDefinition) -> guest::HandlerDefinition {
    guest::HandlerDefinition {
        name: definition.name.to_owned(),
        description: definition.description.to_owned(),
        input_schema: definition.input_schema,
        output_schema: definition.output_schema,
    }
}

/// Export `activate`.
pub fn activate(entries: &[WorkflowEntry], activation: guest::Activation) -> Result<(), String> {
    EXECUTION.with_borrow_mut(|slot| {
        let mut jobs = activation.jobs.into_iter().peekable();
        if let Some(guest::Job::Start(start)) = jobs.next_if(|job| matches!(job, guest::Job::Start(_))) {
            *slot = Some(start_execution(entries, start)?);
        }
        let execution = slot
            .as_mut()
            .ok_or("activate: the run has not started; its first job has to be `start`")?;
        execution.begin(convert::time(activation.time), activation.history_length);
        // Signals that came with the start are there before the first step.
        while let Some(job) = jobs.next_if(|job| matches!(job, guest::Job::Signal(_))) {
            execution.deliver(convert::job(job)?);
        }
        execution.advance();
        for job in jobs {
            execution.deliver(convert::job(job)?);
            execution.advance();
        }
        Ok(())
    })
}

fn start_execution(entries: &[WorkflowEntry], start: guest::Start) -> Result<Execution, String> {
    let info = WorkflowInfo::from(start.info);
    let entry = entries
        .iter()
        .find(|entry| (entry.name)() == info.workflow_type)
        .ok_or_else(|| unknown_type(entries, &info.workflow_type))?;
    Ok(Execution::start(entry, info, start.input, Box::new(Component)))
}

fn unknown_type(entries: &[WorkflowEntry], workflow_type: &str) -> String {
    let known: Vec<_> = entries.iter().map(|entry| (entry.name)()).collect();
    format!(
        "unknown workflow type `{workflow_type}`: this module has {}; deploy one that has it",
        known.join(", ")
    )
}

/// Export `query`.
pub fn query(query: guest::WorkflowQuery) -> Result<Vec<Payload>, String> {
    EXECUTION.with_borrow(|slot| {
        let execution = slot
            .as_ref()
            .ok_or_else(|| format!("query `{}`: the run has not started", query.name))?;
        execution.query(&query.name, query.input).map(|answer| vec![answer])
    })
}

/// The runtime, through the imports of the world.
struct Component;

impl Host for Component {
    fn schedule_activity(&self, activity_type: &str, input: Vec<Payload>, options: &ActivityOptions) -> u32 {
        activity::schedule(activity_type, &input, &convert::activity_options(options))
    }

    fn request_cancel_activity(&self, seq: u32) {
        activity::request_cancel(seq);
    }

    fn start_timer(&self, duration: Duration, summary: Option<&str>) -> u32 {
        timer::start(convert::duration(duration), summary)
    }

    fn cancel_timer(&self, seq: u32) {
        timer::cancel(seq);
    }

    fn complete(&self, output: Payload) {
        execution::complete(&[output]);
    }

    fn fail(&self, failure: Failure) {
        execution::fail(&convert::to_links(failure));
    }

    fn cancel(&self) {
        execution::cancel(&[]);
    }

    fn log(&self, level: Level, message: &str, fields: &[(String, String)]) {
        host_log::log(convert::level(level), message, fields);
    }

    fn random(&self) -> u64 {
        // std draws the keys of its hash maps from `wasi:random`, which is the run's own sequence.
        use std::hash::BuildHasher;
        std::hash::RandomState::new().hash_one(0u8)
    }
}
