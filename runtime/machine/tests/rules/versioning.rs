//! The version that a run is on: how it gets there, what it inherits, and where its activities go.

use wrt_machine::{
    Directive, Inheritance, PollerVersion, Rejection, StartRun, WorkflowOptionsChange, WorkflowTaskCompletion,
    activity_route, deployment_version, versioning_behavior, workflow_directive,
};
use wrt_model::{
    SearchAttributeValue,
    proto::{
        Command, EventAttributes, WorkerDeploymentVersion,
        deployment::WorkerDeploymentOptions,
        enums::{
            ContinueAsNewVersioningBehavior as First, IndexedValueType, VersioningBehavior as Behavior,
            WorkerVersioningMode,
        },
        history::{WorkflowTaskCompletedEventAttributes, WorkflowTaskStartedEventAttributes},
        workflow::{
            VersioningOverride, WorkflowExecutionOptions,
            versioning_override::{OneTimeOverride, Override, PinnedOverride},
        },
    },
};

use crate::{
    continuation::{continue_as_new, next_on},
    story::{Story, activity, completion, fail},
};

pub(crate) fn version(build_id: &str) -> WorkerDeploymentVersion {
    WorkerDeploymentVersion {
        deployment_name: "shop".into(),
        build_id: build_id.into(),
    }
}

/// A worker of a version takes the task, while the queue sends runs to `target`.
pub(crate) fn take(story: &mut Story, build_id: &str, target: &str) {
    let poller = PollerVersion {
        version: (!build_id.is_empty()).then(|| version(build_id)),
        target: (!target.is_empty()).then(|| version(target)),
    };
    story
        .decide(|turn| turn.start_workflow_task_on("worker", "poll", &poller))
        .expect("a task waits");
}

/// What a worker of a version says at the end of a task, and how the run is to be treated.
pub(crate) fn completed_by(build_id: &str, behavior: Behavior, commands: Vec<Command>) -> WorkflowTaskCompletion {
    let options = WorkerDeploymentOptions {
        deployment_name: "shop".into(),
        build_id: build_id.into(),
        worker_versioning_mode: WorkerVersioningMode::Versioned as i32,
    };
    WorkflowTaskCompletion {
        deployment: (!build_id.is_empty()).then_some(options),
        versioning_behavior: behavior,
        ..completion(commands, Vec::new())
    }
}

/// The worker is done.
fn done(story: &mut Story, build_id: &str, behavior: Behavior, commands: Vec<Command>) {
    story
        .decide(|turn| turn.complete_workflow_task(completed_by(build_id, behavior, commands)))
        .expect("good commands");
}

/// A run whose first task a worker of version 1 has done.
pub(crate) fn on_first(behavior: Behavior, commands: Vec<Command>) -> Story {
    let mut story = Story::begin_for_workers();
    take(&mut story, "1", "1");
    done(&mut story, "1", behavior, commands);
    story
}

fn overridden(story: &mut Story, chosen: Option<Override>) -> Result<(), Rejection> {
    let change = WorkflowOptionsChange {
        options: WorkflowExecutionOptions {
            versioning_override: chosen.map(|chosen| VersioningOverride {
                r#override: Some(chosen),
                ..Default::default()
            }),
            ..Default::default()
        },
        paths: vec!["versioning_override".into()],
        ..Default::default()
    };
    story.decide(|turn| turn.update_workflow_options(&change)).map(drop)
}

fn pin(build_id: &str) -> Override {
    Override::Pinned(PinnedOverride {
        version: Some(version(build_id)),
        ..Default::default()
    })
}

/// The choice of an operator who pins a run to a version.
pub(crate) fn pinned_to(build_id: &str) -> VersioningOverride {
    VersioningOverride {
        r#override: Some(pin(build_id)),
        ..Default::default()
    }
}

#[track_caller]
fn check(story: &Story, behavior: Behavior, on: &str, directive: &Directive) {
    let run = &story.run;
    let build_id = deployment_version(run).map_or("", |version| version.build_id.as_str());
    assert_eq!((versioning_behavior(run), build_id), (behavior, on));
    assert_eq!(workflow_directive(run), *directive);
}

fn attribute(story: &Story, name: &str, value_type: IndexedValueType) -> Option<SearchAttributeValue> {
    let attributes = story.run.search_attributes.as_ref()?;
    SearchAttributeValue::decode(attributes.indexed_fields.get(name)?, value_type).expect("a value of the type")
}

fn keyword(story: &Story, name: &str) -> Option<String> {
    match attribute(story, name, IndexedValueType::Keyword)? {
        SearchAttributeValue::Keyword(text) => Some(text),
        other => panic!("{other:?}"),
    }
}

fn completed(story: &Story) -> WorkflowTaskCompletedEventAttributes {
    let mut events = story.events.iter().rev();
    let found = events.find_map(|event| match &event.attributes {
        Some(EventAttributes::WorkflowTaskCompletedEventAttributes(completed)) => Some(completed.clone()),
        _ => None,
    });
    found.expect("a task has completed")
}

fn started(story: &Story) -> WorkflowTaskStartedEventAttributes {
    let mut events = story.events.iter().rev();
    let found = events.find_map(|event| match &event.attributes {
        Some(EventAttributes::WorkflowTaskStartedEventAttributes(started)) => Some(started.clone()),
        _ => None,
    });
    found.expect("a task has started")
}

#[test]
fn a_run_takes_the_version_of_the_worker_that_completes_its_task() {
    let mut story = Story::begin_for_workers();
    check(&story, Behavior::Unspecified, "", &Directive::Target);
    take(&mut story, "1", "1");
    assert!(story.run.is_moving());
    check(&story, Behavior::Unspecified, "1", &Directive::Target);
    done(&mut story, "1", Behavior::Pinned, vec![]);
    assert!(!story.run.is_moving() && story.last.changes_search_attributes);
    check(&story, Behavior::Pinned, "1", &Directive::Version(version("1")));
    assert_eq!(keyword(&story, "TemporalWorkerDeployment").as_deref(), Some("shop"));
    assert_eq!(
        keyword(&story, "TemporalWorkerDeploymentVersion").as_deref(),
        Some("shop:1")
    );
    assert_eq!(
        keyword(&story, "TemporalWorkflowVersioningBehavior").as_deref(),
        Some("Pinned")
    );
    let build_ids = attribute(&story, "BuildIds", IndexedValueType::KeywordList);
    assert_eq!(
        build_ids,
        Some(SearchAttributeValue::KeywordList(vec!["pinned:shop:1".into()]))
    );
    let completed = completed(&story);
    assert_eq!(completed.deployment_version, Some(version("1")));
    assert_eq!(completed.versioning_behavior(), Behavior::Pinned);
    assert_eq!(completed.worker_deployment_name, "shop");
}

#[test]
fn a_run_without_versions_has_nothing_to_say_about_them() {
    let mut story = Story::begin_for_workers();
    take(&mut story, "", "");
    done(&mut story, "", Behavior::Unspecified, vec![activity("a")]);
    assert_eq!(story.run.versioning_info, None);
    assert_eq!(story.run.search_attributes, None);
    assert_eq!(completed(&story).deployment_version, None);
}

#[test]
fn a_run_that_upgrades_goes_along_with_the_next_worker() {
    let mut story = on_first(Behavior::AutoUpgrade, vec![activity("a")]);
    check(&story, Behavior::AutoUpgrade, "1", &Directive::Target);
    story.signal("go");
    take(&mut story, "2", "2");
    assert!(story.run.is_moving());
    let waits = story.try_take_activity(5, 1, "poll");
    assert!(matches!(waits, Err(Rejection::ActivityNotFound(_))), "{waits:?}");
    done(&mut story, "2", Behavior::AutoUpgrade, vec![]);
    check(&story, Behavior::AutoUpgrade, "2", &Directive::Target);
    assert_eq!(story.last.dispatches, [5], "its activity is offered again");
    // Back to workers without a version.
    story.signal("go");
    take(&mut story, "", "");
    assert!(story.run.is_moving());
    done(&mut story, "", Behavior::Unspecified, vec![]);
    assert_eq!(story.run.versioning_info, None);
    assert_eq!(keyword(&story, "TemporalWorkerDeployment"), None);
}

#[test]
fn a_pinned_run_stays_and_hears_of_another_target() {
    let mut story = on_first(Behavior::Pinned, vec![]);
    story.signal("go");
    take(&mut story, "1", "1");
    assert!(!started(&story).target_worker_deployment_version_changed);
    done(&mut story, "1", Behavior::Pinned, vec![]);
    story.signal("go");
    take(&mut story, "1", "2");
    assert!(started(&story).target_worker_deployment_version_changed);
    assert!(!story.run.is_moving());

    // What it has turned down, the next run does not hear of again.
    done(&mut story, "1", Behavior::Pinned, vec![continue_as_new(|_| ())]);
    let mut following = next_on_workers(&mut story);
    check(&following, Behavior::Pinned, "1", &Directive::Version(version("1")));
    take(&mut following, "1", "2");
    assert!(!started(&following).target_worker_deployment_version_changed);
    done(&mut following, "1", Behavior::Pinned, vec![]);
    following.signal("go");
    take(&mut following, "1", "3");
    assert!(started(&following).target_worker_deployment_version_changed);
}

/// The run that follows, which workers run too.
fn next_on_workers(story: &mut Story) -> Story {
    next_on(story, "")
}

#[test]
fn the_next_run_begins_as_the_workflow_asks() {
    for (behavior, first, expected, on, directive) in [
        (
            Behavior::Pinned,
            First::Unspecified,
            Behavior::Pinned,
            "1",
            Directive::Version(version("1")),
        ),
        (
            Behavior::Pinned,
            First::AutoUpgrade,
            Behavior::AutoUpgrade,
            "1",
            Directive::Target,
        ),
        (
            Behavior::Pinned,
            First::UseRampingVersion,
            Behavior::AutoUpgrade,
            "1",
            Directive::Ramping,
        ),
        (
            Behavior::AutoUpgrade,
            First::Unspecified,
            Behavior::AutoUpgrade,
            "1",
            Directive::Target,
        ),
        (
            Behavior::AutoUpgrade,
            First::UseRampingVersion,
            Behavior::AutoUpgrade,
            "1",
            Directive::Ramping,
        ),
    ] {
        let command = continue_as_new(|command| command.set_initial_versioning_behavior(first));
        let mut story = on_first(behavior, vec![command]);
        let mut following = next_on_workers(&mut story);
        check(&following, expected, on, &directive);
        // That holds for its first task alone.
        take(&mut following, "2", "2");
        done(&mut following, "2", Behavior::AutoUpgrade, vec![]);
        check(&following, Behavior::AutoUpgrade, "2", &Directive::Target);
    }
}

#[test]
fn a_retry_inherits_what_the_failed_run_has_inherited() {
    let retried = |story: &mut Story| {
        take(story, "1", "1");
        done(story, "1", Behavior::Pinned, vec![fail("Oops")]);
        next_on_workers(story)
    };
    let mut story = Story::begin_for_workers_with(|request| request.retry_policy = Some(Default::default()));
    check(&retried(&mut story), Behavior::Unspecified, "", &Directive::Target);
    let mut story = Story::begin_child(Inheritance {
        pinned_version: Some(version("1")),
        ..Default::default()
    });
    check(&story, Behavior::Pinned, "1", &Directive::Version(version("1")));
    let again = retried(&mut story);
    check(&again, Behavior::Pinned, "1", &Directive::Version(version("1")));
}

#[test]
fn children_inherit_pins_and_the_wish_to_upgrade() {
    let pinned = Inheritance::of_child(&on_first(Behavior::Pinned, vec![]).run);
    assert_eq!(pinned.pinned_version, Some(version("1")));
    assert_eq!(pinned.auto_upgrade, None);
    let upgrading = Inheritance::of_child(&on_first(Behavior::AutoUpgrade, vec![]).run);
    assert_eq!(upgrading.pinned_version, None);
    let source = upgrading.auto_upgrade.clone().unwrap().source_deployment_version;
    assert_eq!(source, Some(version("1")));
    assert_eq!(Inheritance::of_child(&Story::begin().run), Inheritance::default());
    assert_eq!(pinned.within(|_| false), Inheritance::default(), "on another queue");
    assert_eq!(upgrading.clone().within(|_| true), upgrading);

    let mut story = on_first(Behavior::AutoUpgrade, vec![]);
    overridden(&mut story, Some(pin("2"))).unwrap();
    let overridden = Inheritance::of_child(&story.run);
    assert_eq!(overridden.pinned_version, Some(version("2")));
    assert!(overridden.versioning_override.is_some());
}

#[test]
fn an_override_counts_before_what_workers_say() {
    let mut story = on_first(Behavior::AutoUpgrade, vec![activity("a")]);
    story.signal("go");
    overridden(&mut story, Some(pin("2"))).unwrap();
    check(&story, Behavior::Pinned, "2", &Directive::Version(version("2")));
    assert!(story.last.offers_workflow_task, "to the workers of the other version");
    assert_eq!(story.last.dispatches, [5]);
    take(&mut story, "2", "1");
    done(&mut story, "2", Behavior::AutoUpgrade, vec![]);
    check(&story, Behavior::Pinned, "2", &Directive::Version(version("2")));
    overridden(&mut story, None).unwrap();
    check(&story, Behavior::AutoUpgrade, "2", &Directive::Target);
    assert_eq!(
        keyword(&story, "TemporalWorkflowVersioningBehavior").as_deref(),
        Some("AutoUpgrade")
    );
    overridden(&mut story, Some(Override::AutoUpgrade(true))).unwrap();
    check(&story, Behavior::AutoUpgrade, "2", &Directive::Target);
}

#[test]
fn an_override_for_one_task_ends_with_it() {
    let mut story = on_first(Behavior::Pinned, vec![]);
    story.signal("go");
    let once = Override::OneTime(OneTimeOverride {
        target_deployment_version: Some(version("2")),
    });
    overridden(&mut story, Some(once)).unwrap();
    assert_eq!(workflow_directive(&story.run), Directive::Version(version("2")));
    take(&mut story, "2", "1");
    assert!(story.run.is_moving());
    done(&mut story, "2", Behavior::Pinned, vec![]);
    check(&story, Behavior::Pinned, "2", &Directive::Version(version("2")));
    let info = story.run.versioning_info.as_ref().unwrap();
    assert_eq!(info.versioning_override, None);
}

#[test]
fn activities_go_with_their_run_where_its_version_polls() {
    let first = version("1");
    let (target, other) = (Some(&first), version("2"));
    let pinned = on_first(Behavior::Pinned, vec![activity("a")]).run;
    let route = activity_route(&pinned, true, Some(&other));
    assert_eq!(route.directive, Directive::Version(version("1")));
    assert_eq!(activity_route(&pinned, false, target).directive, Directive::Target);

    let upgrading = on_first(Behavior::AutoUpgrade, vec![activity("a")]).run;
    assert_eq!(activity_route(&upgrading, true, target).moves_run_to, None);
    let moves = activity_route(&upgrading, true, Some(&other)).moves_run_to;
    assert_eq!(moves, Some(Some(version("2"))));
    assert_eq!(activity_route(&upgrading, true, None).moves_run_to, Some(None));
    assert_eq!(activity_route(&upgrading, false, Some(&other)).moves_run_to, None);
}

#[test]
fn a_run_moves_for_the_sake_of_its_activity() {
    let mut story = on_first(Behavior::AutoUpgrade, vec![activity("a")]);
    story.decide(|turn| turn.move_to_version(Some(&version("2"))));
    assert!(story.run.is_moving() && story.last.offers_workflow_task);
    take(&mut story, "2", "2");
    done(&mut story, "2", Behavior::AutoUpgrade, vec![]);
    assert_eq!(story.last.dispatches, [5]);
    story.take_activity(5);
}

#[test]
fn a_component_is_a_version_by_itself() {
    let mut story = Story::after(vec![activity("a")]);
    assert_eq!(workflow_directive(&story.run), Directive::Target);
    assert_eq!(deployment_version(&story.run), None);
    let once = Override::OneTime(OneTimeOverride::default());
    assert!(overridden(&mut story, Some(once)).is_err());
    assert_eq!(story.run.search_attributes, None);
}

impl Story {
    /// A run for workers that another one has started.
    fn begin_child(inherited: Inheritance) -> Story {
        Story::begin_as(|start| StartRun {
            component: String::new(),
            started_by: Some(wrt_machine::StartedBy {
                parent: Default::default(),
                namespace: String::new(),
                root: Default::default(),
                inherited,
            }),
            request: wrt_model::proto::workflowservice::StartWorkflowExecutionRequest {
                retry_policy: Some(Default::default()),
                ..start.request
            },
            ..start
        })
    }
}
