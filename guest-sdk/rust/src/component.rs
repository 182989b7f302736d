//! The exports of a workflow component.

use std::cell::RefCell;

use crate::{
    Failure, HandlerDefinition, Payload, WorkflowEntry, WorkflowInfo,
    bindings::workflow::{
        exports::wrt::workflow::guest,
        wrt::workflow::{
            activity, child_workflow, execution, external_workflow, log as host_log, patch, timer, update, visibility,
        },
    },
    command::Command,
    convert,
    execution::{Activation, Execution},
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
        updates: definition.updates.into_iter().map(describe_handler).collect(),
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
    let (time, progress) = (convert::time(activation.time), convert::progress(&activation));
    EXECUTION.with_borrow_mut(|slot| {
        let mut jobs = activation.jobs.into_iter().peekable();
        if let Some(guest::Job::Start(start)) = jobs.next_if(|job| matches!(job, guest::Job::Start(_))) {
            *slot = Some(start_execution(entries, start)?);
        }
        let execution = slot
            .as_mut()
            .ok_or("activate: the run has not started; its first job has to be `start`")?;
        let jobs = jobs.map(convert::job).collect::<Result<_, _>>()?;
        execution.activate(Activation { time, progress, jobs })
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
    fn issue(&self, command: Command) -> u32 {
        match command {
            Command::ScheduleActivity {
                activity_type,
                input,
                options,
            } => return activity::schedule(&activity_type, &input, &convert::activity_options(&options)),
            Command::ScheduleLocalActivity {
                activity_type,
                input,
                options,
            } => {
                let options = convert::local_activity_options(&options);
                return activity::schedule_local(&activity_type, &input, &options);
            }
            Command::RequestCancelActivity { seq } => activity::request_cancel(seq),
            Command::StartTimer { duration, summary } => {
                return timer::start(convert::duration(duration), summary.as_deref());
            }
            Command::CancelTimer { seq } => timer::cancel(seq),
            Command::UpsertSearchAttributes { attributes } => {
                visibility::upsert_search_attributes(&convert::fields(&attributes.0));
            }
            Command::UpsertMemo { fields } => visibility::upsert_memo(&convert::fields(&fields.0)),
            Command::DeprecatePatch { patch_id } => patch::deprecate(&patch_id),
            Command::AcceptUpdate { update_id } => update::accept(&update_id),
            Command::RejectUpdate { update_id, reason } => update::reject(&update_id, &convert::to_links(reason)),
            Command::CompleteUpdate { update_id, outcome } => complete_update(&update_id, outcome),
            Command::Complete { output } => execution::complete(&[output]),
            Command::Fail { failure } => execution::fail(&convert::to_links(failure)),
            Command::Cancel => execution::cancel(&[]),
            Command::ContinueAsNew { input, options } => {
                execution::continue_as_new(&input, &convert::continue_as_new_options(&options));
            }
            to_others => return issue_to_others(to_others),
        }
        0
    }

    fn patched(&self, patch_id: &str) -> bool {
        patch::patched(patch_id)
    }

    fn log(&self, level: Level, message: &str, fields: &[(String, String)]) {
        host_log::log(convert::level(level), message, fields);
    }
}

fn complete_update(update_id: &str, outcome: Result<Payload, Failure>) {
    match outcome {
        Ok(answer) => update::complete(update_id, Ok(&[answer])),
        Err(failure) => update::complete(update_id, Err(&convert::to_links(failure))),
    }
}

/// The commands that reach other workflows.
fn issue_to_others(command: Command) -> u32 {
    let header = Vec::new();
    let execution = |workflow_id, run_id| external_workflow::WorkflowExecution { workflow_id, run_id };
    match command {
        Command::StartChildWorkflow {
            workflow_type,
            input,
            options,
        } => child_workflow::start(&workflow_type, &input, &convert::child_workflow_options(&options)),
        Command::RequestCancelChildWorkflow { seq, reason } => {
            child_workflow::request_cancel(seq, &reason);
            0
        }
        Command::SignalChildWorkflow {
            seq,
            signal_name,
            input,
        } => child_workflow::signal(seq, &signal_name, &input, &header),
        Command::SignalExternalWorkflow {
            workflow_id,
            run_id,
            signal_name,
            input,
        } => external_workflow::signal(&execution(workflow_id, run_id), &signal_name, &input, &header),
        Command::RequestCancelExternalWorkflow {
            workflow_id,
            run_id,
            reason,
        } => external_workflow::request_cancel(&execution(workflow_id, run_id), &reason),
        _ => unreachable!("the other commands stay in the run"),
    }
}
