//! One attempt of an activity, on the side that does the work.

use std::{rc::Rc, time::Duration};

use crate::{
    Error, Failure, FailureKind, FromPayload, HandlerDefinition, Payload, Result, ToPayload,
    bindings::activity::{
        exports::wrt::activity::guest,
        wrt::activity::{context as host_context, types},
    },
};

/// What an activity is told, and what it can say while it runs.
#[derive(Clone)]
pub struct ActivityContext {
    info: ActivityInfo,
    host: Rc<dyn ActivityHost>,
}

/// The facts about an attempt; see [`ActivityContext::info`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ActivityInfo {
    /// The namespace of the workflow.
    pub namespace: String,
    /// The workflow that asked for the activity.
    pub workflow_id: String,
    /// Its run.
    pub run_id: String,
    /// Its type.
    pub workflow_type: String,
    /// Unique among the open activities of the run.
    pub activity_id: String,
    /// The type that was asked for.
    pub activity_type: String,
    /// The queue that the task came through.
    pub task_queue: String,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// The same for every attempt of this activity and for no other one: send it along, and effects happen once.
    pub idempotency_key: String,
    /// The last heartbeat of the attempts before.
    pub heartbeat_details: Vec<Payload>,
    /// The longest single attempt.
    pub start_to_close_timeout: Option<Duration>,
    /// The longest silence between two heartbeats.
    pub heartbeat_timeout: Option<Duration>,
}

/// Where heartbeats go: to the runtime, or to a test.
pub(crate) trait ActivityHost {
    /// True when the attempt is asked to stop.
    fn heartbeat(&self, details: Payload) -> bool;
    fn is_cancel_requested(&self) -> bool;
}

impl ActivityContext {
    pub(crate) fn new(info: ActivityInfo, host: Rc<dyn ActivityHost>) -> Self {
        ActivityContext { info, host }
    }

    /// The facts about this attempt.
    pub fn info(&self) -> &ActivityInfo {
        &self.info
    }

    /// Says that the attempt is alive, and how far it is; the next attempt reads it with
    /// [`last_heartbeat`](Self::last_heartbeat).
    ///
    /// Fails with a cancellation when the attempt is asked to stop, so that `ctx.heartbeat(&progress)?` in a loop is all
    /// that an activity needs to be stoppable.
    pub fn heartbeat(&self, progress: &(impl ToPayload + ?Sized)) -> Result<(), Failure> {
        if self.host.heartbeat(progress.to_payload()?) {
            return Err(Failure::canceled("the activity was asked to stop"));
        }
        Ok(())
    }

    /// The last heartbeat of the attempts before, if there was one.
    pub fn last_heartbeat<T: FromPayload>(&self) -> Result<Option<T>, Failure> {
        let last = self.info.heartbeat_details.first().cloned();
        last.map(T::from_payload).transpose()
    }

    /// True when the attempt is asked to stop.
    pub fn is_cancel_requested(&self) -> bool {
        self.host.is_cancel_requested()
    }
}

/// An activity type of a module: an entry of its table.
pub struct ActivityEntry {
    /// What the component says about the type.
    pub definition: HandlerDefinition,
    /// One attempt.
    pub execute: fn(&ActivityContext, Vec<Payload>) -> Result<Payload>,
}

// === The exports of an activity component ===

/// Export `describe`.
#[doc(hidden)]
pub fn describe(entries: Vec<ActivityEntry>) -> guest::ModuleDefinition {
    let activities = entries.into_iter().map(|entry| guest::ActivityDefinition {
        name: entry.definition.name.to_owned(),
        description: entry.definition.description.to_owned(),
        input_schema: entry.definition.input_schema,
        output_schema: entry.definition.output_schema,
    });
    guest::ModuleDefinition {
        sdk_name: crate::SDK_NAME.to_owned(),
        sdk_version: crate::SDK_VERSION.to_owned(),
        activities: activities.collect(),
    }
}

/// Export `execute`.
#[doc(hidden)]
pub fn execute(entries: Vec<ActivityEntry>, task: guest::Task) -> Result<Vec<Payload>, types::Failure> {
    let (info, input) = split(task);
    let Some(entry) = entries.iter().find(|entry| entry.definition.name == info.activity_type) else {
        return Err(to_failure(unknown_type(&entries, &info.activity_type)));
    };
    let context = ActivityContext::new(info, Rc::new(Component));
    (entry.execute)(&context, input)
        .map(|output| vec![output])
        .map_err(to_failure)
}

/// Retryable: the component that has the type may be deployed meanwhile.
fn unknown_type(entries: &[ActivityEntry], activity_type: &str) -> Error {
    let known: Vec<_> = entries.iter().map(|entry| entry.definition.name).collect();
    let known = known.join(", ");
    Error::application(
        "UnknownActivityType",
        format!("unknown activity type `{activity_type}`: this module has {known}; deploy one that has it"),
    )
}

fn split(task: guest::Task) -> (ActivityInfo, Vec<Payload>) {
    let span = |duration: types::Duration| Duration::new(duration.seconds.into(), duration.nanos);
    let info = ActivityInfo {
        namespace: task.namespace,
        workflow_id: task.workflow_id,
        run_id: task.run_id,
        workflow_type: task.workflow_type,
        activity_id: task.activity_id,
        activity_type: task.activity_type,
        task_queue: task.task_queue,
        attempt: task.attempt,
        idempotency_key: task.idempotency_key,
        heartbeat_details: task.heartbeat_details,
        start_to_close_timeout: task.start_to_close_timeout.map(span),
        heartbeat_timeout: task.heartbeat_timeout.map(span),
    };
    (info, task.input)
}

/// The contract has room for one link, so the causes become its stack trace.
fn to_failure(error: Error) -> types::Failure {
    let causes = error.failure().chain().skip(1);
    let causes: Vec<_> = causes.map(|cause| format!("because of {cause}")).collect();
    let failure = error.into_failure();
    let application = match failure.kind {
        FailureKind::Canceled(details) => return types::Failure::Canceled(details),
        FailureKind::Application(application) => *application,
        _ => Default::default(),
    };
    types::Failure::Application(types::ApplicationFailure {
        message: failure.message,
        failure_type: application.failure_type,
        stack_trace: causes.join("\n"),
        non_retryable: application.non_retryable,
        details: application.details,
        next_retry_delay: application.next_retry_delay.map(|delay| types::Duration {
            seconds: u32::try_from(delay.as_secs()).unwrap_or(u32::MAX),
            nanos: delay.subsec_nanos(),
        }),
    })
}

/// The runtime, through the imports of the world.
struct Component;

impl ActivityHost for Component {
    fn heartbeat(&self, details: Payload) -> bool {
        host_context::heartbeat(&[details])
    }

    fn is_cancel_requested(&self) -> bool {
        host_context::is_cancel_requested()
    }
}
