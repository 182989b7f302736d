//! What holds whatever happens: random stories, thousands of them.

use proptest::prelude::*;
use wrt_machine::{
    ActivityClose, ActivityOptionsChange, ActivityReset, ActivitySelector, ActivityUnpause, ChildClose, Jitter,
    Rejection, Turn, next_deadline,
};
use wrt_model::{
    Run,
    proto::{
        Command, CommandAttributes,
        activity::ActivityOptions,
        command::{ModifyWorkflowPropertiesCommandAttributes, RecordMarkerCommandAttributes},
        enums::{
            ParentClosePolicy, StartChildWorkflowExecutionFailedCause as NotStarted, WorkflowTaskFailedCause as Cause,
        },
    },
    run::Pause,
    time::proto_span,
};

use crate::story::{
    Story, activity, cancel, cancel_activity, cancel_timer, command, complete, completion, fail, oops, seconds, timer,
};
use crate::{
    child_workflow::child_with,
    continuation::continue_as_new,
    external_workflow::{answer, cancel as cancel_external, signal as signal_external},
    update::{accept, refer, reject, respond},
};

/// Something that may happen, whether or not it fits.
#[derive(Clone, Debug)]
enum Happening {
    Wait(u64),
    Signal,
    RequestCancel,
    Terminate,
    TakeTask,
    CompleteTask(Vec<Deed>),
    FailTask,
    TakeActivity(usize),
    CloseActivity(usize, u8),
    /// Another run answers, perhaps twice, perhaps about something that is over.
    AnswerChild(i64, u8),
    AnswerExternal(i64, bool),
    /// A task for updates alone, which accepts, completes or rejects them.
    Update(u8, u8),
    /// An operator pauses, lets go on, resets or changes activities.
    ControlActivities(u8, u8),
    Pause,
    Unpause,
    Recover,
}

/// A command, whether or not it fits.
#[derive(Clone, Debug)]
enum Deed {
    Activity(u8),
    CancelActivity(usize),
    Timer(u8, u64),
    CancelTimer(u8),
    Child(u8, u8),
    SignalExternal(u8),
    CancelExternal(u8),
    Marker,
    Memo,
    ContinueAsNew,
    Complete,
    Fail,
    Cancel,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0..6_u8).prop_map(Deed::Activity),
        2 => (0..4_usize).prop_map(Deed::CancelActivity),
        4 => (0..6_u8, 0..20_u64).prop_map(|(id, span)| Deed::Timer(id, span)),
        2 => (0..6_u8).prop_map(Deed::CancelTimer),
        3 => (0..4_u8, 1..4_u8).prop_map(|(id, policy)| Deed::Child(id, policy)),
        2 => (0..4_u8).prop_map(Deed::SignalExternal),
        2 => (0..4_u8).prop_map(Deed::CancelExternal),
        1 => Just(Deed::Marker),
        1 => Just(Deed::Memo),
        1 => Just(Deed::ContinueAsNew),
        1 => Just(Deed::Complete),
        1 => Just(Deed::Fail),
        1 => Just(Deed::Cancel),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0..70_u64).prop_map(Happening::Wait),
        3 => Just(Happening::Signal),
        1 => Just(Happening::RequestCancel),
        1 => Just(Happening::Terminate),
        8 => Just(Happening::TakeTask),
        8 => prop::collection::vec(deed(), 0..4).prop_map(Happening::CompleteTask),
        2 => Just(Happening::FailTask),
        4 => (0..4_usize).prop_map(Happening::TakeActivity),
        4 => (0..4_usize, 0..4_u8).prop_map(|(which, how)| Happening::CloseActivity(which, how)),
        4 => (5..20_i64, 0..6_u8).prop_map(|(event_id, how)| Happening::AnswerChild(event_id, how)),
        3 => (5..20_i64, any::<bool>()).prop_map(|(event_id, found)| Happening::AnswerExternal(event_id, found)),
        2 => (0..4_u8, 0..3_u8).prop_map(|(id, how)| Happening::Update(id, how)),
        4 => (0..8_u8, 0..6_u8).prop_map(|(id, how)| Happening::ControlActivities(id, how)),
        2 => Just(Happening::Pause),
        4 => Just(Happening::Unpause),
        1 => Just(Happening::Recover),
    ]
}

impl Story {
    fn nth_activity(&self, index: usize) -> Option<i64> {
        self.run.activities.keys().nth(index).copied()
    }

    fn command(&self, deed: &Deed) -> Command {
        match deed {
            Deed::Activity(id) => activity(&id.to_string()),
            Deed::CancelActivity(index) => cancel_activity(self.nth_activity(*index).unwrap_or(999)),
            Deed::Timer(id, span) => timer(&id.to_string(), seconds(*span)),
            Deed::CancelTimer(id) => cancel_timer(&id.to_string()),
            Deed::Child(id, policy) => child_with(
                &id.to_string(),
                ParentClosePolicy::try_from(i32::from(*policy)).unwrap_or_default(),
            ),
            Deed::SignalExternal(id) => signal_external(&id.to_string()),
            Deed::CancelExternal(id) => cancel_external(&id.to_string()),
            Deed::Marker => command(CommandAttributes::RecordMarkerCommandAttributes(
                RecordMarkerCommandAttributes {
                    marker_name: "mark".into(),
                    ..Default::default()
                },
            )),
            Deed::Memo => command(CommandAttributes::ModifyWorkflowPropertiesCommandAttributes(
                ModifyWorkflowPropertiesCommandAttributes::default(),
            )),
            Deed::ContinueAsNew => continue_as_new(|_| ()),
            Deed::Complete => complete(),
            Deed::Fail => fail("Oops"),
            Deed::Cancel => cancel(),
        }
    }

    /// Lets it happen; returns false when it was turned away.
    fn happen(&mut self, happening: &Happening) -> bool {
        match happening {
            Happening::Wait(span) => {
                self.wait(seconds(*span));
                true
            }
            Happening::Signal => self
                .decide(|turn| {
                    turn.signal(wrt_machine::Signal {
                        name: "s".into(),
                        ..Default::default()
                    })
                })
                .is_ok(),
            Happening::RequestCancel => {
                let is_open = self.run.is_open();
                self.decide(|turn| turn.request_cancel(String::new(), String::new(), String::new()));
                is_open
            }
            Happening::Terminate => self
                .decide(|turn| turn.terminate(String::new(), None, String::new()))
                .is_ok(),
            Happening::TakeTask => {
                self.decide(|turn| turn.wants_workflow_task() && turn.start_workflow_task("w", "p").is_ok())
            }
            Happening::CompleteTask(deeds) => {
                let commands = deeds.iter().map(|deed| self.command(deed)).collect();
                self.complete_task(commands).is_ok()
            }
            Happening::FailTask => self
                .decide(|turn| turn.fail_workflow_task(Cause::WorkflowWorkerUnhandledFailure, None, "w"))
                .is_ok(),
            Happening::TakeActivity(index) => match self.nth_activity(*index) {
                Some(id) => {
                    let attempt = self.run.activities[&id].attempt;
                    self.try_take_activity(id, attempt, "p").is_ok()
                }
                None => false,
            },
            Happening::CloseActivity(index, how) => match self.nth_activity(*index) {
                Some(id) => {
                    let close = match how {
                        0 | 1 => ActivityClose::Completed(None),
                        2 => ActivityClose::Failed {
                            failure: Box::new(oops("Oops")),
                            last_heartbeat_details: None,
                        },
                        _ => ActivityClose::Canceled(None),
                    };
                    self.decide(|turn| turn.close_activity(id, 0, "w", close)).is_ok()
                }
                None => false,
            },
            Happening::AnswerChild(event_id, how) => {
                let (id, how) = (*event_id, *how);
                self.decide(|turn| match how {
                    0 | 1 => turn.child_started(id, "child-run".into(), None),
                    2 => turn.child_start_failed(id, NotStarted::WorkflowAlreadyExists, String::new()),
                    3 => turn.child_closed(id, "child-run".into(), ChildClose::Completed(None)),
                    4 => turn.child_closed(id, "child-run".into(), ChildClose::Terminated),
                    _ => turn.child_closed(id, "child-run".into(), ChildClose::Canceled(None)),
                });
                true
            }
            Happening::AnswerExternal(event_id, found) => {
                let (id, found) = (*event_id, *found);
                self.decide(|turn| turn.external_request_resolved(id, answer(found)));
                true
            }
            Happening::Update(id, how) => self.update(&id.to_string(), *how),
            Happening::ControlActivities(id, how) => self.control_activities(*id, *how).is_ok(),
            Happening::Pause => self
                .decide(|turn| turn.pause_workflow("me".into(), "why".into(), String::new()))
                .is_ok(),
            Happening::Unpause => self
                .decide(|turn| turn.unpause_workflow("me".into(), "why".into(), String::new()))
                .is_ok(),
            Happening::Recover => {
                self.decide(|turn| turn.recover());
                true
            }
        }
    }
}

impl Story {
    /// An id that no activity has stands for their type, or for all of them.
    fn control_activities(&mut self, id: u8, how: u8) -> Result<(), Rejection> {
        let which = match id {
            6 => ActivitySelector::Type("Reserve".into()),
            7 => ActivitySelector::All,
            id => ActivitySelector::Id(id.to_string()),
        };
        let jitter = Jitter {
            span: seconds(u64::from(how)),
            seed: 7,
        };
        self.decide(|turn| match how {
            0 | 1 => turn.pause_activities(&which, &Pause::default()),
            2 | 3 => {
                let unpause = ActivityUnpause {
                    reset_attempts: how == 3,
                    reset_heartbeat: how == 3,
                    jitter,
                };
                turn.unpause_activities(&which, unpause)
            }
            4 => {
                let reset = ActivityReset {
                    reset_heartbeat: true,
                    keep_paused: id.is_multiple_of(2),
                    restore_original_options: id.is_multiple_of(2),
                    jitter,
                };
                turn.reset_activities(&which, reset)
            }
            _ => {
                let options = ActivityOptions {
                    start_to_close_timeout: Some(proto_span(seconds(3))),
                    ..Default::default()
                };
                let change = ActivityOptionsChange::Merge {
                    options: Box::new(options),
                    paths: vec!["start_to_close_timeout".into()],
                };
                turn.update_activity_options(&which, &change).map(drop)
            }
        })
    }

    /// A task for an update alone. One that fails leaves nothing but its failure.
    fn update(&mut self, id: &str, how: u8) -> bool {
        if !self.decide(|turn| turn.start_speculative_workflow_task("w")) {
            return false;
        }
        let (messages, commands) = match how {
            0 => (vec![reject(id)], Vec::new()),
            1 => (vec![accept(id)], vec![refer(&accept(id))]),
            _ => (vec![respond(id)], vec![refer(&respond(id))]),
        };
        let done = self.decide(|turn| turn.complete_workflow_task(completion(commands, messages)));
        if done.is_err() {
            self.decide(|turn| turn.fail_workflow_task(Cause::BadUpdateWorkflowExecutionMessage, None, "w"))
                .expect("it was started");
        }
        true
    }
}

fn check(story: &Story) {
    let history = story.history();
    for (index, event) in story.events.iter().enumerate() {
        assert_eq!(event.event_id, index as i64 + 1, "ids have no gap\n{history}");
    }
    assert_eq!(story.run.next_event_id, story.events.len() as i64 + 1);
    let closings = history.lines().filter(|line| is_closing(line)).count();
    if story.run.is_open() {
        assert_eq!(closings, 0, "{history}");
    } else {
        assert_eq!(closings, 1, "{history}");
        assert!(
            history.lines().last().is_some_and(is_closing),
            "nothing follows the end\n{history}"
        );
        assert_eq!(next_deadline(&story.run), None);
        assert!(story.run.timers.is_empty());
        let mut activities = story.run.activities.values();
        assert!(activities.all(|activity| !story.run.offers(activity)));
        assert!(story.run.workflow_task.is_none() && story.run.buffered_events.is_empty());
        assert!(story.run.children.values().all(|child| !child.is_started()));
    }
    check_pauses(story);
    for (id, child) in &story.run.children {
        let initiated = format!("{id} StartChildWorkflowExecutionInitiated {}", child.workflow_id);
        assert!(history.lines().any(|line| line == initiated), "{child:?}\n{history}");
    }
    for (id, update) in &story.run.updates {
        let accepted = format!("{} WorkflowExecutionUpdateAccepted {id}", update.accepted_event_id);
        assert!(history.lines().any(|line| line == accepted), "{update:?}\n{history}");
    }
    for (id, activity) in &story.run.activities {
        assert!(
            history
                .lines()
                .any(|line| line == format!("{id} ActivityTaskScheduled")),
            "{activity:?}\n{history}"
        );
    }
    let encoded = prost::Message::encode_to_vec(&story.run);
    assert_eq!(
        <Run as prost::Message>::decode(encoded.as_slice()).as_ref(),
        Ok(&story.run)
    );
}

/// Nothing that is paused is handed out, and the timer of a paused run does not fire at once, again and again.
fn check_pauses(story: &Story) {
    let mut run = story.run.clone();
    for id in &story.last.dispatches {
        let activity = run.activities.get(id);
        assert!(activity.is_none_or(|activity| !run.holds(activity)), "{id} is held");
    }
    for activity in run.activities.values() {
        assert!(activity.attempt_number() >= 1, "{activity:?}");
    }
    if run.is_paused() {
        let mut turn = Turn::new(&mut run, story.now, &story.limits);
        turn.run_deadlines();
        assert!(!turn.wants_workflow_task());
        turn.finish();
        assert!(next_deadline(&run).is_none_or(|next| next > story.now), "{run:?}");
    }
}

fn is_closing(line: &str) -> bool {
    [
        "Completed",
        "Failed",
        "Canceled",
        "Terminated",
        "TimedOut",
        "Out",
        "ContinuedAsNew",
    ]
    .iter()
    .any(|end| {
        line.split([' ', ':'])
            .nth(1)
            .is_some_and(|name| name == format!("WorkflowExecution{end}"))
    }) || line.contains(" WorkflowExecutionTimed")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn histories_hold_together(happenings in prop::collection::vec(happening(), 1..60), by_workers: bool) {
        let mut story = if by_workers { Story::begin_for_workers() } else { Story::begin() };
        for happening in &happenings {
            let (before, written) = (story.run.clone(), story.events.len());
            if !story.happen(happening) {
                prop_assert_eq!(&story.run, &before, "what is turned away changes nothing: {:?}", happening);
                prop_assert_eq!(story.events.len(), written);
            }
            check(&story);
        }
    }

    #[test]
    fn the_same_story_has_the_same_history(happenings in prop::collection::vec(happening(), 1..40)) {
        let tell = || {
            let mut story = Story::begin();
            for happening in &happenings {
                story.happen(happening);
            }
            (story.events, story.run)
        };
        prop_assert_eq!(tell(), tell());
    }
}
