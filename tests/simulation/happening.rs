//! What comes from outside, whether or not it fits: twice, late, or about something that never was.

use std::time::Duration;

use proptest::{prelude::*, sample::select};
use wrt_machine::{
    ActivityClose, ActivityReset, ActivitySelector, ActivityStart, ActivityUnpause, ChildClose, ExternalAnswer,
    ExternalOutcome, Jitter, Rejection, Signal,
};
use wrt_model::{
    failure,
    proto::{
        enums::{EventType, RetryState, StartChildWorkflowExecutionFailedCause as NotStarted},
        update,
    },
    run::Pause,
};

use crate::{
    script::UPDATES,
    simulation::{Simulation, text},
};

/// Something that happens to a run. An index names one of the things that its history has asked for, open or not.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    /// The same request again is the same signal.
    Signal {
        name: &'static str,
        request: u8,
    },
    RequestCancel {
        request: u8,
    },
    Terminate,
    Update {
        id: u8,
    },
    /// A worker reports about an activity.
    Activity(usize, Report),
    PauseActivities,
    UnpauseActivities,
    ResetActivities,
    /// A child answers its parent.
    Child(usize, Answer),
    /// Another workflow was found, or not.
    External(usize, bool),
    Pause,
    Unpause,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Report {
    Start,
    /// It has gone away before it began.
    Return,
    Heartbeat(Token),
    Close(Token, Outcome),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Started,
    NotStarted,
    Closed(Outcome),
}

/// Which attempt a worker speaks of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Token {
    Current,
    /// The one before, if there was one.
    Stale,
    /// Whichever is current: the worker knows the activity's id alone.
    Any,
}

/// How something ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    Completed,
    Failed,
    FailedForGood,
    Canceled,
    TimedOut,
    Terminated,
}

pub(crate) fn happening() -> impl Strategy<Value = Happening> {
    let index = || 0..4_usize;
    let token = || select(vec![Token::Current, Token::Current, Token::Stale, Token::Any]);
    let outcome = || {
        use Outcome as O;
        select(vec![
            O::Completed,
            O::Failed,
            O::FailedForGood,
            O::Canceled,
            O::TimedOut,
            O::Terminated,
        ])
    };
    let signal = select(vec![
        "s0",
        "s0",
        "s1",
        "s1",
        "s2",
        "s2",
        "answer-u0",
        "answer-u1",
        "unknown",
    ]);
    prop_oneof![
        24 => (signal, 0..4_u8).prop_map(|(name, request)| Happening::Signal { name, request }),
        6 => (0..3_u8).prop_map(|request| Happening::RequestCancel { request }),
        1 => Just(Happening::Terminate),
        18 => (0..UPDATES).prop_map(|id| Happening::Update { id }),
        27 => index().prop_map(|index| Happening::Activity(index, Report::Start)),
        3 => index().prop_map(|index| Happening::Activity(index, Report::Return)),
        9 => (index(), token()).prop_map(|(index, token)| Happening::Activity(index, Report::Heartbeat(token))),
        30 => (index(), token(), outcome())
            .prop_map(|(index, token, outcome)| Happening::Activity(index, Report::Close(token, outcome))),
        3 => Just(Happening::PauseActivities),
        6 => Just(Happening::UnpauseActivities),
        3 => Just(Happening::ResetActivities),
        15 => index().prop_map(|index| Happening::Child(index, Answer::Started)),
        6 => index().prop_map(|index| Happening::Child(index, Answer::NotStarted)),
        18 => (index(), outcome()).prop_map(|(index, outcome)| Happening::Child(index, Answer::Closed(outcome))),
        18 => (index(), any::<bool>()).prop_map(|(index, found)| Happening::External(index, found)),
        3 => Just(Happening::Pause),
        9 => Just(Happening::Unpause),
    ]
}

impl Simulation<'_> {
    /// Lets them happen, one after the other.
    pub(crate) fn happen_all(&mut self, happenings: &[Happening]) {
        for happening in happenings {
            self.happen(happening);
        }
    }

    /// Lets it happen. What is turned away changes nothing, so nobody has to know.
    fn happen(&mut self, happening: &Happening) {
        use Happening as H;
        let _turned_away = match *happening {
            H::Signal { name, request } => {
                let signal = Signal {
                    name: name.to_owned(),
                    input: text("7"),
                    request_id: if request == 0 {
                        String::new()
                    } else {
                        format!("{name}-{request}")
                    },
                    ..Default::default()
                };
                self.decide(|turn| turn.signal(signal))
            }
            H::RequestCancel { request } => {
                let request_id = format!("cancel-{request}");
                self.decide(|turn| {
                    turn.request_cancel("enough".into(), "me".into(), request_id);
                    Ok(())
                })
            }
            H::Terminate => self.decide(|turn| turn.terminate("enough".into(), None, "me".into())),
            H::Update { id } => return self.receive_update(&format!("u{id}")),
            H::Activity(index, report) => self.report(index, report),
            H::PauseActivities => self.decide(|turn| turn.pause_activities(&ActivitySelector::All, &Pause::default())),
            H::UnpauseActivities => {
                self.decide(|turn| turn.unpause_activities(&ActivitySelector::All, ActivityUnpause::default()))
            }
            H::ResetActivities => self.decide(|turn| {
                let jitter = Jitter {
                    span: Duration::from_secs(3),
                    seed: 7,
                };
                turn.reset_activities(
                    &ActivitySelector::All,
                    ActivityReset {
                        jitter,
                        ..Default::default()
                    },
                )
            }),
            H::Child(index, answer) => return self.answer(index, answer),
            H::External(index, found) => return self.resolve(index, found),
            H::Pause => self.decide(|turn| turn.pause_workflow("me".into(), "why".into(), String::new())),
            H::Unpause => self.decide(|turn| turn.unpause_workflow("me".into(), "why".into(), String::new())),
        };
    }

    /// An update comes. One that the run knows, or that waits already, is not brought again.
    fn receive_update(&mut self, id: &str) {
        let run = &self.state.run;
        let waits = self.state.updates.iter().any(|update| update_id(update) == id);
        if !waits && run.is_open() && !run.is_paused() && !run.updates.contains_key(id) {
            self.state.updates.push(update::Request {
                meta: Some(update::Meta {
                    update_id: id.to_owned(),
                    identity: "me".to_owned(),
                }),
                input: Some(update::Input {
                    name: id.to_owned(),
                    args: text("7"),
                    ..Default::default()
                }),
                ..Default::default()
            });
        }
    }

    fn report(&mut self, index: usize, report: Report) -> Result<(), Rejection> {
        let Some(id) = self.nth(index, &[EventType::ActivityTaskScheduled]) else {
            return Ok(());
        };
        let current = self
            .state
            .run
            .activities
            .get(&id)
            .map_or(1, |activity| activity.attempt);
        let attempt = |token| match token {
            Token::Current => current,
            Token::Stale => (current - 1).max(1),
            Token::Any => 0,
        };
        let poll = format!("poll-{id}-{current}");
        self.decide(|turn| match report {
            Report::Start => turn.start_activity(ActivityStart {
                scheduled_event_id: id,
                attempt: current,
                identity: "worker".into(),
                request_id: poll,
                in_process: false,
                version: None,
            }),
            Report::Return => turn.return_activity(id, current, &poll),
            Report::Heartbeat(token) => turn.heartbeat_activity(id, attempt(token), text("half")).map(drop),
            Report::Close(token, outcome) => turn.close_activity(id, attempt(token), "worker", activity_close(outcome)),
        })
    }

    fn answer(&mut self, index: usize, answer: Answer) {
        let Some(id) = self.nth(index, &[EventType::StartChildWorkflowExecutionInitiated]) else {
            return;
        };
        let run_id = format!("run-of-{id}");
        self.decide_surely(|turn| match answer {
            Answer::Started => turn.child_started(id, run_id, None),
            Answer::NotStarted => turn.child_start_failed(id, NotStarted::WorkflowAlreadyExists, String::new()),
            Answer::Closed(outcome) => turn.child_closed(id, run_id, child_close(outcome)),
        });
    }

    fn resolve(&mut self, index: usize, found: bool) {
        let asked = [
            EventType::SignalExternalWorkflowExecutionInitiated,
            EventType::RequestCancelExternalWorkflowExecutionInitiated,
        ];
        if let Some(id) = self.nth(index, &asked) {
            let outcome = match found {
                true => ExternalOutcome::Taken,
                false => ExternalOutcome::NotFound,
            };
            let answer = ExternalAnswer {
                outcome,
                namespace: String::new(),
                control: String::new(),
            };
            self.decide_surely(|turn| turn.external_request_resolved(id, answer));
        }
    }

    /// The event of one of these kinds at this index, counted round and round.
    fn nth(&self, index: usize, kinds: &[EventType]) -> Option<i64> {
        let asked = self
            .state
            .events
            .iter()
            .filter(|event| kinds.contains(&event.event_type()));
        let ids: Vec<i64> = asked.map(|event| event.event_id).collect();
        Some(ids[index.checked_rem(ids.len())?])
    }
}

/// The id of an update.
pub(crate) fn update_id(request: &update::Request) -> &str {
    request.meta.as_ref().map_or("", |meta| &meta.update_id)
}

fn activity_close(outcome: Outcome) -> ActivityClose {
    let failed = |non_retryable| ActivityClose::Failed {
        failure: Box::new(failure::application("went wrong", "Oops", non_retryable)),
        last_heartbeat_details: None,
    };
    match outcome {
        Outcome::Completed => ActivityClose::Completed(text("done")),
        Outcome::Failed | Outcome::TimedOut => failed(false),
        Outcome::FailedForGood | Outcome::Terminated => failed(true),
        Outcome::Canceled => ActivityClose::Canceled(text("stopped")),
    }
}

fn child_close(outcome: Outcome) -> ChildClose {
    let failed = |retry_state| {
        let failure = failure::application("went wrong", "Oops", true);
        ChildClose::Failed(Box::new(failure), retry_state)
    };
    match outcome {
        Outcome::Completed => ChildClose::Completed(text("done")),
        Outcome::Failed => failed(RetryState::MaximumAttemptsReached),
        Outcome::FailedForGood => failed(RetryState::NonRetryableFailure),
        Outcome::Canceled => ChildClose::Canceled(text("stopped")),
        Outcome::TimedOut => ChildClose::TimedOut(RetryState::Timeout),
        Outcome::Terminated => ChildClose::Terminated,
    }
}
