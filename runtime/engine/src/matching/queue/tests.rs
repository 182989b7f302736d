use wrt_model::task::ActivityToken;

use super::*;
use crate::{clock, matching::ActivityTask};

fn task(priority_key: i32, fairness_key: &str, since: Instant) -> ActivityTask {
    ActivityTask {
        token: ActivityToken::default(),
        activity_type: "Greet".into(),
        rank: Rank {
            priority_key,
            fairness_key: fairness_key.into(),
            weight: 1.0,
        },
        since,
        directive: Default::default(),
    }
}

fn info(identity: &str) -> PollerInfo {
    PollerInfo {
        identity: identity.into(),
        ..Default::default()
    }
}

/// A queue that is limited to so many tasks a second for each fairness key.
fn limited_by_key(per_second: f32) -> Queue<ActivityTask> {
    use wrt_model::proto::taskqueue::{RateLimit, RateLimitConfig};
    let mut queue = Queue::<ActivityTask>::default();
    queue.configure(&TaskQueueConfig {
        fairness_keys_rate_limit_default: Some(RateLimitConfig {
            rate_limit: Some(RateLimit {
                requests_per_second: per_second,
            }),
            ..Default::default()
        }),
        ..Default::default()
    });
    queue
}

#[test]
fn a_queue_tells_what_waits_comes_and_goes() {
    let begin = clock::instant();
    let at = |seconds| begin + Duration::from_secs(seconds);
    let mut queue = Queue::<ActivityTask>::default();
    for since in 0..3 {
        queue.add(task(1, "", at(since)), at(since));
    }
    queue.add(task(5, "", at(1)), at(1));
    queue.take(&None, None, at(10)).unwrap();
    let told = queue.describe(at(10), Time::from_nanos(10));
    let urgent = &told.backlog[&1];
    assert_eq!(urgent.approximate_backlog_count, 2);
    assert_eq!(urgent.approximate_backlog_age, Some(proto_span(Duration::from_secs(9))));
    assert_eq!((urgent.tasks_add_rate, urgent.tasks_dispatch_rate), (0.3, 0.1));
    let total = told.total();
    assert_eq!(total.approximate_backlog_count, 3);
    assert_eq!(total.approximate_backlog_age, Some(proto_span(Duration::from_secs(9))));
    assert!(!total.rate_limiting_active);
}

#[test]
fn pollers_are_shown_for_a_while_and_those_that_wait_as_present() {
    let begin = clock::instant();
    let at = |seconds| begin + Duration::from_secs(seconds);
    let present = Time::from_nanos(1_000_000_000_000);
    let mut queue = Queue::<ActivityTask>::default();
    queue.polled(info("old"), &None, None, at(0));
    queue.polled(info("recent"), &None, Some(2.5), at(200));
    queue.polled(info("waits"), &None, None, at(200));
    let (hand_over, _receiver) = oneshot::channel();
    queue.wait(Poller {
        worker_instance_key: String::new(),
        version: None,
        component: None,
        identity: "waits".into(),
        since: at(200),
        hand_over,
    });
    let told = queue.describe(at(300), present);
    let shown: Vec<_> = told
        .pollers
        .iter()
        .map(|it| {
            (
                it.identity.as_str(),
                it.last_access_time.unwrap().seconds,
                it.rate_per_second,
            )
        })
        .collect();
    assert_eq!(shown, [("recent", 900, 2.5), ("waits", 1000, 100_000.0)]);
}

#[test]
fn a_limited_key_does_not_hold_up_the_others() {
    let now = clock::instant();
    let mut queue = limited_by_key(1.0);
    for key in ["a", "a", "b"] {
        queue.add(task(3, key, now), now);
    }
    let mut gone = Vec::new();
    while let Some(task) = queue.take(&None, None, now) {
        gone.push(task.rank.fairness_key.to_string());
    }
    assert_eq!(gone, ["a", "b"]);
    assert!(queue.describe(now, Time::EPOCH).total().rate_limiting_active);
    assert!(queue.take(&None, None, now + Duration::from_secs(1)).is_some());
}

#[test]
fn somebody_looks_when_the_limit_of_a_key_ends() {
    let now = clock::instant();
    let mut queue = limited_by_key(1.0);
    for _ in 0..2 {
        queue.add(task(3, "a", now), now);
    }
    queue.take(&None, None, now).unwrap();
    assert_eq!(queue.next_wake(now), None, "nobody waits");
    let (hand_over, _receiver) = oneshot::channel();
    queue.wait(Poller {
        worker_instance_key: String::new(),
        version: None,
        component: None,
        identity: String::new(),
        since: now,
        hand_over,
    });
    assert_eq!(queue.next_wake(now), Some(now + Duration::from_secs(1)));
    assert_eq!(queue.next_wake(now), None, "somebody looks already");
    queue.woken();
    assert!(queue.next_wake(now).is_some());
}

#[test]
fn a_task_that_comes_back_was_never_gone() {
    let now = clock::instant();
    let mut queue = limited_by_key(1.0);
    queue.add(task(3, "a", now), now);
    let task = queue.take(&None, None, now).unwrap();
    queue.give_back(task, now);
    let told = queue.describe(now, Time::EPOCH).total();
    assert_eq!((told.approximate_backlog_count, told.tasks_dispatch_rate), (1, 0.0));
    assert!(queue.take(&None, None, now).is_some());
}
