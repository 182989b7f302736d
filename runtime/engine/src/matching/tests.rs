use std::time::Duration;

use futures::FutureExt;
use wrt_machine::{Candidate, Directive, Modifier, WorkerDeploymentTurn};
use wrt_model::{
    ComponentKind, Digest, Time, WorkerDeployment,
    proto::{
        deployment::worker_deployment_version_info::VersionTaskQueueInfo,
        enums::TaskQueueType,
        taskqueue::{RateLimit, RateLimitConfig},
    },
    task::ActivityToken,
};

use super::*;

fn key() -> QueueKey {
    QueueKey {
        namespace_id: "ns".into(),
        name: "queue".into(),
    }
}

fn rank(priority_key: i32) -> Rank {
    Rank {
        priority_key,
        fairness_key: "".into(),
        weight: 1.0,
    }
}

fn task(id: i64) -> ActivityTask {
    ActivityTask {
        token: ActivityToken {
            scheduled_event_id: id,
            ..Default::default()
        },
        activity_type: "Greet".into(),
        rank: rank(3),
        since: clock::instant(),
        directive: Default::default(),
    }
}

fn urgent(id: i64) -> ActivityTask {
    ActivityTask {
        rank: rank(1),
        ..task(id)
    }
}

fn component(types: &[&str]) -> Component {
    Component {
        digest: Digest::of(b""),
        kind: ComponentKind::Activity,
        sdk_name: String::new(),
        sdk_version: String::new(),
        types: types
            .iter()
            .map(|name| wrt_model::component::TypeDefinition {
                name: (*name).to_owned(),
                ..Default::default()
            })
            .collect(),
        activities: Vec::new(),
        size: 0,
    }
}

fn limit(per_second: f32) -> TaskQueueConfig {
    TaskQueueConfig {
        queue_rate_limit: Some(RateLimitConfig {
            rate_limit: Some(RateLimit {
                requests_per_second: per_second,
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

async fn next(matching: &Arc<Matching<ActivityTask>>) -> i64 {
    matching
        .poll(&key(), Poll::default())
        .await
        .expect("nobody says goodbye")
        .take()
        .token
        .scheduled_event_id
}

#[tokio::test]
async fn tasks_come_in_order_and_pollers_in_turn() {
    let matching = Arc::new(Matching::default());
    matching.add(&key(), task(1));
    matching.add(&key(), task(2));
    assert_eq!((next(&matching).await, next(&matching).await), (1, 2));

    let mut first = Box::pin(next(&matching));
    let mut second = Box::pin(next(&matching));
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    matching.add(&key(), task(3));
    matching.add(&key(), task(4));
    assert_eq!((first.await, second.await), (3, 4));
}

#[tokio::test]
async fn a_poller_that_goes_away_takes_nothing_with_it() {
    let matching = Arc::new(Matching::default());
    let mut gone_before = Box::pin(next(&matching));
    assert!((&mut gone_before).now_or_never().is_none());
    drop(gone_before);
    let mut gone_after = Box::pin(next(&matching));
    assert!((&mut gone_after).now_or_never().is_none());
    matching.add(&key(), task(1));
    matching.add(&key(), task(2));
    drop(gone_after);
    drop(matching.poll(&key(), Poll::default()).await);
    assert_eq!((next(&matching).await, next(&matching).await), (1, 2));
}

#[tokio::test]
async fn a_worker_that_says_goodbye_gets_nothing_more() {
    let matching = Arc::new(Matching::default());
    let poll = |worker: &str| {
        let poll = Poll {
            worker_instance_key: worker.to_owned(),
            ..Poll::default()
        };
        let matching = matching.clone();
        async move { matching.poll(&key(), poll).await.map(Lease::take) }
    };
    let mut waiting = Box::pin(poll("gone"));
    assert!((&mut waiting).now_or_never().is_none());
    matching.dismiss("gone");
    assert!(waiting.await.is_none());
    matching.add(&key(), task(1));
    assert!(
        poll("gone").await.is_none(),
        "it was on its way when the worker said goodbye"
    );
    assert_eq!(poll("here").await.unwrap().token.scheduled_event_id, 1);
}

#[tokio::test]
async fn a_component_takes_only_the_types_that_it_defines() {
    let matching = Arc::new(Matching::default());
    matching.add(&key(), task(1));
    let poll = Poll {
        component: Some(Arc::new(component(&[]))),
        ..Poll::default()
    };
    assert!(matching.poll(&key(), poll).now_or_never().is_none());
    assert_eq!(next(&matching).await, 1);
}

#[tokio::test]
async fn a_lease_is_renewed_for_what_is_more_urgent() {
    let matching = Arc::new(Matching::default());
    matching.add(&key(), task(1));
    let lease = matching.poll(&key(), Poll::default()).await;
    matching.add(&key(), urgent(2));
    let lease = lease.unwrap().renew(&component(&["Greet"])).unwrap();
    assert_eq!(lease.take().token.scheduled_event_id, 2);
    assert_eq!(next(&matching).await, 1);
}

#[tokio::test]
async fn what_may_go_to_the_server_at_once() {
    let matching = Arc::new(Matching::default());
    let greets = component(&["Greet"]);
    assert!(matching.admit(&key(), &greets, &rank(3)));
    matching.add(&key(), task(1));
    assert!(!matching.admit(&key(), &greets, &rank(3)), "another one waits");
    assert!(
        matching.admit(&key(), &component(&["Other"]), &rank(3)),
        "but for another worker"
    );
    assert_eq!(next(&matching).await, 1);
    matching.configure(&key(), &limit(1.0));
    assert!(matching.admit(&key(), &greets, &rank(3)));
    assert!(!matching.admit(&key(), &greets, &rank(3)), "the rate limit is used up");
}

#[tokio::test]
async fn a_limited_queue_hands_out_when_it_may() {
    let matching = Arc::new(Matching::default());
    matching.configure(&key(), &limit(200.0));
    for id in 0..210 {
        matching.add(&key(), task(id));
    }
    let begin = clock::instant();
    for id in 0..210 {
        assert_eq!(next(&matching).await, id);
    }
    // Two hundred go at once, the others every five milliseconds.
    assert!(clock::instant() - begin >= Duration::from_millis(45));
    let told = matching.describe(&key()).total();
    assert!(told.rate_limiting_active && told.approximate_backlog_count == 0);
}

#[tokio::test]
async fn a_limit_that_is_lifted_lets_the_waiting_go() {
    let matching = Arc::new(Matching::default());
    matching.configure(&key(), &limit(0.0));
    let mut waiting = Box::pin(next(&matching));
    assert!((&mut waiting).now_or_never().is_none());
    matching.add(&key(), task(1));
    assert!((&mut waiting).now_or_never().is_none());
    matching.configure(&key(), &TaskQueueConfig::default());
    assert_eq!(waiting.await, 1);
}

#[tokio::test]
async fn a_worker_s_limit_holds_for_the_queue() {
    let matching = Arc::new(Matching::default());
    let poll = Poll {
        max_per_second: Some(0.0),
        ..Poll::default()
    };
    assert!(matching.poll(&key(), poll).now_or_never().is_none());
    matching.add(&key(), task(1));
    assert!(next(&matching).now_or_never().is_none());
    let poll = Poll {
        max_per_second: Some(1.0),
        ..Poll::default()
    };
    assert_eq!(
        matching
            .poll(&key(), poll)
            .await
            .unwrap()
            .take()
            .token
            .scheduled_event_id,
        1
    );
}

/// What sends tasks of the queue to this version, which polls it.
fn routing(build_id: &str) -> QueueRouting {
    let mut shop = WorkerDeployment {
        name: "shop".into(),
        ..Default::default()
    };
    let mut turn = WorkerDeploymentTurn::new(&mut shop, Time::from_nanos(1));
    let queue = VersionTaskQueueInfo {
        name: key().name,
        r#type: TaskQueueType::Activity as i32,
    };
    turn.register(build_id, queue).unwrap();
    let candidate = Candidate {
        build_id: build_id.into(),
        ..Default::default()
    };
    turn.set_current(&candidate, &Modifier::default()).unwrap();
    QueueRouting::of([&shop].into_iter(), &key().name, TaskQueueType::Activity)
}

fn version(build_id: &str) -> WorkerDeploymentVersion {
    WorkerDeploymentVersion {
        deployment_name: "shop".into(),
        build_id: build_id.into(),
    }
}

async fn next_of(matching: &Arc<Matching<ActivityTask>>, build_id: &str) -> i64 {
    let poll = Poll {
        version: Some(version(build_id)),
        ..Poll::default()
    };
    let lease = matching.poll(&key(), poll).await.expect("nobody says goodbye");
    lease.take().token.scheduled_event_id
}

#[tokio::test]
async fn tasks_wait_for_the_version_that_they_go_to() {
    let matching = Arc::new(Matching::default());
    matching.add(&key(), task(1));
    matching.add(
        &key(),
        ActivityTask {
            directive: Directive::Version(version("2")),
            ..task(2)
        },
    );
    assert!(next_of(&matching, "1").now_or_never().is_none(), "nobody has chosen it");
    assert_eq!(matching.describe(&key()).total().approximate_backlog_count, 2);
    let of_second = &matching.version_backlog(&key(), &version("2"))[&3];
    assert_eq!(of_second.approximate_backlog_count, 1);

    matching.route(&key(), routing("1"));
    assert_eq!(next_of(&matching, "1").await, 1);
    assert!(next(&matching).now_or_never().is_none());
    let mut waiting = Box::pin(next_of(&matching, "3"));
    assert!((&mut waiting).now_or_never().is_none());
    matching.add(&key(), task(3));
    matching.route(&key(), routing("3"));
    assert_eq!(waiting.await, 3);
    assert_eq!(next_of(&matching, "2").await, 2);
    assert!(matching.is_polled_by(&key(), &version("2")) && !matching.is_polled_by(&key(), &version("4")));
}

#[tokio::test]
async fn queues_that_nobody_uses_are_forgotten() {
    let matching = Arc::new(Matching::default());
    for number in 0..10 * KEPT_QUEUES {
        let key = QueueKey {
            name: number.to_string(),
            ..key()
        };
        matching.add(&key, task(1));
        matching.poll(&key, Poll::default()).await.unwrap().take();
        // As if the poll were long ago.
        matching.lock().by_key.get_mut(&key).unwrap().forget_all_pollers();
    }
    assert!(matching.lock().by_key.len() <= 2 * KEPT_QUEUES);
}
