//! Calls that come twice, because their answer was lost: what the second one finds done is not done again.

use wrt_machine::{ActivityClose, ActivitySelector, ActivityUnpause, Rejection, Signal, Turn, WorkflowOptionsChange};
use wrt_model::{
    proto::{Priority, workflow::WorkflowExecutionOptions},
    run::Pause,
};

use crate::story::{Story, activity};

/// A call with the id of its request.
type Call = fn(&mut Turn<'_>, &str) -> Result<(), Rejection>;

/// Where the run is when the second call comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Run {
    Open,
    Closed,
}

/// Which request the second call is of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Request {
    Same,
    Another,
}

use Request::{Another, Same};
use Run::{Closed, Open};

/// The answer to the second call: how many events it writes, or why it is refused.
type Answer = Result<usize, Rejection>;

#[track_caller]
fn check(call: Call, cells: [(Run, Request, Answer); 4]) {
    for (run, request, expected) in cells {
        let mut story = Story::after(vec![activity("a")]);
        story.take_activity(5);
        assert_eq!(story.decide(|turn| call(turn, "one")), Ok(()));
        if run == Closed && story.run.is_open() {
            let terminated = story.decide(|turn| turn.terminate("enough".into(), None, "me".into()));
            assert_eq!(terminated, Ok(()));
        }
        let before = story.run.clone();
        let request_id = if request == Same { "one" } else { "two" };
        let answer = story.decide(|turn| call(turn, request_id));
        let answer = answer.map(|()| story.last.events.len());
        assert_eq!(answer, expected, "{run:?}, {request:?} request");
        if answer != Ok(1) {
            let changed = (&story.run, story.last.durable);
            assert_eq!(changed, (&before, false), "{run:?}, {request:?} request");
        }
    }
}

fn already(what: &str) -> Answer {
    Err(Rejection::FailedPrecondition(what.into()))
}

const CLOSED: Answer = Err(Rejection::WorkflowClosed);

#[test]
fn signals() {
    let call: Call = |turn, request_id| {
        turn.signal(Signal {
            name: "go".into(),
            request_id: request_id.into(),
            ..Default::default()
        })
    };
    check(
        call,
        [
            (Open, Same, Ok(0)),
            (Open, Another, Ok(1)),
            (Closed, Same, Ok(0)),
            (Closed, Another, CLOSED),
        ],
    );
}

#[test]
fn requests_to_cancel() {
    let call: Call = |turn, request_id| {
        turn.request_cancel("changed my mind".into(), "me".into(), request_id.into());
        Ok(())
    };
    check(
        call,
        [
            (Open, Same, Ok(0)),
            (Open, Another, Ok(0)),
            (Closed, Same, Ok(0)),
            (Closed, Another, Ok(0)),
        ],
    );
}

#[test]
fn terminations() {
    let call: Call = |turn, _| turn.terminate("enough".into(), None, "me".into());
    check(
        call,
        [
            (Open, Same, CLOSED),
            (Open, Another, CLOSED),
            (Closed, Same, CLOSED),
            (Closed, Another, CLOSED),
        ],
    );
}

#[test]
fn pauses_of_the_run() {
    let call: Call = |turn, request_id| turn.pause_workflow("me".into(), "holidays".into(), request_id.into());
    check(
        call,
        [
            (Open, Same, Ok(0)),
            (Open, Another, already("workflow is already paused.")),
            (Closed, Same, CLOSED),
            (Closed, Another, CLOSED),
        ],
    );
}

#[test]
fn ends_of_a_pause() {
    let call: Call = |turn, request_id| {
        if request_id == "one" && !turn.run().is_paused() && turn.events().is_empty() && turn.run().next_event_id == 6 {
            turn.pause_workflow("me".into(), "holidays".into(), "p".into())?;
        }
        turn.unpause_workflow("me".into(), "back".into(), request_id.into())
    };
    check(
        call,
        [
            (Open, Same, already("workflow is not paused.")),
            (Open, Another, already("workflow is not paused.")),
            (Closed, Same, CLOSED),
            (Closed, Another, CLOSED),
        ],
    );
}

#[test]
fn pauses_of_activities() {
    let call: Call = |turn, request_id| {
        let pause = Pause {
            request_id: request_id.into(),
            ..Default::default()
        };
        turn.pause_activities(&ActivitySelector::All, &pause)
    };
    check(
        call,
        [
            (Open, Same, Ok(0)),
            (Open, Another, already("activity is already paused")),
            (Closed, Same, CLOSED),
            (Closed, Another, CLOSED),
        ],
    );
}

#[test]
fn ends_of_pauses_of_activities() {
    let call: Call = |turn, _| turn.unpause_activities(&ActivitySelector::All, ActivityUnpause::default());
    check(
        call,
        [
            (Open, Same, Ok(0)),
            (Open, Another, Ok(0)),
            (Closed, Same, CLOSED),
            (Closed, Another, CLOSED),
        ],
    );
}

#[test]
fn outcomes_of_activities() {
    let call: Call = |turn, _| turn.close_activity(5, 1, "me", ActivityClose::Completed(None));
    let gone = || {
        let text = "invalid activityID or activity already timed out or invoking workflow is completed";
        Err(Rejection::ActivityNotFound(text.into()))
    };
    check(
        call,
        [
            (Open, Same, gone()),
            (Open, Another, gone()),
            (Closed, Same, CLOSED),
            (Closed, Another, CLOSED),
        ],
    );
}

#[test]
fn changes_of_options() {
    let call: Call = |turn, _| {
        let change = WorkflowOptionsChange {
            options: WorkflowExecutionOptions {
                priority: Some(Priority {
                    priority_key: 2,
                    ..Default::default()
                }),
                ..Default::default()
            },
            paths: vec!["priority".into()],
            identity: "me".into(),
        };
        turn.update_workflow_options(&change).map(drop)
    };
    check(
        call,
        [
            (Open, Same, Ok(0)),
            (Open, Another, Ok(0)),
            (Closed, Same, CLOSED),
            (Closed, Another, CLOSED),
        ],
    );
}

#[test]
fn what_is_meant_for_another_chain_touches_nothing() {
    let mut story = Story::begin();
    let first = story.run.first_execution_run_id.clone();
    for (meant, expected) in [
        ("", Ok(())),
        (first.as_str(), Ok(())),
        ("another", Err(Rejection::OtherChain)),
    ] {
        assert_eq!(story.decide(|turn| turn.check_chain(meant)), expected, "{meant}");
    }
}
