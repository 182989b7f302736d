//! Options of runs that are changed while they are open.

use wrt_machine::{Rejection, WorkflowOptionsChange, workflow_options};
use wrt_model::proto::{
    EventAttributes, Priority, WorkerDeploymentVersion,
    command::ContinueAsNewWorkflowExecutionCommandAttributes,
    history::WorkflowExecutionOptionsUpdatedEventAttributes as OptionsUpdated,
    workflow::{
        VersioningOverride, WorkflowExecutionOptions,
        versioning_override::{Override, PinnedOverride},
    },
};

use crate::{
    continuation::next,
    story::{Story, command, complete},
};

fn pinned(build_id: &str) -> VersioningOverride {
    let version = WorkerDeploymentVersion {
        build_id: build_id.into(),
        ..Default::default()
    };
    overriding(Override::Pinned(PinnedOverride {
        version: (!build_id.is_empty()).then_some(version),
        ..Default::default()
    }))
}

fn overriding(chosen: Override) -> VersioningOverride {
    VersioningOverride {
        r#override: Some(chosen),
        ..Default::default()
    }
}

/// A run whose worker lives outside of the server, where any text names a version.
fn story() -> Story {
    let mut story = Story::after(vec![]);
    story.run.component.clear();
    story
}

fn change(
    story: &mut Story,
    versioning: Option<VersioningOverride>,
    priority: Option<Priority>,
    paths: &[&str],
) -> Result<WorkflowExecutionOptions, Rejection> {
    let change = WorkflowOptionsChange {
        options: WorkflowExecutionOptions {
            versioning_override: versioning,
            priority,
            ..Default::default()
        },
        paths: paths.iter().map(|&path| path.to_owned()).collect(),
        identity: "somebody".into(),
    };
    story.decide(|turn| turn.update_workflow_options(&change))
}

fn override_of(story: &Story) -> Option<VersioningOverride> {
    workflow_options(&story.run).versioning_override
}

#[track_caller]
fn last(story: &Story) -> OptionsUpdated {
    match story.events.last().and_then(|event| event.attributes.clone()) {
        Some(EventAttributes::WorkflowExecutionOptionsUpdatedEventAttributes(updated)) => updated,
        _ => panic!("{}", story.history()),
    }
}

#[test]
fn a_change_is_an_event_and_no_change_is_none() {
    let mut story = story();
    let options = change(&mut story, Some(pinned("1")), None, &["versioningOverride"]).unwrap();
    assert_eq!(options.versioning_override, Some(pinned("1")));
    let expected = OptionsUpdated {
        versioning_override: Some(pinned("1")),
        identity: "somebody".into(),
        ..Default::default()
    };
    assert_eq!(last(&story), expected);
    for paths in [&["versioning_override"][..], &[]] {
        change(&mut story, Some(pinned("1")), None, paths).unwrap();
        story.check_from(5, &["5 WorkflowExecutionOptionsUpdated"]);
    }
    // Without a version it stays on the one that it has.
    change(&mut story, Some(pinned("")), None, &["versioning_override"]).unwrap();
    story.check_from(5, &["5 WorkflowExecutionOptionsUpdated"]);

    change(&mut story, None, None, &["versioning_override"]).unwrap();
    assert!(last(&story).unset_versioning_override);
    assert_eq!(override_of(&story), None);
}

#[test]
fn fields_of_the_priority_are_merged() {
    let mut story = story();
    let priority = |priority_key, fairness_key: &str| Priority {
        priority_key,
        fairness_key: fairness_key.into(),
        ..Default::default()
    };
    change(&mut story, None, Some(priority(2, "a")), &["priority.priority_key"]).unwrap();
    change(&mut story, None, Some(priority(5, "b")), &["priority.fairnessKey"]).unwrap();
    assert_eq!(story.run.priority, Some(priority(2, "b")));
    assert_eq!(last(&story).priority, Some(priority(2, "b")), "an event has it whole");
    change(&mut story, None, None, &["priority"]).unwrap();
    assert_eq!(story.run.priority, None);
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let mut story = story();
    let before = story.run.clone();
    assert_eq!(
        change(&mut story, Some(pinned("1")), None, &["versioning_override", "colour"]),
        Err(Rejection::InvalidArgument(
            "the update mask has the path colour, which is no option of workflows".into()
        ))
    );
    assert!(matches!(
        change(&mut story, Some(pinned("")), None, &["versioning_override"]),
        Err(Rejection::FailedPrecondition(_))
    ));
    assert_eq!(story.run, before);
    story.run.component = "digest".into();
    assert!(matches!(
        change(&mut story, Some(pinned("1")), None, &["versioning_override"]),
        Err(Rejection::InvalidArgument(_))
    ));
    story.signal("go").task(vec![complete()]);
    let closed = change(&mut story, None, None, &["priority"]);
    assert_eq!(closed, Err(Rejection::WorkflowClosed));
}

#[test]
fn only_a_chosen_version_is_inherited() {
    for (chosen, inherited) in [
        (pinned("1"), Some(pinned("1"))),
        (overriding(Override::AutoUpgrade(true)), None),
    ] {
        let mut story = story();
        change(&mut story, Some(chosen), None, &["versioning_override"]).unwrap();
        let continues = command(
            wrt_model::proto::CommandAttributes::ContinueAsNewWorkflowExecutionCommandAttributes(
                ContinueAsNewWorkflowExecutionCommandAttributes::default(),
            ),
        );
        story.signal("go").task(vec![continues]);
        assert_eq!(override_of(&next(&mut story)), inherited);
    }
}
