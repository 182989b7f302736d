//! The imports of the contract as the object under the symbol `wrt.host`: `host.timer.start(duration, summary)` and so on.

use rquickjs::{Ctx, Function, Object, TypedArray, Value};
use serde::{Serialize, de::DeserializeOwned};
use wasip2::{cli::environment, random::random};

use crate::{
    bindings::imports::{activity::context, workflow::*},
    convert::{from_js, to_js},
    io, script,
};

/// Functions of one interface. Their arguments are read and their results written as the contract says.
macro_rules! functions {
    ($ctx:ident, $host:ident, $interface:literal, { $($name:literal ($($arg:ident: $kind:ty),*) => $call:expr),* $(,)? }) => {{
        let interface = Object::new($ctx.clone())?;
        $(
            let function = Function::new($ctx.clone(), |ctx: Ctx<'js>, arguments: rquickjs::prelude::Rest<Value<'js>>| {
                #[allow(unused_mut, unused_variables)]
                let mut arguments = Arguments { ctx: &ctx, rest: arguments.0.into_iter() };
                $(let $arg: $kind = arguments.next(stringify!($arg))?;)*
                answer(&ctx, $call)
            })?;
            interface.set($name, function.with_name($name)?)?;
        )*
        $host.set($interface, interface)?;
    }};
}

/// Puts the host in its place.
pub(crate) fn install<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<()> {
    let host = Object::new(ctx.clone())?;
    workflow(ctx, &host)?;
    functions!(ctx, host, "context", {
        "heartbeat"(details: Vec<types::Payload>) => context::heartbeat(&activity_payloads(details)),
        "isCancelRequested"() => context::is_cancel_requested(),
    });
    functions!(ctx, host, "io", {
        "startTimer"(milliseconds: f64) => io::start_timer(milliseconds),
        "startRequest"(request: io::Request) => io::start_request(request),
        "cancel"(id: u32) => io::cancel(id),
        "log"(level: log::Level, message: String, fields: Vec<(String, String)>) => io::log(level, &message, &fields),
    });
    host.set(
        "runJobs",
        Function::new(ctx.clone(), |ctx: Ctx<'js>| script::run_jobs(&ctx))?,
    )?;
    host.set(
        "randomBytes",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, length: u32| {
            TypedArray::new(ctx, random::get_random_bytes(length.into()))
        })?,
    )?;
    host.set(
        "environment",
        Function::new(ctx.clone(), |ctx: Ctx<'js>| {
            to_js(&ctx, &environment::get_environment())
        })?,
    )?;
    ctx.globals().set("__host", host)?;
    ctx.eval::<(), _>("globalThis[Symbol.for('wrt.host')] = __host; delete globalThis.__host")
}

fn workflow<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> rquickjs::Result<()> {
    functions!(ctx, host, "activity", {
        "schedule"(activity_type: String, input: Vec<types::Payload>, options: activity::ActivityOptions) =>
            activity::schedule(&activity_type, &input, &options),
        "scheduleLocal"(activity_type: String, input: Vec<types::Payload>, options: activity::LocalActivityOptions) =>
            activity::schedule_local(&activity_type, &input, &options),
        "requestCancel"(seq: u32) => activity::request_cancel(seq),
    });
    functions!(ctx, host, "timer", {
        "start"(duration: types::Duration, summary: Option<String>) => timer::start(duration, summary.as_deref()),
        "cancel"(seq: u32) => timer::cancel(seq),
    });
    functions!(ctx, host, "childWorkflow", {
        "start"(workflow_type: String, input: Vec<types::Payload>, options: child_workflow::ChildWorkflowOptions) =>
            child_workflow::start(&workflow_type, &input, &options),
        "requestCancel"(seq: u32, reason: String) => child_workflow::request_cancel(seq, &reason),
        "signal"(seq: u32, signal_name: String, input: Vec<types::Payload>, header: types::Header) =>
            child_workflow::signal(seq, &signal_name, &input, &header),
    });
    functions!(ctx, host, "externalWorkflow", {
        "signal"(execution: external_workflow::WorkflowExecution, signal_name: String, input: Vec<types::Payload>, header: types::Header) =>
            external_workflow::signal(&execution, &signal_name, &input, &header),
        "requestCancel"(execution: external_workflow::WorkflowExecution, reason: String) =>
            external_workflow::request_cancel(&execution, &reason),
    });
    functions!(ctx, host, "update", {
        "accept"(update_id: String) => update::accept(&update_id),
        "reject"(update_id: String, reason: failures::Failure) => update::reject(&update_id, &reason),
        "complete"(update_id: String, outcome: Result<Vec<types::Payload>, failures::Failure>) =>
            update::complete(&update_id, outcome.as_deref().map_err(Vec::as_slice)),
    });
    functions!(ctx, host, "patch", {
        "patched"(patch_id: String) => patch::patched(&patch_id),
        "deprecate"(patch_id: String) => patch::deprecate(&patch_id),
    });
    functions!(ctx, host, "visibility", {
        "upsertSearchAttributes"(attributes: types::SearchAttributes) => visibility::upsert_search_attributes(&attributes),
        "upsertMemo"(fields: types::Memo) => visibility::upsert_memo(&fields),
    });
    functions!(ctx, host, "execution", {
        "complete"(output: Vec<types::Payload>) => execution::complete(&output),
        "fail"(failure: failures::Failure) => execution::fail(&failure),
        "cancel"(details: Vec<types::Payload>) => execution::cancel(&details),
        "continueAsNew"(input: Vec<types::Payload>, options: execution::ContinueAsNewOptions) =>
            execution::continue_as_new(&input, &options),
    });
    functions!(ctx, host, "log", {
        "log"(level: log::Level, message: String, fields: Vec<(String, String)>) => log::log(level, &message, &fields),
    });
    Ok(())
}

/// The arguments of one call, read one after the other. What is left out counts as nothing.
struct Arguments<'a, 'js> {
    ctx: &'a Ctx<'js>,
    rest: std::vec::IntoIter<Value<'js>>,
}

impl<'js> Arguments<'_, 'js> {
    fn next<T: DeserializeOwned>(&mut self, _name: &str) -> rquickjs::Result<T> {
        let value = self
            .rest
            .next()
            .unwrap_or_else(|| Value::new_undefined(self.ctx.clone()));
        from_js(self.ctx, value)
    }
}

fn answer<'js>(ctx: &Ctx<'js>, result: impl Serialize) -> rquickjs::Result<Value<'js>> {
    to_js(ctx, &result)
}

/// The payloads of the one world as those of the other, which are the same.
fn activity_payloads(payloads: Vec<types::Payload>) -> Vec<crate::bindings::imports::activity::types::Payload> {
    use crate::bindings::imports::activity::types::Payload;
    let payloads = payloads.into_iter();
    payloads
        .map(|types::Payload { metadata, data }| Payload { metadata, data })
        .collect()
}
