//! The exports of activities.

use rquickjs::{Promise, Value, promise::PromiseState};

use crate::{
    Engine,
    bindings::guest::activity::guest::{Failure, Guest, ModuleDefinition, Payload, Task},
    bindings::imports::activity::types::ApplicationFailure,
    convert::{from_js, to_js},
    io, script,
};

impl Guest for Engine {
    fn describe() -> ModuleDefinition {
        let described = script::with(|script, ctx| {
            let described: Value<'_> = script.method(ctx, "activity", "describe")?.call(())?;
            from_js(ctx, described)
        });
        described.unwrap_or_else(|error| panic!("describe the activities: {error}"))
    }

    fn execute(task: Task) -> Result<Vec<Payload>, Failure> {
        let outcome = script::with(|script, ctx| {
            let settle = script.method(ctx, "activity", "settle")?;
            let task = to_js(ctx, &task)?;
            let promise: Promise<'_> = script.method(ctx, "activity", "execute")?.call((task,))?;
            loop {
                script::run_jobs(ctx);
                if promise.state() != PromiseState::Pending {
                    break;
                }
                // One at a time, so that what happened first is seen first.
                match io::wait() {
                    Some((id, outcome)) => settle.call::<_, ()>((id, to_js(ctx, &outcome)?))?,
                    None => {
                        return Ok(Err(failure(
                            "the activity waits for a promise that nothing can settle any more: no timer and no request is \
                             open",
                        )));
                    }
                }
            }
            let outcome: Value<'_> = promise.result().expect("it is settled")?;
            from_js(ctx, outcome)
        });
        io::clear();
        outcome.unwrap_or_else(|error| Err(failure(&error)))
    }
}

/// What the SDK itself could not put into words.
fn failure(message: &str) -> Failure {
    let (message, stack_trace) = message.split_once('\n').unwrap_or((message, ""));
    Failure::Application(ApplicationFailure {
        message: message.to_owned(),
        failure_type: "Error".to_owned(),
        stack_trace: stack_trace.to_owned(),
        non_retryable: false,
        details: Vec::new(),
        next_retry_delay: None,
    })
}
