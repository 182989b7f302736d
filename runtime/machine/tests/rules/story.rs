//! A run whose time the test holds in its hands, and whose history reads as text.

use std::{fmt::Write, time::Duration};

use wrt_machine::{
    ActivityClose, ActivityStart, Rejection, Signal, StartRun, Transition, Turn, WorkflowTaskCompletion,
    WorkflowTaskEnd,
};
use wrt_model::{
    Limits, Run, Time, failure, history,
    proto::{
        ActivityType, Command, CommandAttributes, EventAttributes, Failure, HistoryEvent, RetryPolicy, TaskQueue,
        WorkflowType,
        command::{
            CancelTimerCommandAttributes, CancelWorkflowExecutionCommandAttributes,
            CompleteWorkflowExecutionCommandAttributes, FailWorkflowExecutionCommandAttributes,
            RequestCancelActivityTaskCommandAttributes, ScheduleActivityTaskCommandAttributes,
            StartTimerCommandAttributes,
        },
        enums::{EventType, WorkflowTaskFailedCause as Cause},
        protocol,
        workflowservice::StartWorkflowExecutionRequest,
    },
    time::proto_span,
    update_id,
};

/// Everything that has happened to one run.
pub(crate) struct Story {
    pub(crate) run: Run,
    pub(crate) now: Time,
    /// What the run's namespace allows.
    pub(crate) limits: Limits,
    pub(crate) events: Vec<HistoryEvent>,
    /// What the last decision asked to be done.
    pub(crate) last: Transition,
}

impl Story {
    /// A run that has begun, with its first workflow task scheduled.
    pub(crate) fn begin() -> Self {
        Story::begin_with(|_| ())
    }

    /// The same, with a request that the test has changed.
    pub(crate) fn begin_with(change: impl FnOnce(&mut StartWorkflowExecutionRequest)) -> Self {
        Story::begin_by(change, |turn, start| turn.start(start))
    }

    /// A run that has begun and that workers run.
    pub(crate) fn begin_for_workers() -> Self {
        Story::begin_for_workers_with(|_| ())
    }

    /// The same, with a request that the test has changed.
    pub(crate) fn begin_for_workers_with(change: impl FnOnce(&mut StartWorkflowExecutionRequest)) -> Self {
        Story::begin_by(change, |turn, start| {
            turn.start(StartRun {
                component: String::new(),
                ..start
            })
        })
    }

    /// A run that the test begins in its own way.
    pub(crate) fn begin_as(change: impl FnOnce(StartRun) -> StartRun) -> Self {
        Story::begin_by(|_| (), |turn, start| turn.start(change(start)))
    }

    /// The same, with a signal that comes with the start.
    pub(crate) fn begin_signaled(name: &str, change: impl FnOnce(&mut StartWorkflowExecutionRequest)) -> Self {
        let signal = Signal {
            name: name.into(),
            ..Default::default()
        };
        Story::begin_by(change, |turn, start| turn.start_with_signal(start, signal))
    }

    fn begin_by(
        change: impl FnOnce(&mut StartWorkflowExecutionRequest),
        begin: impl FnOnce(&mut Turn<'_>, StartRun) -> Result<(), Rejection>,
    ) -> Self {
        let mut request = StartWorkflowExecutionRequest {
            workflow_id: "order-7".into(),
            workflow_type: Some(WorkflowType { name: "Order".into() }),
            task_queue: Some(TaskQueue {
                name: "orders".into(),
                ..Default::default()
            }),
            request_id: "start-1".into(),
            ..Default::default()
        };
        change(&mut request);
        let mut story = Story {
            run: Run::default(),
            now: Time::EPOCH.plus(Duration::from_secs(1_000)),
            limits: Limits::default(),
            events: Vec::new(),
            last: Transition::default(),
        };
        let start = StartRun {
            namespace_id: "ns".into(),
            run_id: "0199-run".into(),
            component: "digest".into(),
            started_by: None,
            request,
        };
        story.decide(|turn| begin(turn, start)).expect("starts");
        story
    }

    /// A run whose first workflow task has issued these commands.
    pub(crate) fn after(commands: Vec<Command>) -> Self {
        let mut story = Story::begin();
        story.task(commands);
        story
    }

    pub(crate) fn decide<T>(&mut self, rule: impl FnOnce(&mut Turn<'_>) -> T) -> T {
        let mut turn = Turn::new(&mut self.run, self.now, &self.limits);
        let decided = rule(&mut turn);
        self.last = turn.finish();
        self.events.extend(self.last.events.iter().cloned());
        crate::rebuild::check(&self.run, &self.events);
        decided
    }

    /// Lets time pass and the run's deadlines happen.
    pub(crate) fn wait(&mut self, span: Duration) -> &mut Self {
        self.now = self.now.plus(span);
        self.decide(|turn| turn.run_deadlines());
        self
    }

    /// A whole workflow task.
    pub(crate) fn task(&mut self, commands: Vec<Command>) -> &mut Self {
        self.take_task();
        self.complete_task(commands).expect("good commands");
        self
    }

    pub(crate) fn take_task(&mut self) {
        self.decide(|turn| turn.start_workflow_task("worker", "poll"))
            .expect("a task waits");
    }

    pub(crate) fn complete_task(&mut self, commands: Vec<Command>) -> Result<WorkflowTaskEnd, Rejection> {
        self.decide(|turn| turn.complete_workflow_task(completion(commands, Vec::new())))
    }

    pub(crate) fn signal(&mut self, name: &str) -> &mut Self {
        let signal = Signal {
            name: name.into(),
            ..Default::default()
        };
        self.decide(|turn| turn.signal(signal)).expect("an open run");
        self
    }

    /// A worker takes the current attempt of the activity.
    pub(crate) fn take_activity(&mut self, scheduled_event_id: i64) -> &mut Self {
        let attempt = self.run.activities[&scheduled_event_id].attempt;
        self.try_take_activity(scheduled_event_id, attempt, "poll")
            .expect("the attempt waits");
        self
    }

    pub(crate) fn try_take_activity(&mut self, id: i64, attempt: i32, request_id: &str) -> Result<(), Rejection> {
        let start = ActivityStart {
            scheduled_event_id: id,
            attempt,
            identity: "worker".into(),
            request_id: request_id.into(),
            in_process: false,
            version: None,
        };
        self.decide(|turn| turn.start_activity(start))
    }

    pub(crate) fn close_activity(&mut self, id: i64, close: ActivityClose) -> &mut Self {
        self.decide(|turn| turn.close_activity(id, 0, "worker", close))
            .expect("an open activity");
        self
    }

    pub(crate) fn complete_activity(&mut self, id: i64) -> &mut Self {
        self.close_activity(id, ActivityClose::Completed(None))
    }

    pub(crate) fn fail_activity(&mut self, id: i64, failure: Failure) -> &mut Self {
        let failure = Box::new(failure);
        self.close_activity(
            id,
            ActivityClose::Failed {
                failure,
                last_heartbeat_details: None,
            },
        )
    }

    /// The history, an event a line.
    pub(crate) fn history(&self) -> String {
        lines(&self.events)
    }

    /// The history from an event on.
    pub(crate) fn history_from(&self, event_id: i64) -> String {
        let first = self.events.partition_point(|event| event.event_id < event_id);
        lines(&self.events[first..])
    }

    /// Compares the history from an event on, line by line.
    #[track_caller]
    pub(crate) fn check_from(&self, event_id: i64, expected: &[&str]) {
        assert_eq!(
            self.history_from(event_id).lines().collect::<Vec<_>>(),
            expected,
            "\n{}",
            self.history()
        );
    }
}

/// What the worker says at the end of a workflow task.
pub(crate) fn completion(commands: Vec<Command>, messages: Vec<protocol::Message>) -> WorkflowTaskCompletion {
    WorkflowTaskCompletion {
        commands,
        messages,
        identity: "worker".into(),
        ..Default::default()
    }
}

fn lines(events: &[HistoryEvent]) -> String {
    events.iter().fold(String::new(), |mut text, event| {
        let attributes = event.attributes.as_ref().expect("events have attributes");
        assert_eq!(event.event_type, history::event_type(attributes) as i32);
        let name = event_name(history::event_type(attributes));
        writeln!(text, "{} {name}{}", event.event_id, facts(attributes)).expect("a String takes every write");
        text
    })
}

/// `EVENT_TYPE_TIMER_FIRED` as `TimerFired`.
fn event_name(event_type: EventType) -> String {
    let words = event_type.as_str_name().trim_start_matches("EVENT_TYPE_").split('_');
    words
        .map(|word| word[..1].to_owned() + &word[1..].to_lowercase())
        .collect()
}

/// What a story tells of an event beside its kind.
fn facts(attributes: &EventAttributes) -> String {
    use EventAttributes as A;
    match attributes {
        A::WorkflowExecutionSignaledEventAttributes(event) => format!(" {}", event.signal_name),
        A::WorkflowTaskStartedEventAttributes(event) => format!(" of {}", event.scheduled_event_id),
        A::WorkflowTaskCompletedEventAttributes(event) => {
            format!(" of {}, {}", event.scheduled_event_id, event.started_event_id)
        }
        A::WorkflowTaskFailedEventAttributes(event) => format!(" {}", event.cause().as_str_name().to_lowercase()),
        A::ActivityTaskStartedEventAttributes(event) => {
            format!(" of {}, attempt {}", event.scheduled_event_id, event.attempt)
        }
        A::ActivityTaskCompletedEventAttributes(event) => {
            format!(" of {}, {}", event.scheduled_event_id, event.started_event_id)
        }
        A::ActivityTaskFailedEventAttributes(event) => format!(
            " of {}, {}: {}",
            event.scheduled_event_id,
            event.started_event_id,
            event.retry_state().as_str_name().to_lowercase()
        ),
        A::ActivityTaskTimedOutEventAttributes(event) => format!(
            " of {}, {}: {}, {}",
            event.scheduled_event_id,
            event.started_event_id,
            causes(event.failure.as_ref()),
            event.retry_state().as_str_name().to_lowercase()
        ),
        A::ActivityTaskCanceledEventAttributes(event) => {
            format!(" of {}, {}", event.scheduled_event_id, event.started_event_id)
        }
        A::TimerFiredEventAttributes(event) => format!(" {} of {}", event.timer_id, event.started_event_id),
        A::TimerCanceledEventAttributes(event) => format!(" {} of {}", event.timer_id, event.started_event_id),
        A::StartChildWorkflowExecutionInitiatedEventAttributes(event) => format!(" {}", event.workflow_id),
        A::StartChildWorkflowExecutionFailedEventAttributes(event) => format!(" of {}", event.initiated_event_id),
        A::ChildWorkflowExecutionStartedEventAttributes(event) => format!(" of {}", event.initiated_event_id),
        A::ChildWorkflowExecutionCompletedEventAttributes(event) => {
            format!(" of {}, {}", event.initiated_event_id, event.started_event_id)
        }
        A::ChildWorkflowExecutionFailedEventAttributes(event) => {
            format!(" of {}, {}", event.initiated_event_id, event.started_event_id)
        }
        A::ChildWorkflowExecutionCanceledEventAttributes(event) => {
            format!(" of {}, {}", event.initiated_event_id, event.started_event_id)
        }
        A::ChildWorkflowExecutionTimedOutEventAttributes(event) => {
            format!(" of {}, {}", event.initiated_event_id, event.started_event_id)
        }
        A::ChildWorkflowExecutionTerminatedEventAttributes(event) => {
            format!(" of {}, {}", event.initiated_event_id, event.started_event_id)
        }
        A::ExternalWorkflowExecutionSignaledEventAttributes(event) => format!(" of {}", event.initiated_event_id),
        A::SignalExternalWorkflowExecutionFailedEventAttributes(event) => format!(" of {}", event.initiated_event_id),
        A::ExternalWorkflowExecutionCancelRequestedEventAttributes(event) => {
            format!(" of {}", event.initiated_event_id)
        }
        A::RequestCancelExternalWorkflowExecutionFailedEventAttributes(event) => {
            format!(" of {}", event.initiated_event_id)
        }
        A::WorkflowExecutionUpdateAdmittedEventAttributes(event) => {
            format!(" {}", event.request.as_ref().map_or("", update_id))
        }
        A::WorkflowExecutionUpdateAcceptedEventAttributes(event) => format!(" {}", event.protocol_instance_id),
        A::WorkflowExecutionUpdateCompletedEventAttributes(event) => format!(" of {}", event.accepted_event_id),
        A::WorkflowExecutionFailedEventAttributes(event) => {
            format!(": {}", event.retry_state().as_str_name().to_lowercase())
        }
        A::WorkflowExecutionTimedOutEventAttributes(event) => {
            format!(": {}", event.retry_state().as_str_name().to_lowercase())
        }
        _ => String::new(),
    }
}

fn causes(failure: Option<&Failure>) -> String {
    let mut messages = Vec::new();
    let mut link = failure;
    while let Some(failure) = link {
        messages.push(failure.message.clone());
        link = failure.cause.as_deref();
    }
    messages.join(" < ")
}

/// Checks that a first workflow task with these commands fails with this cause.
#[track_caller]
pub(crate) fn check_bad_commands(commands: Vec<Command>, expected: Cause) {
    let mut story = Story::begin();
    story.take_task();
    match story.complete_task(commands) {
        Err(Rejection::BadCommands { cause, .. }) => assert_eq!(cause, expected),
        other => panic!("{other:?}"),
    }
}

// === Commands ===

pub(crate) fn command(attributes: CommandAttributes) -> Command {
    Command {
        command_type: wrt_model::command::command_type(&attributes) as i32,
        attributes: Some(attributes),
        ..Default::default()
    }
}

pub(crate) fn activity(id: &str) -> Command {
    activity_with(id, |_| ())
}

pub(crate) fn activity_with(id: &str, change: impl FnOnce(&mut ScheduleActivityTaskCommandAttributes)) -> Command {
    let mut attributes = ScheduleActivityTaskCommandAttributes {
        activity_id: id.into(),
        activity_type: Some(ActivityType { name: "Reserve".into() }),
        start_to_close_timeout: Some(proto_span(Duration::from_secs(60))),
        retry_policy: Some(RetryPolicy {
            maximum_attempts: 3,
            ..Default::default()
        }),
        ..Default::default()
    };
    change(&mut attributes);
    command(CommandAttributes::ScheduleActivityTaskCommandAttributes(attributes))
}

pub(crate) fn cancel_activity(scheduled_event_id: i64) -> Command {
    command(CommandAttributes::RequestCancelActivityTaskCommandAttributes(
        RequestCancelActivityTaskCommandAttributes { scheduled_event_id },
    ))
}

pub(crate) fn timer(id: &str, span: Duration) -> Command {
    command(CommandAttributes::StartTimerCommandAttributes(
        StartTimerCommandAttributes {
            timer_id: id.into(),
            start_to_fire_timeout: Some(proto_span(span)),
        },
    ))
}

pub(crate) fn cancel_timer(id: &str) -> Command {
    command(CommandAttributes::CancelTimerCommandAttributes(
        CancelTimerCommandAttributes { timer_id: id.into() },
    ))
}

pub(crate) fn complete() -> Command {
    command(CommandAttributes::CompleteWorkflowExecutionCommandAttributes(
        CompleteWorkflowExecutionCommandAttributes::default(),
    ))
}

pub(crate) fn fail(failure_type: &str) -> Command {
    command(CommandAttributes::FailWorkflowExecutionCommandAttributes(
        FailWorkflowExecutionCommandAttributes {
            failure: Some(oops(failure_type)),
        },
    ))
}

pub(crate) fn cancel() -> Command {
    command(CommandAttributes::CancelWorkflowExecutionCommandAttributes(
        CancelWorkflowExecutionCommandAttributes::default(),
    ))
}

pub(crate) fn oops(failure_type: &str) -> Failure {
    failure::application("went wrong", failure_type, false)
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
