//! Scripts of the contract guest: random ones, over every command of the contract.

use std::ops::RangeFrom;

use proptest::{collection::vec, option::weighted, prelude::*, sample::select};

/// Updates that a script knows: `u0`, `u1`, …
pub(crate) const UPDATES: u8 = 3;

/// A rule: what is done when something happens, and what ends the activation.
type Rule = (Trigger, Vec<Action>, Option<&'static str>);

/// What a rule waits for. Numbers name what the first task has opened, in its order.
#[derive(Clone, Debug)]
enum Trigger {
    Answered(usize),
    ChildClosed(usize),
    Signaled(u8),
    CancelRequested,
}

#[derive(Clone, Debug)]
enum Action {
    Activity {
        with_options: bool,
    },
    LocalActivity,
    Timer(u8),
    Child,
    SignalExternal,
    CancelExternal,
    /// Cancels what the first task has opened.
    Cancel(usize),
    /// Signals what the first task has opened, if that is a child.
    SignalChild(usize),
    /// Anything that waits for no answer.
    Other(&'static str),
}

/// What has a sequence number.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Activity,
    Timer,
    Child,
    External,
}

/// The lines of a script.
pub(crate) fn script() -> impl Strategy<Value = Vec<String>> {
    let start = (vec(action(), 1..7), weighted(0.04, ending()));
    let rules = vec((trigger(), vec(action(), 0..4), weighted(0.15, ending())), 0..7);
    let update = prop_oneof![1 => Just(0), 9 => 1..6_u8];
    let updates = vec(update, usize::from(UPDATES));
    (start, rules, updates).prop_map(|((actions, ending), rules, updates)| write(&actions, ending, &rules, &updates))
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => any::<bool>().prop_map(|with_options| Action::Activity { with_options }),
        3 => Just(Action::LocalActivity),
        3 => (0..30_u8).prop_map(Action::Timer),
        3 => Just(Action::Child),
        2 => Just(Action::SignalExternal),
        1 => Just(Action::CancelExternal),
        4 => any::<usize>().prop_map(Action::Cancel),
        1 => any::<usize>().prop_map(Action::SignalChild),
        5 => select(vec![
            "now", "elapsed", "random", "hash", "log line", "print line", "eprint line", "patched p0", "patched p1",
            "deprecate p0", "deprecate p2", "attribute Stage 1", "attribute Stage null", "memo note 1", "memo note 2",
        ]).prop_map(Action::Other),
    ]
}

fn trigger() -> impl Strategy<Value = Trigger> {
    prop_oneof![
        5 => any::<usize>().prop_map(Trigger::Answered),
        1 => any::<usize>().prop_map(Trigger::ChildClosed),
        3 => (0..3_u8).prop_map(Trigger::Signaled),
        1 => Just(Trigger::CancelRequested),
    ]
}

fn ending() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        3 => select(vec!["complete", "complete done", "fail oops", "canceled"]),
        2 => select(vec![
            "continue start => complete", "continue start => timer 3", "continue signal s0 => schedule TYPE",
            "continue start => continue start => local TYPE",
        ]),
        1 => select(vec!["error oops", "panic oops", "exit", "fail-empty"]),
    ]
}

// === Writing ===

fn write(start: &[Action], ending: Option<&str>, rules: &[Rule], updates: &[u8]) -> Vec<String> {
    let (mut opened, mut names) = (Vec::new(), 0..);
    let mut words = Vec::new();
    for action in start {
        let (text, kind) = write_action(action, &opened, &mut names);
        words.push(text);
        opened.extend(kind);
    }
    let mut lines = vec![line("start", words, ending)];
    for (trigger, actions, ending) in rules {
        // What a rule opens has no number that could be known beforehand.
        let words = actions.iter().map(|action| write_action(action, &opened, &mut names).0);
        lines.push(line(&trigger_name(trigger, &opened), words.collect(), *ending));
    }
    lines.extend(
        (0..)
            .zip(updates)
            .filter_map(|(id, how)| update_rule(&format!("u{id}"), *how)),
    );
    lines
}

fn line(trigger: &str, mut words: Vec<String>, ending: Option<&str>) -> String {
    words.extend(ending.map(str::to_owned));
    words.retain(|word| !word.is_empty());
    format!("{trigger} => {}", words.join("; "))
}

/// The action, which may cancel what is open, and what it opens. Names are taken once.
fn write_action(action: &Action, opened: &[Kind], names: &mut RangeFrom<u32>) -> (String, Option<Kind>) {
    let opens = |text: String, kind| (text, Some(kind));
    let mut name = || names.next().expect("they do not end");
    match action {
        Action::Activity { with_options: false } => opens("schedule Charge 7".into(), Kind::Activity),
        Action::Activity { with_options: true } => {
            opens(format!("schedule-with a{} queue Charge", name()), Kind::Activity)
        }
        Action::LocalActivity => opens("local Check 7".into(), Kind::Activity),
        Action::Timer(seconds) => opens(format!("timer {seconds}"), Kind::Timer),
        Action::Child => opens(format!("child c{} Pack", name()), Kind::Child),
        Action::SignalExternal => opens("signal-external other ping".into(), Kind::External),
        Action::CancelExternal => opens("cancel-external other enough".into(), Kind::External),
        Action::Cancel(index) => match nth(opened, *index) {
            Some((seq, Kind::Activity)) => (format!("cancel-activity {seq}"), None),
            Some((seq, Kind::Timer)) => (format!("cancel-timer {seq}"), None),
            Some((seq, Kind::Child)) => (format!("cancel-child {seq} enough"), None),
            Some((_, Kind::External)) | None => Default::default(),
        },
        Action::SignalChild(index) => match nth(opened, *index) {
            Some((seq, Kind::Child)) => opens(format!("signal-child {seq} ping"), Kind::External),
            _ => Default::default(),
        },
        Action::Other(text) => ((*text).to_owned(), None),
    }
}

fn trigger_name(trigger: &Trigger, opened: &[Kind]) -> String {
    match trigger {
        Trigger::Answered(index) => match nth(opened, *index) {
            Some((seq, Kind::Activity)) => format!("resolved {seq}"),
            Some((seq, Kind::Timer)) => format!("fired {seq}"),
            Some((seq, Kind::Child)) => format!("child-started {seq}"),
            Some((seq, Kind::External)) => format!("external {seq}"),
            None => "resolved 1".to_owned(),
        },
        Trigger::ChildClosed(index) => {
            let children = opened.iter().zip(1..).filter(|(kind, _)| **kind == Kind::Child);
            let seqs: Vec<usize> = children.map(|(_, seq)| seq).collect();
            let seq = if seqs.is_empty() { 1 } else { seqs[index % seqs.len()] };
            format!("child-resolved {seq}")
        }
        Trigger::Signaled(name) => format!("signal s{name}"),
        Trigger::CancelRequested => "cancel".to_owned(),
    }
}

/// The sequence number and the kind of what was opened at this index, counted round and round.
fn nth(opened: &[Kind], index: usize) -> Option<(usize, Kind)> {
    let index = index.checked_rem(opened.len())?;
    Some((index + 1, opened[index]))
}

/// Without a rule the update is neither accepted nor rejected, which fails the workflow task.
fn update_rule(id: &str, how: u8) -> Option<String> {
    Some(match how {
        0 => return None,
        1 => format!("update {id} => accept {id}; timer 2; answer {id} yes"),
        2 => format!("update {id} => accept {id}; local Check 7; refuse {id} no"),
        3 => format!("update {id} => accept {id}\nsignal answer-{id} => answer {id} late"),
        4 => format!("update {id} => timer 2; random; hash; reject {id} no"),
        _ => format!("update {id} => reject {id} no"),
    })
}
