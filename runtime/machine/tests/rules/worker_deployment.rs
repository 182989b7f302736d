//! Worker deployments: their versions, and where the tasks of a queue go.

use std::collections::HashMap;

use wrt_machine::{
    Candidate, Directive, Modifier, QueueRouting, WorkerDeploymentRejection as Rejection, WorkerDeploymentTurn,
    deployment_conflict_token, version_status,
};
use wrt_model::{
    Time, WorkerDeployment, payload,
    proto::{
        deployment::worker_deployment_version_info::VersionTaskQueueInfo,
        enums::{TaskQueueType, WorkerDeploymentVersionStatus as Status},
    },
};

use crate::story::seconds;

/// A deployment whose workers have polled one queue with each of these versions.
fn deployment(name: &str, build_ids: &[&str]) -> WorkerDeployment {
    let mut deployment = WorkerDeployment {
        name: name.to_owned(),
        ..Default::default()
    };
    for build_id in build_ids {
        polls(&mut deployment, build_id, "orders").expect("room for it");
    }
    deployment
}

fn at(second: u64) -> Time {
    Time::EPOCH.plus(seconds(second))
}

fn polls(deployment: &mut WorkerDeployment, build_id: &str, queue: &str) -> Result<bool, Rejection> {
    let queue = VersionTaskQueueInfo {
        name: queue.to_owned(),
        r#type: TaskQueueType::Workflow as i32,
    };
    WorkerDeploymentTurn::new(deployment, at(1)).register(build_id, queue)
}

fn candidate(build_id: &str) -> Candidate {
    Candidate {
        build_id: build_id.to_owned(),
        ..Default::default()
    }
}

fn by(identity: &str) -> Modifier {
    Modifier {
        identity: identity.to_owned(),
        ..Default::default()
    }
}

fn set_current(deployment: &mut WorkerDeployment, second: u64, build_id: &str) -> Result<bool, Rejection> {
    WorkerDeploymentTurn::new(deployment, at(second)).set_current(&candidate(build_id), &by("ops"))
}

fn set_ramping(
    deployment: &mut WorkerDeployment,
    second: u64,
    build_id: &str,
    percentage: f32,
) -> Result<bool, Rejection> {
    WorkerDeploymentTurn::new(deployment, at(second)).set_ramping(&candidate(build_id), percentage, &by("ops"))
}

#[track_caller]
fn check_statuses(deployment: &WorkerDeployment, expected: &[(&str, Status)]) {
    let statuses: Vec<_> = deployment
        .versions
        .keys()
        .map(|build_id| (build_id.as_str(), version_status(deployment, build_id)))
        .collect();
    assert_eq!(statuses, expected);
}

/// Where a task of a workflow on the queue goes.
fn goes_to(deployments: &[&WorkerDeployment], workflow_id: &str) -> Option<String> {
    goes(deployments, &Directive::Target, workflow_id)
}

fn goes(deployments: &[&WorkerDeployment], directive: &Directive, workflow_id: &str) -> Option<String> {
    let routing = QueueRouting::of(deployments.iter().copied(), "orders", TaskQueueType::Workflow);
    let version = routing.resolve(directive, workflow_id);
    version.map(|version| format!("{}:{}", version.deployment_name, version.build_id))
}

#[test]
fn versions_come_with_polls_and_go_through_their_states() {
    let mut shop = deployment("shop", &["1", "2"]);
    assert_eq!(polls(&mut shop, "1", "orders"), Ok(false), "it is known");
    check_statuses(&shop, &[("1", Status::Inactive), ("2", Status::Inactive)]);
    assert_eq!(set_current(&mut shop, 2, "1"), Ok(true));
    assert_eq!(set_current(&mut shop, 3, "1"), Ok(false), "the same again");
    assert_eq!(set_ramping(&mut shop, 4, "2", 20.0), Ok(true));
    check_statuses(&shop, &[("1", Status::Current), ("2", Status::Ramping)]);

    // What becomes current ramps no more.
    assert_eq!(set_current(&mut shop, 5, "2"), Ok(true));
    check_statuses(&shop, &[("1", Status::Draining), ("2", Status::Current)]);
    assert_eq!(shop.routing_config.ramping_deployment_version, None);
    assert_eq!(shop.routing_config.ramping_version_percentage, 0.0);
    assert_eq!(shop.routing_config.revision_number, 3);

    let mut turn = WorkerDeploymentTurn::new(&mut shop, at(6));
    assert!(!turn.drainage_seen("2", false), "it is current");
    assert!(!turn.drainage_seen("1", true), "that is known");
    assert!(turn.drainage_seen("1", false));
    assert!(turn.drainage_seen("1", true), "a run has been pinned to it since");
    assert!(turn.drainage_seen("1", false));
    check_statuses(&shop, &[("1", Status::Drained), ("2", Status::Current)]);
    assert_eq!(set_ramping(&mut shop, 7, "1", 1.0), Ok(true));
    assert_eq!(set_ramping(&mut shop, 8, "", 0.0), Ok(true));
    check_statuses(&shop, &[("1", Status::Draining), ("2", Status::Current)]);
}

#[test]
fn what_cannot_be_routed_is_refused_and_changes_nothing() {
    let mut shop = deployment("shop", &["1", "2"]);
    set_current(&mut shop, 2, "1").unwrap();
    let before = shop.clone();
    let refused = |outcome: Result<bool, Rejection>, expected: &str| {
        assert_eq!(outcome.unwrap_err().to_string(), expected);
    };
    refused(
        set_current(&mut shop, 3, "9"),
        "build ID '9' not found in Worker Deployment 'shop'",
    );
    refused(
        set_ramping(&mut shop, 3, "1", 5.0),
        "requested ramping version 1 is already current",
    );
    let stale = Modifier {
        conflict_token: vec![1],
        ..by("ops")
    };
    refused(
        WorkerDeploymentTurn::new(&mut shop, at(3)).set_current(&candidate("2"), &stale),
        "conflict token mismatch",
    );
    let missing = Candidate {
        missing_task_queues: vec!["payments".to_owned()],
        ..candidate("2")
    };
    refused(
        WorkerDeploymentTurn::new(&mut shop, at(3)).set_current(&missing, &by("ops")),
        "proposed current version 'shop:2' is missing active task queues from the current version: payments",
    );
    assert_eq!(shop, before);

    let seen = Modifier {
        conflict_token: deployment_conflict_token(&shop),
        ..by("ops")
    };
    let mut turn = WorkerDeploymentTurn::new(&mut shop, at(3));
    assert_eq!(turn.set_current(&candidate("2"), &seen), Ok(true));
    let unseen = Candidate {
        allow_no_pollers: true,
        ..candidate("3")
    };
    assert_eq!(turn.set_current(&unseen, &by("ops")), Ok(true));
    assert_eq!(shop.current_build_id(), Some("3"));
}

#[test]
fn a_manager_keeps_others_from_changing_it() {
    let mut shop = deployment("shop", &["1"]);
    let mut turn = WorkerDeploymentTurn::new(&mut shop, at(2));
    turn.set_manager("ci", &by("ops")).unwrap();
    assert!(matches!(
        turn.set_current(&candidate("1"), &by("ops")),
        Err(Rejection::FailedPrecondition(_))
    ));
    assert_eq!(turn.set_current(&candidate("1"), &by("ci")), Ok(true));
    turn.set_manager("", &by("ops")).unwrap();
    assert_eq!(turn.set_current(&candidate(""), &by("ops")), Ok(true));
}

#[test]
fn only_what_nobody_uses_is_removed() {
    let mut shop = deployment("shop", &["1", "2", "3"]);
    set_current(&mut shop, 2, "1").unwrap();
    set_current(&mut shop, 3, "2").unwrap();
    let mut delete = |build_id: &str, has_pollers, skip_drainage| {
        let mut turn = WorkerDeploymentTurn::new(&mut shop, at(4));
        let deleted = turn.delete_version(build_id, &by("ops"), has_pollers, skip_drainage);
        deleted.map_err(|error| error.to_string())
    };
    let refused =
        |why: &str, build_id: &str| Err(format!("version 'shop:{build_id}' cannot be deleted since it {why}"));
    assert_eq!(delete("2", false, true), refused("is current or ramping", "2"));
    assert_eq!(delete("1", false, false), refused("is draining", "1"));
    assert_eq!(delete("3", true, false), refused("has active pollers", "3"));
    assert_eq!(delete("1", false, true), Ok(true));
    assert_eq!(delete("3", false, false), Ok(true));
    assert_eq!(delete("3", false, false), Ok(false), "it is gone");
    let turn = WorkerDeploymentTurn::new(&mut shop, at(5));
    assert!(turn.check_delete(&by("ops")).is_err());
}

#[test]
fn operators_create_versions_and_attach_words() {
    let mut shop = deployment("shop", &[]);
    let mut turn = WorkerDeploymentTurn::new(&mut shop, at(2));
    assert_eq!(turn.create_version("1", "ops", "request"), Ok(true));
    assert_eq!(turn.create_version("1", "ops", "request"), Ok(false));
    assert!(turn.create_version("1", "ops", "another").is_err());
    let words: HashMap<_, _> = ["a", "b"].map(|key| (key.to_owned(), payload::json("1"))).into();
    turn.update_metadata("1", "ops", words, &[]).unwrap();
    let left = turn
        .update_metadata("1", "ops", HashMap::new(), &["a".to_owned()])
        .unwrap();
    assert_eq!(left.entries.keys().collect::<Vec<_>>(), ["b"]);
    assert!(matches!(
        turn.update_metadata("2", "ops", HashMap::new(), &[]),
        Err(Rejection::VersionNotFound(_))
    ));
    check_statuses(&shop, &[("1", Status::Created)]);
    polls(&mut shop, "1", "orders").unwrap();
    check_statuses(&shop, &[("1", Status::Inactive)]);
}

#[test]
fn there_is_a_limit_to_versions_and_queues() {
    let mut shop = deployment("shop", &["0"]);
    for number in 1..100 {
        assert_eq!(polls(&mut shop, &number.to_string(), "orders"), Ok(true));
        assert_eq!(polls(&mut shop, "0", &number.to_string()), Ok(true));
    }
    assert!(matches!(
        polls(&mut shop, "100", "orders"),
        Err(Rejection::LimitExceeded(_))
    ));
    assert!(matches!(
        polls(&mut shop, "0", "another"),
        Err(Rejection::LimitExceeded(_))
    ));
}

#[test]
fn tasks_go_to_the_current_version_or_ramp_by_their_workflow() {
    let mut shop = deployment("shop", &["1", "2"]);
    assert_eq!(goes_to(&[&shop], "w"), None, "nobody has chosen");
    set_current(&mut shop, 2, "1").unwrap();
    assert_eq!(goes_to(&[&shop], "w").as_deref(), Some("shop:1"));
    set_ramping(&mut shop, 3, "2", 0.0).unwrap();
    assert_eq!(goes_to(&[&shop], "w").as_deref(), Some("shop:1"));
    assert_eq!(goes(&[&shop], &Directive::Ramping, "w").as_deref(), Some("shop:2"));
    assert_eq!(goes(&[&shop], &Directive::Unversioned, "w"), None);
    let pinned = Directive::Version(shop.version("9"));
    assert_eq!(goes(&[&shop], &pinned, "w").as_deref(), Some("shop:9"));

    let ids: Vec<String> = (0..1000).map(|number| format!("order-{number}")).collect();
    let mut before = 0;
    for percentage in [10.0, 50.0, 100.0] {
        set_ramping(&mut shop, 4, "2", percentage).unwrap();
        let ramps = |id: &&String| goes_to(&[&shop], id).as_deref() == Some("shop:2");
        let count = ids.iter().filter(ramps).count();
        let expected = percentage as usize * 10;
        assert!(count.abs_diff(expected) < 50 && count > before, "{count} of {expected}");
        before = count;
    }
    set_ramping(&mut shop, 5, "", 100.0).unwrap();
    assert_eq!(goes_to(&[&shop], "w"), None, "to workers without a version");
}

/// The side of a workflow never changes, whatever the server's version is.
#[test]
fn the_hash_of_a_workflow_id_is_a_promise() {
    let mut shop = deployment("shop", &["1", "2"]);
    set_current(&mut shop, 2, "1").unwrap();
    set_ramping(&mut shop, 3, "2", 50.0).unwrap();
    let sides = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|id| goes_to(&[&shop], id).unwrap());
    let ramps: String = sides.iter().map(|side| &side[5..]).collect();
    assert_eq!(ramps, "12222211");
}

#[test]
fn of_several_deployments_the_last_one_counts_that_polls_the_queue() {
    let mut shop = deployment("shop", &["1"]);
    let mut store = deployment("store", &["1"]);
    set_current(&mut shop, 3, "1").unwrap();
    set_current(&mut store, 2, "1").unwrap();
    assert_eq!(goes_to(&[&shop, &store], "w").as_deref(), Some("shop:1"));
    set_current(&mut store, 4, "1").unwrap();
    assert_eq!(
        goes_to(&[&shop, &store], "w").as_deref(),
        Some("shop:1"),
        "nothing has changed"
    );
    set_current(&mut shop, 5, "").unwrap();
    assert_eq!(goes_to(&[&shop, &store], "w").as_deref(), Some("store:1"));
    // A current version that does not poll the queue has no say in it.
    polls(&mut shop, "2", "payments").unwrap();
    set_current(&mut shop, 6, "2").unwrap();
    assert_eq!(goes_to(&[&shop, &store], "w").as_deref(), Some("store:1"));
}
