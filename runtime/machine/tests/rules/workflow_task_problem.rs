//! Workflow tasks that fail again and again, and runs that nobody has begun.

use wrt_model::{
    SearchAttributeValue,
    proto::{
        Payload,
        enums::{IndexedValueType::KeywordList, WorkflowTaskFailedCause as Cause},
    },
};

use crate::story::{Story, complete, oops, seconds, timer};

/// What runs whose tasks fail are found by.
const ATTRIBUTE: &str = "TemporalReportedProblems";

impl Story {
    fn fail_with(&mut self, cause: Cause) -> &mut Self {
        self.take_task();
        self.decide(|turn| turn.fail_workflow_task(cause, Some(oops("Panic")), "worker"))
            .expect("a started task");
        self
    }

    /// Fails so many attempts, each as soon as it may begin.
    fn fail_times(&mut self, times: u32) -> &mut Self {
        for _ in 0..times {
            self.wait(seconds(600)).fail_with(Cause::WorkflowWorkerUnhandledFailure);
        }
        self
    }

    fn attribute(&self) -> Option<&Payload> {
        self.run.search_attributes.as_ref()?.indexed_fields.get(ATTRIBUTE)
    }

    fn reported(&self) -> Vec<String> {
        match self
            .attribute()
            .map(|payload| SearchAttributeValue::decode(payload, KeywordList))
        {
            Some(Ok(Some(SearchAttributeValue::KeywordList(problems)))) => problems,
            other => panic!("{other:?} are no problems"),
        }
    }
}

#[test]
fn a_run_is_found_by_its_problems_from_the_fifth_failure_until_a_task_completes() {
    let mut story = Story::begin();
    story.fail_times(4);
    assert_eq!(story.attribute(), None);
    story.fail_times(1);
    assert!(story.last.changes_search_attributes);
    assert_eq!(
        story.reported(),
        [
            "category=WorkflowTaskFailed",
            "cause=WorkflowTaskFailedCauseWorkflowWorkerUnhandledFailure"
        ]
    );
    story.fail_times(1);
    assert!(!story.last.changes_search_attributes, "nothing new is reported");

    story.wait(seconds(600)).task(vec![timer("t", seconds(1))]);
    assert!(story.last.changes_search_attributes);
    assert_eq!((story.attribute(), &story.run.workflow_task_problems), (None, &None));
    story.wait(seconds(1)).fail_times(4);
    assert_eq!(story.attribute(), None, "it counts anew");
}

#[test]
fn other_attributes_stay() {
    let color = SearchAttributeValue::Keyword("red".into()).encode();
    let mut story = Story::begin_with(|request| {
        let attributes = request.search_attributes.get_or_insert_default();
        attributes.indexed_fields.insert("Color".into(), color.clone());
    });
    story.fail_times(5);
    story.wait(seconds(600));
    story.take_task();
    story.complete_task(vec![]).expect("good commands");
    let attributes = story.run.search_attributes.clone().unwrap_or_default().indexed_fields;
    assert_eq!(attributes, [("Color".to_owned(), color)].into());
}

#[test]
fn silence_is_a_problem_too() {
    let mut story = Story::begin();
    for _ in 0..5 {
        story.take_task();
        while story.run.workflow_task.as_ref().is_some_and(|task| task.is_started()) {
            story.wait(seconds(60));
        }
    }
    assert_eq!(
        story.reported(),
        [
            "category=WorkflowTaskTimedOut",
            "cause=WorkflowTaskTimedOutCauseStartToClose"
        ]
    );
}

#[test]
fn the_last_failure_is_kept_whole_enough_to_be_understood() {
    let mut story = Story::begin();
    story.fail_with(Cause::NonDeterministicError).wait(seconds(600));
    story.take_task();
    let mut failure = oops("Panic");
    failure.message = "ä".repeat(10_000);
    story
        .decide(|turn| turn.fail_workflow_task(Cause::WorkflowWorkerUnhandledFailure, Some(failure), "worker"))
        .expect("a started task");
    let problems = story.run.workflow_task_problems.clone().expect("it fails");
    assert_eq!(
        (problems.attempts, problems.cause()),
        (2, Cause::WorkflowWorkerUnhandledFailure)
    );
    assert_eq!(
        problems.recorded_cause(),
        Cause::NonDeterministicError,
        "the history has this one"
    );
    let message = problems.failure.expect("it has a message").message;
    assert!(message.ends_with("ä…") && message.len() < 5_000);
}

#[test]
fn a_component_adopts_only_what_nobody_has_begun() {
    let adopt = |story: &mut Story| story.decide(|turn| turn.adopt("digest"));
    let mut waiting = Story::begin_for_workers();
    waiting.signal("early");
    assert!(adopt(&mut waiting) && waiting.last.durable);
    assert_eq!(waiting.run.component, "digest");
    assert!(!adopt(&mut waiting), "it has a component");
    waiting.task(vec![complete()]);

    let mut begun = Story::begin_for_workers();
    begun.take_task();
    assert!(!adopt(&mut begun));
    let mut failing = Story::begin_for_workers();
    failing.fail_times(1);
    assert!(!adopt(&mut failing));
    let mut past = Story::begin_for_workers();
    past.task(vec![timer("t", seconds(1))]);
    assert!(!adopt(&mut past));
    let mut over = Story::begin_for_workers();
    over.task(vec![complete()]);
    assert!(!adopt(&mut over));
}
