//! A run as the server would lead it: a history that grows by what happens and by what the workflow decides.

use prost_types::{Duration, Timestamp};
use wrt_host::{Host, LocalActivityEnd, RunIdentity, TaskFailure, WorkflowInstance, WorkflowModule};
use wrt_model::{
    Time, failure,
    proto::{
        ActivityType, Command, CommandAttributes, EventAttributes, Failure, HistoryEvent, Payloads, TaskQueue,
        WorkflowType, history as h,
    },
};

use crate::support::{self, HOST, guest, text};

/// The time of event 1. Each later event comes a second after the one before.
pub(crate) const START: i64 = 1_700_000_000_000_000_000;
pub(crate) const SECOND: i64 = 1_000_000_000;

pub(crate) struct Story {
    pub(crate) events: Vec<HistoryEvent>,
    pub(crate) module: WorkflowModule,
    pub(crate) instance: WorkflowInstance,
    now: i64,
}

pub(crate) fn identity() -> RunIdentity {
    RunIdentity {
        namespace: "default".to_owned(),
        workflow_id: "order-1".to_owned(),
        run_id: "run-1".to_owned(),
        original_execution_run_id: "run-1".to_owned(),
        start_time: Time::from_nanos(START),
    }
}

impl Story {
    /// A new run of the contract guest with this script.
    pub(crate) async fn of(script: &str) -> Story {
        Self::on(&HOST, script).await
    }

    pub(crate) async fn on(host: &Host, script: &str) -> Story {
        let module = support::workflow(host, &guest("contract-guest")).await;
        Self::begin(module, "Scripted", script)
    }

    /// A new run of a workflow, with this input.
    pub(crate) fn begin(module: WorkflowModule, workflow_type: &str, input: &str) -> Story {
        let instance = module.instantiate(identity()).unwrap();
        let mut story = Story {
            events: Vec::new(),
            module,
            instance,
            now: START,
        };
        story.push(EventAttributes::WorkflowExecutionStartedEventAttributes(started(
            workflow_type,
            input,
        )));
        story
    }

    /// Appends an event.
    pub(crate) fn push(&mut self, attributes: EventAttributes) -> i64 {
        let event_id = i64::try_from(self.events.len()).unwrap() + 1;
        self.events.push(HistoryEvent {
            event_id,
            event_time: Some(Timestamp::from(Time::from_nanos(self.now))),
            event_type: wrt_model::history::event_type(&attributes).into(),
            attributes: Some(attributes),
            ..Default::default()
        });
        self.now += SECOND;
        event_id
    }

    /// Starts a workflow task; returns the id of its `started` event.
    pub(crate) fn start_task(&mut self) -> i64 {
        let scheduled_event_id = self.push(EventAttributes::WorkflowTaskScheduledEventAttributes(Default::default()));
        self.push(EventAttributes::WorkflowTaskStartedEventAttributes(
            h::WorkflowTaskStartedEventAttributes {
                scheduled_event_id,
                ..Default::default()
            },
        ))
    }

    /// Runs a workflow task and writes down what came of it.
    pub(crate) fn task(&mut self) -> Result<Vec<Command>, TaskFailure> {
        let started_event_id = self.start_task();
        let unseen = usize::try_from(self.instance.last_event_id()).unwrap();
        let commands = self.instance.activate(&self.events[unseen..], Vec::new())?.commands;
        self.complete_task(started_event_id, &commands);
        Ok(commands)
    }

    /// Runs a workflow task with local activities, which end in this order, and writes down what came of it.
    pub(crate) fn task_with(&mut self, ends: impl IntoIterator<Item = LocalActivityEnd>) -> Vec<Command> {
        let started_event_id = self.start_task();
        let unseen = usize::try_from(self.instance.last_event_id()).unwrap();
        let activated = self.instance.activate(&self.events[unseen..], Vec::new());
        let mut commands = activated.unwrap().commands;
        for end in ends {
            commands.append(&mut self.instance.end_local_activity(end).unwrap().commands);
        }
        self.complete_task(started_event_id, &commands);
        commands
    }

    /// Runs a workflow task that has to succeed.
    pub(crate) fn go(&mut self) -> Vec<Command> {
        self.task().unwrap()
    }

    /// Runs a workflow task that has to fail; returns message and stack trace.
    pub(crate) fn fails(&mut self) -> TaskFailure {
        let failed = self.task().unwrap_err();
        assert!(self.instance.is_tainted());
        failed
    }

    pub(crate) fn complete_task(&mut self, started_event_id: i64, commands: &[Command]) {
        self.push(EventAttributes::WorkflowTaskCompletedEventAttributes(
            h::WorkflowTaskCompletedEventAttributes {
                started_event_id,
                ..Default::default()
            },
        ));
        for command in commands {
            let attributes = event_of(self, command);
            self.push(attributes);
        }
    }

    // === What happens outside ===

    pub(crate) fn signal(&mut self, name: &str, input: &str) {
        self.push(EventAttributes::WorkflowExecutionSignaledEventAttributes(
            h::WorkflowExecutionSignaledEventAttributes {
                signal_name: name.to_owned(),
                input: text(input),
                identity: "tester".to_owned(),
                ..Default::default()
            },
        ));
    }

    pub(crate) fn request_cancel(&mut self, cause: &str) {
        self.push(EventAttributes::WorkflowExecutionCancelRequestedEventAttributes(
            h::WorkflowExecutionCancelRequestedEventAttributes {
                cause: cause.to_owned(),
                ..Default::default()
            },
        ));
    }

    pub(crate) fn fire(&mut self, timer_id: &str) {
        let started_event_id = self.find(|attributes| {
            matches!(attributes, EventAttributes::TimerStartedEventAttributes(timer) if timer.timer_id == timer_id)
        });
        self.push(EventAttributes::TimerFiredEventAttributes(
            h::TimerFiredEventAttributes {
                timer_id: timer_id.to_owned(),
                started_event_id,
            },
        ));
    }

    pub(crate) fn complete(&mut self, activity_id: &str, result: Option<Payloads>) {
        let scheduled_event_id = self.scheduled(activity_id);
        let started_event_id = self.start_activity(scheduled_event_id);
        self.push(EventAttributes::ActivityTaskCompletedEventAttributes(
            h::ActivityTaskCompletedEventAttributes {
                result,
                scheduled_event_id,
                started_event_id,
                ..Default::default()
            },
        ));
    }

    pub(crate) fn fail(&mut self, activity_id: &str, failure: Failure) {
        let scheduled_event_id = self.scheduled(activity_id);
        let started_event_id = self.start_activity(scheduled_event_id);
        self.push(EventAttributes::ActivityTaskFailedEventAttributes(
            h::ActivityTaskFailedEventAttributes {
                failure: Some(failure),
                scheduled_event_id,
                started_event_id,
                identity: "worker-7".to_owned(),
                retry_state: wrt_model::proto::enums::RetryState::MaximumAttemptsReached.into(),
                ..Default::default()
            },
        ));
    }

    pub(crate) fn time_out(&mut self, activity_id: &str) {
        let scheduled_event_id = self.scheduled(activity_id);
        self.push(EventAttributes::ActivityTaskTimedOutEventAttributes(
            h::ActivityTaskTimedOutEventAttributes {
                failure: Some(failure::timeout(
                    wrt_model::proto::enums::TimeoutType::Heartbeat,
                    text("half"),
                )),
                scheduled_event_id,
                retry_state: wrt_model::proto::enums::RetryState::Timeout.into(),
                ..Default::default()
            },
        ));
    }

    pub(crate) fn cancel_activity(&mut self, activity_id: &str, details: &str) {
        let scheduled_event_id = self.scheduled(activity_id);
        self.push(EventAttributes::ActivityTaskCanceledEventAttributes(
            h::ActivityTaskCanceledEventAttributes {
                details: text(details),
                scheduled_event_id,
                ..Default::default()
            },
        ));
    }

    fn start_activity(&mut self, scheduled_event_id: i64) -> i64 {
        self.push(EventAttributes::ActivityTaskStartedEventAttributes(
            h::ActivityTaskStartedEventAttributes {
                scheduled_event_id,
                ..Default::default()
            },
        ))
    }

    fn scheduled(&self, activity_id: &str) -> i64 {
        self.find(|attributes| {
            matches!(
                attributes,
                EventAttributes::ActivityTaskScheduledEventAttributes(activity) if activity.activity_id == activity_id
            )
        })
    }

    fn find(&self, wanted: impl Fn(&EventAttributes) -> bool) -> i64 {
        let found = self.events.iter().rev();
        found
            .filter(|event| event.attributes.as_ref().is_some_and(&wanted))
            .map(|event| event.event_id)
            .next()
            .expect("the history has the event")
    }

    // === Looking ===

    /// The state rebuilt from the history, in an instance of its own.
    pub(crate) fn replayed(&self) -> Result<WorkflowInstance, TaskFailure> {
        let mut instance = self.module.instantiate(identity()).unwrap();
        instance.replay(&self.events)?;
        Ok(instance)
    }

    /// Why the history does not replay.
    pub(crate) fn diverges(&self) -> TaskFailure {
        match self.replayed() {
            Ok(_) => panic!("the history replays"),
            Err(failed) => failed,
        }
    }

    /// What the workflow noted, by replay. The instance that ran it must have noted the same.
    pub(crate) fn transcript(&mut self) -> String {
        let lived = transcript(&mut self.instance);
        let replayed = transcript(&mut self.replayed().unwrap());
        assert_eq!(lived, replayed);
        replayed
    }
}

pub(crate) fn transcript(instance: &mut WorkflowInstance) -> String {
    let answer = instance.query("transcript", None, None).unwrap();
    support::show(answer.as_ref())
}

fn started(workflow_type: &str, input: &str) -> h::WorkflowExecutionStartedEventAttributes {
    h::WorkflowExecutionStartedEventAttributes {
        workflow_type: Some(WorkflowType {
            name: workflow_type.to_owned(),
        }),
        task_queue: Some(TaskQueue {
            name: "orders".to_owned(),
            ..Default::default()
        }),
        input: text(input),
        original_execution_run_id: "run-1".to_owned(),
        first_execution_run_id: "run-1".to_owned(),
        attempt: 1,
        workflow_task_timeout: Some(Duration { seconds: 10, nanos: 0 }),
        ..Default::default()
    }
}

/// The event that the server writes for a command, with the timeouts that it fills in.
fn event_of(story: &Story, command: &Command) -> EventAttributes {
    use CommandAttributes as C;
    use EventAttributes as E;
    match command.attributes.clone().unwrap() {
        C::ScheduleActivityTaskCommandAttributes(command) => {
            E::ActivityTaskScheduledEventAttributes(h::ActivityTaskScheduledEventAttributes {
                activity_id: command.activity_id,
                activity_type: Some(ActivityType {
                    name: command.activity_type.unwrap().name,
                }),
                task_queue: command.task_queue,
                header: command.header,
                input: command.input,
                schedule_to_close_timeout: Some(Duration::default()),
                ..Default::default()
            })
        }
        C::RequestCancelActivityTaskCommandAttributes(command) => {
            E::ActivityTaskCancelRequestedEventAttributes(h::ActivityTaskCancelRequestedEventAttributes {
                scheduled_event_id: command.scheduled_event_id,
                ..Default::default()
            })
        }
        C::StartTimerCommandAttributes(command) => E::TimerStartedEventAttributes(h::TimerStartedEventAttributes {
            timer_id: command.timer_id,
            start_to_fire_timeout: command.start_to_fire_timeout,
            ..Default::default()
        }),
        C::RecordMarkerCommandAttributes(command) => {
            E::MarkerRecordedEventAttributes(h::MarkerRecordedEventAttributes {
                marker_name: command.marker_name,
                details: command.details,
                failure: command.failure,
                ..Default::default()
            })
        }
        C::CancelTimerCommandAttributes(command) => {
            let started_event_id = story.find(|attributes| {
                matches!(
                    attributes,
                    E::TimerStartedEventAttributes(timer) if timer.timer_id == command.timer_id
                )
            });
            E::TimerCanceledEventAttributes(h::TimerCanceledEventAttributes {
                timer_id: command.timer_id,
                started_event_id,
                ..Default::default()
            })
        }
        C::CompleteWorkflowExecutionCommandAttributes(command) => {
            E::WorkflowExecutionCompletedEventAttributes(h::WorkflowExecutionCompletedEventAttributes {
                result: command.result,
                ..Default::default()
            })
        }
        C::FailWorkflowExecutionCommandAttributes(command) => {
            E::WorkflowExecutionFailedEventAttributes(h::WorkflowExecutionFailedEventAttributes {
                failure: command.failure,
                ..Default::default()
            })
        }
        C::CancelWorkflowExecutionCommandAttributes(command) => {
            E::WorkflowExecutionCanceledEventAttributes(h::WorkflowExecutionCanceledEventAttributes {
                details: command.details,
                ..Default::default()
            })
        }
        C::StartChildWorkflowExecutionCommandAttributes(command) => {
            E::StartChildWorkflowExecutionInitiatedEventAttributes(
                h::StartChildWorkflowExecutionInitiatedEventAttributes {
                    workflow_id: command.workflow_id,
                    workflow_type: command.workflow_type,
                    input: command.input,
                    header: command.header,
                    ..Default::default()
                },
            )
        }
        other => panic!("no command of the contract: {other:?}"),
    }
}

/// Commands in short.
pub(crate) fn show(commands: &[Command]) -> Vec<String> {
    use CommandAttributes as C;
    let one = |command: &Command| match command.attributes.as_ref().unwrap() {
        C::ScheduleActivityTaskCommandAttributes(command) => format!(
            "schedule {} {} on {} {}",
            command.activity_id,
            command.activity_type.as_ref().unwrap().name,
            command.task_queue.as_ref().unwrap().name,
            support::show(command.input.as_ref()),
        )
        .trim_end()
        .to_owned(),
        C::RequestCancelActivityTaskCommandAttributes(command) => {
            format!("cancel activity of event {}", command.scheduled_event_id)
        }
        C::StartTimerCommandAttributes(command) => format!(
            "timer {} {}s",
            command.timer_id,
            command.start_to_fire_timeout.as_ref().unwrap().seconds
        ),
        C::CancelTimerCommandAttributes(command) => format!("cancel timer {}", command.timer_id),
        C::CompleteWorkflowExecutionCommandAttributes(command) => {
            format!("complete {}", support::show(command.result.as_ref()))
        }
        C::FailWorkflowExecutionCommandAttributes(command) => {
            format!("fail {}", command.failure.as_ref().unwrap().message)
        }
        C::CancelWorkflowExecutionCommandAttributes(_) => "canceled".to_owned(),
        C::RecordMarkerCommandAttributes(command) => format!("marker {}", command.marker_name),
        C::StartChildWorkflowExecutionCommandAttributes(command) => format!(
            "child {} {}",
            command.workflow_id,
            support::show(command.input.as_ref())
        ),
        other => panic!("no command of the contract: {other:?}"),
    };
    commands.iter().map(one).collect()
}
