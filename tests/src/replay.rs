//! Replays: a history, the component that wrote it, and no server.

use std::{collections::HashMap, sync::LazyLock};

use anyhow::{Context as _, Result, ensure};
use tokio::sync::Mutex;
use wrt_host::{Host, HostOptions, RunIdentity, TaskFailure, WorkflowModule};
use wrt_model::{
    Digest, Time,
    proto::{HistoryEvent, WorkflowExecution, enums::EventType},
};

use crate::component_cache;

/// One host for all tests of a program, and the modules that it has prepared, by the digest of what they were made of.
static HOST: LazyLock<Mutex<(Host, HashMap<Digest, WorkflowModule>)>> = LazyLock::new(|| {
    let options = HostOptions {
        cache_dir: Some(component_cache()),
        ..HostOptions::default()
    };
    let host = Host::new(options).expect("the host starts wherever the server does");
    Mutex::new((host, HashMap::new()))
});

/// Runs the component through the history from the first event to the last, and compares every command.
///
/// # Errors
/// The component does something else than its history says; the message names the event and the call.
pub async fn replay_run(
    namespace: &str,
    execution: &WorkflowExecution,
    history: &[HistoryEvent],
    component: &[u8],
) -> Result<()> {
    let module = module(component).await?;
    let run = identity(namespace, execution, history)?;
    replay(&module, run, history)?.map_err(|failure| anyhow::anyhow!("{failure}\n{}", failure.failure.stack_trace))
}

/// The failure of a replay that has to fail.
///
/// # Errors
/// The component replays the history.
pub async fn divergence(
    namespace: &str,
    execution: &WorkflowExecution,
    history: &[HistoryEvent],
    component: &[u8],
) -> Result<TaskFailure> {
    let module = module(component).await?;
    let run = identity(namespace, execution, history)?;
    let replayed = replay(&module, run, history)?;
    replayed
        .err()
        .context("the component replays the history of another one")
}

/// Checks that events follow each other without a gap, that time does not run backwards between workflow tasks, and that
/// the run begins with its start and closes at most once, at the end.
///
/// # Errors
/// The first event that is out of place.
pub fn check_gapless(history: &[HistoryEvent]) -> Result<()> {
    ensure!(!history.is_empty(), "the history is empty");
    let (mut before, mut task_started) = (Time::EPOCH, Time::EPOCH);
    for (index, event) in history.iter().enumerate() {
        let event_id = i64::try_from(index + 1)?;
        let event_type = event.event_type();
        ensure!(
            event.event_id == event_id,
            "event {} stands where event {event_id} should",
            event.event_id
        );
        ensure!(
            (event_id == 1) == (event_type == EventType::WorkflowExecutionStarted),
            "event {event_id} is {event_type:?}"
        );
        ensure!(
            event_id as usize == history.len() || !closes(event_type),
            "event {event_id}, {event_type:?}, closes the run, and others follow"
        );
        // The start of an activity is written when the activity ends, and shows when it was.
        if event_type != EventType::ActivityTaskStarted {
            let time = time_of(event)?;
            let earliest = if is_of_task(event_type) { before } else { task_started };
            ensure!(earliest <= time, "event {event_id} is older than the one before");
            before = before.max(time);
            if event_type == EventType::WorkflowTaskStarted {
                task_started = time;
            }
        }
    }
    Ok(())
}

/// A workflow task begins or ends. What else happens while a worker has it waits for its end, and shows when it was; so does
/// the schedule of a task that is only written when it has a result.
fn is_of_task(event_type: EventType) -> bool {
    use EventType as T;
    matches!(
        event_type,
        T::WorkflowTaskStarted | T::WorkflowTaskCompleted | T::WorkflowTaskFailed | T::WorkflowTaskTimedOut
    )
}

fn closes(event_type: EventType) -> bool {
    use EventType as T;
    matches!(
        event_type,
        T::WorkflowExecutionCompleted
            | T::WorkflowExecutionFailed
            | T::WorkflowExecutionTimedOut
            | T::WorkflowExecutionCanceled
            | T::WorkflowExecutionTerminated
            | T::WorkflowExecutionContinuedAsNew
    )
}

async fn module(component: &[u8]) -> Result<WorkflowModule> {
    let mut shared = HOST.lock().await;
    let (host, modules) = &mut *shared;
    let digest = Digest::of(component);
    if let Some(module) = modules.get(&digest) {
        return Ok(module.clone());
    }
    let prepared = host.prepare(component).await.context("prepare the component")?;
    let bytes = prepared.bytes;
    let module = host
        .workflow(&prepared.component.digest, || async { Ok(bytes) })
        .await?;
    modules.insert(digest, module.clone());
    Ok(module)
}

fn replay(module: &WorkflowModule, run: RunIdentity, history: &[HistoryEvent]) -> Result<Result<(), TaskFailure>> {
    let mut instance = module.instantiate(run).context("make an instance")?;
    Ok(instance.replay(history))
}

fn identity(namespace: &str, execution: &WorkflowExecution, history: &[HistoryEvent]) -> Result<RunIdentity> {
    RunIdentity::of_history(namespace, execution, history).context("the history does not begin with the start of a run")
}

fn time_of(event: &HistoryEvent) -> Result<Time> {
    let time = event.event_time.as_ref();
    Ok(Time::from(
        time.with_context(|| format!("event {} has no time", event.event_id))?,
    ))
}
