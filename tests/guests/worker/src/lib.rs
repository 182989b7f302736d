//! Activities, good and bad: the activity's type says what to do.

mod http;

use std::sync::atomic::{AtomicU32, Ordering};

use exports::wrt::activity::guest::{ActivityDefinition, Guest, ModuleDefinition, Task};
use wrt::activity::{
    context,
    types::{ApplicationFailure, Failure, Payload},
};

wit_bindgen::generate!({ path: "../../../wit/activity", world: "activity" });

struct Worker;

/// The activities of this component.
const ACTIVITIES: [&str; 12] = [
    "echo",
    "describe-task",
    "environment",
    "fail",
    "panic",
    "wait-for-cancel",
    "bomb",
    "spin",
    "get",
    "tcp",
    "time",
    "count",
];

/// How often this instance was asked.
static COUNT: AtomicU32 = AtomicU32::new(0);

impl Guest for Worker {
    fn describe() -> ModuleDefinition {
        let activities = ACTIVITIES.map(|name| ActivityDefinition {
            name: name.to_owned(),
            description: String::new(),
            input_schema: None,
            output_schema: None,
        });
        ModuleDefinition {
            sdk_name: "worker-guest".to_owned(),
            sdk_version: "0.1.0".to_owned(),
            activities: activities.into(),
        }
    }

    fn execute(task: Task) -> Result<Vec<Payload>, Failure> {
        let input = task.input.first().map(text).unwrap_or_default();
        match task.activity_type.as_str() {
            "echo" => Ok(task.input),
            "describe-task" => Ok(vec![json(&describe(&task))]),
            "environment" => Ok(vec![json(&environment())]),
            "fail" => Err(failure(&input)),
            "panic" => panic!("{input}"),
            "wait-for-cancel" => wait_for_cancel(),
            "bomb" => bomb(),
            "spin" => spin(),
            "get" => http::get(&input)
                .map(|body| vec![json(&body)])
                .map_err(|error| failure(&error)),
            "count" => Ok(vec![json(&(COUNT.fetch_add(1, Ordering::Relaxed) + 1).to_string())]),
            "tcp" => Ok(vec![json(&tcp(&input))]),
            "time" => Ok(vec![json(&format!(
                "{:?}",
                std::time::SystemTime::UNIX_EPOCH.elapsed().is_ok()
            ))]),
            name => Err(failure(&format!("there is no activity `{name}`"))),
        }
    }
}

fn describe(task: &Task) -> String {
    format!(
        "{} {} of {}/{}/{} ({}) on {} attempt {} key {} after {:?}",
        task.activity_type,
        task.activity_id,
        task.namespace,
        task.workflow_id,
        task.run_id,
        task.workflow_type,
        task.task_queue,
        task.attempt,
        task.idempotency_key,
        task.heartbeat_details.iter().map(text).collect::<Vec<_>>()
    )
}

fn environment() -> String {
    let variables: Vec<_> = std::env::vars()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    variables.join(" ")
}

/// Reports its progress until it is asked to stop.
fn wait_for_cancel() -> Result<Vec<Payload>, Failure> {
    let mut beats = 0u32;
    loop {
        beats += 1;
        if context::heartbeat(&[json(&beats.to_string())]) {
            return Err(Failure::Canceled(vec![json("stopped")]));
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

fn bomb() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(std::hint::black_box(vec![1u8; 1 << 20]));
    }
}

fn spin() -> ! {
    let mut turns = 0u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

fn tcp(address: &str) -> String {
    match std::net::TcpStream::connect(address) {
        Ok(_) => "connected".to_owned(),
        Err(_) => "refused".to_owned(),
    }
}

fn failure(message: &str) -> Failure {
    Failure::Application(ApplicationFailure {
        message: message.to_owned(),
        failure_type: "Scripted".to_owned(),
        stack_trace: "at worker".to_owned(),
        non_retryable: true,
        details: vec![json("detail")],
        next_retry_delay: None,
    })
}

fn text(payload: &Payload) -> String {
    String::from_utf8_lossy(&payload.data).into_owned()
}

fn json(text: &str) -> Payload {
    Payload {
        metadata: vec![("encoding".to_owned(), b"json/plain".to_vec())],
        data: text.as_bytes().to_vec(),
    }
}

export!(Worker);
