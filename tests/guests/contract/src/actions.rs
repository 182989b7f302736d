//! The actions of a script.

use std::{
    collections::HashMap,
    net::{TcpStream, ToSocketAddrs as _, UdpSocket},
    time::{Duration, Instant, SystemTime},
};

use crate::{
    json, note, transcript,
    wrt::workflow::{
        activity::{self, ActivityOptions, LocalActivityOptions},
        execution,
        failures::{ApplicationFailure, FailureInfo, FailureLink},
        log::{self, Level},
        timer,
        types::{self, Priority, RetryPolicy},
    },
};

/// Does what one action says; the table is in `script`.
pub fn act(action: &str) -> Result<(), String> {
    let (name, rest) = action.split_once(' ').unwrap_or((action, ""));
    match name {
        "" => {}
        "schedule" => schedule(rest),
        "schedule-with" => schedule_with(rest),
        "local" => local(rest),
        "timer" => {
            let seq = timer::start(seconds(number(rest)), Some("a nap"));
            note(&format!("started timer {seq}"));
        }
        "cancel-timer" => timer::cancel(number(rest)),
        "cancel-activity" => activity::request_cancel(number(rest)),
        "complete" if rest.is_empty() => execution::complete(&[json(&transcript())]),
        "complete" => execution::complete(&[json(rest)]),
        "fail" => execution::fail(&[failure(rest)]),
        "fail-empty" => execution::fail(&[]),
        "canceled" => execution::cancel(&[]),
        "log" => log::log(Level::Info, rest, &[("source".to_owned(), "script".to_owned())]),
        "print" => println!("{rest}"),
        "eprint" => eprintln!("{rest}"),
        "error" => return Err(rest.to_owned()),
        name if crate::others::act(name, rest) => {}
        name => learn_or_misbehave(name, rest),
    }
    Ok(())
}

// === Commands ===

fn schedule(rest: &str) {
    let (activity_type, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let seq = activity::schedule(activity_type, &[json(text)], &options());
    note(&format!("scheduled activity {seq}"));
}

fn local(rest: &str) {
    let (activity_type, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let options = LocalActivityOptions {
        activity_id: None,
        schedule_to_close_timeout: None,
        start_to_close_timeout: Some(types::Duration { seconds: 1, nanos: 0 }),
        retry_policy: None,
    };
    let seq = activity::schedule_local(activity_type, &[json(text)], &options);
    note(&format!("asked for local activity {seq}"));
}

fn schedule_with(rest: &str) {
    let mut words = rest.split(' ').map(str::to_owned);
    let options = ActivityOptions {
        activity_id: words.next(),
        task_queue: words.next(),
        schedule_to_close_timeout: Some(seconds(60)),
        schedule_to_start_timeout: Some(seconds(20)),
        heartbeat_timeout: Some(seconds(5)),
        retry_policy: Some(RetryPolicy {
            initial_interval: Some(seconds(1)),
            backoff_coefficient: Some(1.5),
            maximum_interval: Some(seconds(9)),
            maximum_attempts: 3,
            non_retryable_error_types: vec!["Fatal".to_owned()],
        }),
        header: vec![("trace".to_owned(), json("7"))],
        priority: Some(Priority {
            priority_key: 2,
            fairness_key: "tenant".to_owned(),
            fairness_weight: 1.5,
        }),
        summary: Some("a \"quoted\" line".to_owned()),
        ..options()
    };
    let activity_type = words.next().expect("schedule-with ID QUEUE TYPE");
    let seq = activity::schedule(&activity_type, &[], &options);
    note(&format!("scheduled activity {seq}"));
}

fn options() -> ActivityOptions {
    ActivityOptions {
        activity_id: None,
        task_queue: None,
        schedule_to_close_timeout: None,
        schedule_to_start_timeout: None,
        start_to_close_timeout: Some(seconds(10)),
        heartbeat_timeout: None,
        retry_policy: None,
        header: Vec::new(),
        priority: None,
        summary: None,
    }
}

pub fn failure(message: &str) -> FailureLink {
    FailureLink {
        message: message.to_owned(),
        source: "contract-guest".to_owned(),
        stack_trace: String::new(),
        info: FailureInfo::Application(ApplicationFailure {
            failure_type: "Scripted".to_owned(),
            non_retryable: true,
            details: Vec::new(),
            next_retry_delay: None,
        }),
    }
}

fn seconds(seconds: u32) -> types::Duration {
    types::Duration { seconds, nanos: 0 }
}

fn number(text: &str) -> u32 {
    text.parse().expect("the action takes a number")
}

// === The standard library ===

thread_local! {
    /// Made once per instance, so that what passes between two activations shows.
    static BORN: Instant = Instant::now();
}

fn learn_or_misbehave(name: &str, rest: &str) {
    match name {
        "now" => note(&format!("{:?}", SystemTime::UNIX_EPOCH.elapsed())),
        "elapsed" => note(&format!("{:?}", BORN.with(Instant::elapsed))),
        "random" => note(&format!("{:x}", random())),
        "hash" => {
            let map: HashMap<u32, ()> = (0..20).map(|key| (key, ())).collect();
            note(&format!("{:?}", map.keys()));
        }
        "env" => note(&format!(
            "{} variables, {} arguments",
            std::env::vars().count(),
            std::env::args().count()
        )),
        "file" => note(&format!("{:?}", std::fs::read("/etc/passwd").is_err())),
        "tcp" => note(&format!("{:?}", TcpStream::connect(("127.0.0.1", 80)).is_err())),
        "udp" => note(&format!("{:?}", UdpSocket::bind(("127.0.0.1", 0)).is_err())),
        "lookup" => note(&format!("{:?}", ("localhost", 80).to_socket_addrs().is_err())),
        "input" => note(&format!("{:?}", std::io::stdin().lines().count())),
        "panic" => panic!("{rest}"),
        "exit" => std::process::exit(3),
        "loop" => spin(),
        "bomb" => bomb(),
        "recurse" => note(&format!("{}", recurse(1))),
        "sleep" => std::thread::sleep(Duration::from_secs(3600)),
        "flood" => loop {
            timer::start(seconds(1), None);
        },
        name => panic!("there is no action `{name}`"),
    }
}

/// The seed of a `HashMap` is all that the standard library gives of randomness.
fn random() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}

#[inline(never)]
fn spin() {
    let mut turns = 0u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

#[inline(never)]
fn bomb() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(std::hint::black_box(vec![1u8; 1 << 20]));
    }
}

#[allow(unconditional_recursion)]
fn recurse(depth: u64) -> u64 {
    std::hint::black_box(recurse(std::hint::black_box(depth + 1))) + 1
}
