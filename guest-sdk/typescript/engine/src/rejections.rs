//! Promises that were rejected, and that nobody has listened to when an activation ends.

use std::cell::RefCell;

use rquickjs::{Ctx, Persistent, Runtime, Value};

use crate::script;

thread_local! {
    /// Such promises with their reasons, in their order.
    static UNHANDLED: RefCell<Vec<(Persistent<Value<'static>>, Persistent<Value<'static>>)>> = const { RefCell::new(Vec::new()) };
}

/// Begins to watch.
pub(crate) fn watch(runtime: &Runtime) {
    runtime.set_host_promise_rejection_tracker(Some(Box::new(|ctx, promise, reason, is_handled| {
        UNHANDLED.with_borrow_mut(|unhandled| {
            if is_handled {
                unhandled.retain(|(known, _)| known.clone().restore(&ctx).is_ok_and(|known| known != promise));
            } else {
                unhandled.push((Persistent::save(&ctx, promise), Persistent::save(&ctx, reason)));
            }
        });
    })));
}

/// Throws the first one, after the SDK was told of it: a task that loses an error must not succeed.
pub(crate) fn check(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    let Some((_, reason)) = UNHANDLED.take().into_iter().next() else {
        return Ok(());
    };
    let reason = reason.restore(ctx)?;
    let text = format!("unhandled rejection of a promise: {}", script::describe(&reason));
    Err(ctx.throw(rquickjs::String::from_str(ctx.clone(), &text)?.into_value()))
}
