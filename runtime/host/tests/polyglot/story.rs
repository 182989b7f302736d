//! A run without a server: writes the history that a server would write, and shows it to an instance of the guest.

use std::time::Duration;

use serde_json::Value;
use wrt_host::{QueryFailure, RunIdentity, TaskFailure, WorkflowInstance, WorkflowModule};
use wrt_model::{
    Time, history, payload,
    proto::{Command, CommandAttributes, EventAttributes, Failure, HistoryEvent, Payloads, WorkflowType, history::*},
    time,
};

/// When every run starts: 2026-03-01T12:00:00.250Z.
pub(crate) const START: Time = Time::from_nanos(1_772_366_400_250_000_000);

/// The time between two events that follow each other.
const STEP: Duration = Duration::from_secs(2);

/// A run: its history, and the instance that has seen all of it.
pub(crate) struct Story {
    module: WorkflowModule,
    identity: RunIdentity,
    instance: WorkflowInstance,
    history: Vec<HistoryEvent>,
    now: Time,
    /// Events that the instance has seen.
    seen: usize,
}

impl Story {
    /// Starts a run whose randomness is seeded by `run_id`; no task has run yet.
    pub(crate) async fn start(module: &WorkflowModule, run_id: &str, workflow_type: &str, input: &str) -> Story {
        let identity = RunIdentity {
            namespace: "default".to_owned(),
            workflow_id: "polyglot".to_owned(),
            run_id: run_id.to_owned(),
            original_execution_run_id: run_id.to_owned(),
            start_time: START,
        };
        let mut story = Story {
            module: module.clone(),
            instance: module.instantiate(identity.clone()).expect("instantiate"),
            identity,
            history: Vec::new(),
            now: START,
            seen: 0,
        };
        story.append(EventAttributes::WorkflowExecutionStartedEventAttributes(
            WorkflowExecutionStartedEventAttributes {
                workflow_type: Some(WorkflowType {
                    name: workflow_type.to_owned(),
                }),
                input: json(input),
                original_execution_run_id: run_id.to_owned(),
                first_execution_run_id: run_id.to_owned(),
                attempt: 1,
                ..Default::default()
            },
        ));
        story
    }

    // === What happens outside ===

    /// The activity `Greet` has come to its end.
    pub(crate) fn activity_completed(&mut self, result: &str) -> &mut Self {
        let scheduled_event_id = self.event_of(is_scheduled);
        let attributes = ActivityTaskCompletedEventAttributes {
            result: json(result),
            scheduled_event_id,
            ..Default::default()
        };
        self.append(EventAttributes::ActivityTaskCompletedEventAttributes(attributes))
    }

    /// The activity `Greet` has failed for good.
    pub(crate) fn activity_failed(&mut self, failure: Failure) -> &mut Self {
        let scheduled_event_id = self.event_of(is_scheduled);
        let attributes = ActivityTaskFailedEventAttributes {
            failure: Some(failure),
            scheduled_event_id,
            ..Default::default()
        };
        self.append(EventAttributes::ActivityTaskFailedEventAttributes(attributes))
    }

    /// The nap is over.
    pub(crate) fn timer_fired(&mut self) -> &mut Self {
        let started_event_id = self.event_of(is_timer);
        let attributes = TimerFiredEventAttributes {
            timer_id: "2".to_owned(),
            started_event_id,
        };
        self.append(EventAttributes::TimerFiredEventAttributes(attributes))
    }

    /// Somebody sends a signal.
    pub(crate) fn signaled(&mut self, name: &str, input: &str) -> &mut Self {
        let attributes = WorkflowExecutionSignaledEventAttributes {
            signal_name: name.to_owned(),
            input: json(input),
            ..Default::default()
        };
        self.append(EventAttributes::WorkflowExecutionSignaledEventAttributes(attributes))
    }

    /// Somebody asks for the cancellation.
    pub(crate) fn cancel_requested(&mut self) -> &mut Self {
        let attributes = WorkflowExecutionCancelRequestedEventAttributes {
            cause: "no longer needed".to_owned(),
            ..Default::default()
        };
        self.append(EventAttributes::WorkflowExecutionCancelRequestedEventAttributes(
            attributes,
        ))
    }

    // === What the guest does ===

    /// Runs a workflow task, and writes down what it issues.
    pub(crate) fn task(&mut self) -> Result<Vec<CommandAttributes>, TaskFailure> {
        self.append(EventAttributes::WorkflowTaskScheduledEventAttributes(Default::default()));
        let scheduled_event_id = self.last_event_id();
        self.append(EventAttributes::WorkflowTaskStartedEventAttributes(
            WorkflowTaskStartedEventAttributes {
                scheduled_event_id,
                ..Default::default()
            },
        ));
        let started_event_id = self.last_event_id();
        let commands = self.instance.activate(&self.history[self.seen..], Vec::new())?.commands;
        self.seen = self.history.len();
        self.append(EventAttributes::WorkflowTaskCompletedEventAttributes(
            WorkflowTaskCompletedEventAttributes {
                scheduled_event_id,
                started_event_id,
                ..Default::default()
            },
        ));
        let commands: Vec<_> = commands.into_iter().map(attributes).collect();
        for command in &commands {
            self.append(event_of_command(command, &self.history));
        }
        Ok(commands)
    }

    /// Asks in an instance that is made of the history alone, so that every question is a replay too.
    pub(crate) fn query(&self, name: &str) -> Result<Value, QueryFailure> {
        let answer = self.replayed().query(name, None, None)?;
        Ok(value(answer.as_ref()))
    }

    /// An instance that has replayed the history, each command compared with its event.
    pub(crate) fn replayed(&self) -> WorkflowInstance {
        self.replay().expect("replay the history")
    }

    /// Replays the history, which may say something else than the guest does.
    pub(crate) fn replay(&self) -> Result<WorkflowInstance, TaskFailure> {
        let mut instance = self.module.instantiate(self.identity.clone()).expect("instantiate");
        instance.replay(&self.history)?;
        Ok(instance)
    }

    /// Pretends that the run began with another input.
    pub(crate) fn rewrite_input(&mut self, input: &str) {
        let Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) = &mut self.history[0].attributes
        else {
            panic!("a history begins with the start");
        };
        started.input = json(input);
    }

    // === The history ===

    fn append(&mut self, attributes: EventAttributes) -> &mut Self {
        self.history.push(HistoryEvent {
            event_id: self.last_event_id() + 1,
            event_time: Some(self.now.into()),
            event_type: history::event_type(&attributes).into(),
            attributes: Some(attributes),
            ..Default::default()
        });
        self.now = self.now.plus(STEP);
        self
    }

    fn last_event_id(&self) -> i64 {
        i64::try_from(self.history.len()).expect("a test's history is short")
    }

    fn event_of(&self, is_it: fn(&EventAttributes) -> bool) -> i64 {
        event_id(&self.history, is_it)
    }
}

/// JSON text as the payloads of an event.
pub(crate) fn json(text: &str) -> Option<Payloads> {
    payload::payloads(vec![payload::json(text)])
}

/// The value of the only payload.
pub(crate) fn value(payloads: Option<&Payloads>) -> Value {
    let [payload] = &payloads.expect("there are payloads").payloads[..] else {
        panic!("expected one payload: {payloads:?}");
    };
    assert_eq!(payload.metadata[payload::ENCODING], b"json/plain");
    serde_json::from_slice(&payload.data).expect("JSON")
}

// === Commands to events ===

fn attributes(command: Command) -> CommandAttributes {
    command.attributes.expect("a command has attributes")
}

/// The event that a server writes for a command, as far as replay reads it.
fn event_of_command(command: &CommandAttributes, history: &[HistoryEvent]) -> EventAttributes {
    use CommandAttributes as C;
    use EventAttributes as E;
    match command.clone() {
        C::ScheduleActivityTaskCommandAttributes(command) => {
            E::ActivityTaskScheduledEventAttributes(ActivityTaskScheduledEventAttributes {
                activity_id: command.activity_id,
                activity_type: command.activity_type,
                task_queue: command.task_queue,
                input: command.input,
                header: command.header,
                ..Default::default()
            })
        }
        C::RequestCancelActivityTaskCommandAttributes(command) => {
            E::ActivityTaskCancelRequestedEventAttributes(ActivityTaskCancelRequestedEventAttributes {
                scheduled_event_id: command.scheduled_event_id,
                ..Default::default()
            })
        }
        C::StartTimerCommandAttributes(command) => E::TimerStartedEventAttributes(TimerStartedEventAttributes {
            timer_id: command.timer_id,
            start_to_fire_timeout: command.start_to_fire_timeout,
            ..Default::default()
        }),
        C::CancelTimerCommandAttributes(command) => E::TimerCanceledEventAttributes(TimerCanceledEventAttributes {
            timer_id: command.timer_id,
            started_event_id: event_id(history, is_timer),
            ..Default::default()
        }),
        C::CompleteWorkflowExecutionCommandAttributes(command) => {
            E::WorkflowExecutionCompletedEventAttributes(WorkflowExecutionCompletedEventAttributes {
                result: command.result,
                ..Default::default()
            })
        }
        C::FailWorkflowExecutionCommandAttributes(command) => {
            E::WorkflowExecutionFailedEventAttributes(WorkflowExecutionFailedEventAttributes {
                failure: command.failure,
                ..Default::default()
            })
        }
        C::CancelWorkflowExecutionCommandAttributes(command) => {
            E::WorkflowExecutionCanceledEventAttributes(WorkflowExecutionCanceledEventAttributes {
                details: command.details,
                ..Default::default()
            })
        }
        other => panic!("the contract has no command for {other:?}"),
    }
}

fn event_id(history: &[HistoryEvent], is_it: fn(&EventAttributes) -> bool) -> i64 {
    let event = history
        .iter()
        .find(|event| event.attributes.as_ref().is_some_and(is_it));
    event.expect("the event is there").event_id
}

fn is_scheduled(attributes: &EventAttributes) -> bool {
    matches!(attributes, EventAttributes::ActivityTaskScheduledEventAttributes(_))
}

fn is_timer(attributes: &EventAttributes) -> bool {
    matches!(attributes, EventAttributes::TimerStartedEventAttributes(_))
}

/// The span of a protobuf duration that has to be set.
pub(crate) fn span(duration: Option<&prost_types::Duration>) -> Duration {
    time::span(duration.expect("the duration is set"))
}
