use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

type Task = (i32, String, u32);

fn rank(priority_key: i32, fairness_key: &str, weight: f32) -> Rank {
    Rank {
        priority_key,
        fairness_key: fairness_key.into(),
        weight,
    }
}

fn own(_key: &str, weight: f32) -> f32 {
    weight
}

fn next(queue: &mut FairQueue<Task>) -> Option<Task> {
    queue.take(|_| true, |_| true, own)
}

/// A queue with `count` tasks of each of these ranks, in turns.
fn filled(count: u32, ranks: &[(i32, &str, f32)]) -> FairQueue<Task> {
    let mut queue = FairQueue::default();
    for number in 0..count {
        for &(priority_key, key, weight) in ranks {
            queue.push(&rank(priority_key, key, weight), (priority_key, key.to_owned(), number));
        }
    }
    queue
}

/// Takes `count` tasks and says how many each fairness key got.
fn shares(queue: &mut FairQueue<Task>, count: usize) -> HashMap<String, usize> {
    let mut shares = HashMap::new();
    for _ in 0..count {
        let (_, key, _) = next(queue).unwrap();
        *shares.entry(key).or_default() += 1;
    }
    shares
}

#[test]
fn without_priorities_it_is_a_plain_queue() {
    let mut queue = filled(5, &[(3, "", 1.0)]);
    let numbers: Vec<u32> = std::iter::from_fn(|| next(&mut queue)).map(|task| task.2).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    assert!(queue.is_empty());
}

#[test]
fn lower_priority_keys_go_first() {
    let mut queue = filled(2, &[(5, "", 1.0), (1, "", 1.0), (3, "", 1.0)]);
    let keys: Vec<i32> = std::iter::from_fn(|| next(&mut queue)).map(|task| task.0).collect();
    assert_eq!(keys, [1, 1, 3, 3, 5, 5]);
}

#[test]
fn keys_share_by_weight() {
    let mut queue = filled(1000, &[(3, "high", 9.0), (3, "low", 1.0)]);
    assert_eq!(
        shares(&mut queue, 1000),
        HashMap::from([("high".into(), 900), ("low".into(), 100)])
    );
}

#[test]
fn the_weight_of_the_queue_has_the_last_word() {
    let mut queue = filled(100, &[(3, "a", 1.0), (3, "b", 1.0)]);
    let weight = |key: &str, own| if key == "a" { 3.0 } else { own };
    let mut taken = Vec::new();
    for _ in 0..40 {
        taken.push(queue.take(|_| true, |_| true, weight).unwrap().1);
    }
    assert_eq!(taken.iter().filter(|key| *key == "a").count(), 30);
}

#[test]
fn one_task_at_a_time_does_not_gain() {
    let mut queue = filled(100, &[(3, "many", 1.0)]);
    let mut few = 0;
    queue.push(&rank(3, "few", 1.0), (3, "few".into(), 0));
    for _ in 0..50 {
        if next(&mut queue).unwrap().1 == "few" {
            few += 1;
            queue.push(&rank(3, "few", 1.0), (3, "few".into(), few));
        }
    }
    assert_eq!(few, 25);
}

#[test]
fn a_late_key_does_not_catch_up_on_what_it_has_not_asked_for() {
    let mut queue = filled(100, &[(3, "early", 1.0)]);
    shares(&mut queue, 50);
    for number in 0..50 {
        queue.push(&rank(3, "late", 1.0), (3, "late".into(), number));
    }
    let shares = shares(&mut queue, 20);
    assert_eq!((shares["early"], shares["late"]), (10, 10));
}

#[test]
fn closed_keys_and_unwanted_tasks_are_passed_over() {
    let mut queue = filled(2, &[(1, "a", 1.0), (3, "b", 1.0)]);
    assert_eq!(queue.take(|key| key != "a", |_| true, own).unwrap().1, "b");
    assert_eq!(
        queue.take(|_| true, |task| task.2 == 1, own).unwrap(),
        (1, "a".into(), 1)
    );
    assert!(queue.take(|_| false, |_| true, own).is_none());
    assert_eq!(queue.first(), Some(&(1, "a".into(), 0)));
}

#[test]
fn what_is_given_back_is_first_again() {
    let mut queue = filled(3, &[(3, "", 1.0)]);
    let task = next(&mut queue).unwrap();
    queue.give_back(&rank(3, "", 1.0), task.clone());
    assert_eq!(next(&mut queue), Some(task));
}

#[test]
fn keys_that_are_gone_are_forgotten() {
    let mut queue = filled(300, &[(3, "stays", 1.0)]);
    for tenant in 0..100 {
        let key = format!("tenant-{tenant}");
        queue.push(&rank(3, &key, 1.0), (3, key.clone(), 0));
        shares(&mut queue, 2);
    }
    assert!(queue.levels[&3].flows.len() < 5, "{}", queue.levels[&3].flows.len());
}

/// What may happen to a queue.
#[derive(Clone, Debug)]
enum Happening {
    Push(i32, u8, u8),
    Take,
    TakeWithout(u8),
    GiveBack,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (1..=5_i32, 0..4_u8, 1..20_u8).prop_map(|(priority, key, weight)| Happening::Push(priority, key, weight)),
        3 => Just(Happening::Take),
        1 => (0..4_u8).prop_map(Happening::TakeWithout),
        1 => Just(Happening::GiveBack),
    ]
}

proptest! {
    /// Nothing is lost or doubled, the lowest priority key that is open goes first, and keys keep their order.
    #[test]
    fn nothing_is_lost_and_order_is_kept(happenings in proptest::collection::vec(happening(), 1..200)) {
        let mut queue = FairQueue::default();
        let mut waiting: BTreeMap<i32, BTreeMap<String, VecDeque<u32>>> = BTreeMap::new();
        let mut last = None;
        for (number, happening) in (0_u32..).zip(happenings) {
            let closed = match happening {
                Happening::Push(priority_key, key, weight) => {
                    let key = format!("key-{key}");
                    waiting.entry(priority_key).or_default().entry(key.clone()).or_default().push_back(number);
                    queue.push(&rank(priority_key, &key, weight.into()), (priority_key, key, number));
                    last = None;
                    continue;
                }
                Happening::GiveBack => {
                    if let Some((priority_key, key, number)) = Option::<Task>::take(&mut last) {
                        waiting.entry(priority_key).or_default().entry(key.clone()).or_default().push_front(number);
                        queue.give_back(&rank(priority_key, &key, 1.0), (priority_key, key, number));
                    }
                    continue;
                }
                Happening::Take => String::new(),
                Happening::TakeWithout(key) => format!("key-{key}"),
            };
            let taken = queue.take(|key| key != closed, |_| true, own);
            let first = waiting.iter().find_map(|(&priority_key, keys)| {
                keys.iter().any(|(key, tasks)| *key != closed && !tasks.is_empty()).then_some(priority_key)
            });
            prop_assert_eq!(taken.as_ref().map(|task| task.0), first);
            if let Some((priority_key, key, number)) = &taken {
                let tasks = waiting.get_mut(priority_key).unwrap().get_mut(key).unwrap();
                prop_assert_eq!(tasks.pop_front(), Some(*number));
            }
            last = taken;
        }
        let left: usize = waiting.values().flat_map(BTreeMap::values).map(VecDeque::len).sum();
        prop_assert_eq!(queue.backlog().map(|(_, count, _)| count).sum::<usize>(), left);
        prop_assert_eq!(std::iter::from_fn(|| next(&mut queue)).count(), left);
    }

    /// While two keys have tasks, neither is ever further from its share than one task of the other's weight.
    #[test]
    fn shares_are_fair(weights in (1..50_u8, 1..50_u8), taken in 1..400_usize) {
        let (a, b) = (f32::from(weights.0), f32::from(weights.1));
        let mut queue = filled(400, &[(3, "a", a), (3, "b", b)]);
        let got = shares(&mut queue, taken).get("a").copied().unwrap_or(0);
        let fair = taken as f64 * f64::from(a) / f64::from(a + b);
        prop_assert!((got as f64 - fair).abs() <= 2.0, "{got} instead of {fair}");
    }
}
