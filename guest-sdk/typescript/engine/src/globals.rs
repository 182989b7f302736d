//! Globals that only the engine can give: randomness of the run, stacks with the lines of the source, and the helpers of
//! lowered `async` functions.

use std::cell::Cell;

use rquickjs::{Ctx, Exception, Function};
use wasip2::random::random;

use crate::position;

/// What is written in JavaScript.
const PRELUDE: &str = include_str!("prelude.js");

/// The fraction bits of a double.
const FRACTION_BITS: u32 = 53;

thread_local! {
    /// True while modules are evaluated: what is drawn now would be the same in every run.
    static LOADING: Cell<bool> = const { Cell::new(true) };
}

/// Puts them in their place.
pub(crate) fn install<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<()> {
    let globals = ctx.globals();
    globals.set("__random", Function::new(ctx.clone(), draw)?)?;
    globals.set("__position", Function::new(ctx.clone(), position::original)?)?;
    ctx.eval::<(), _>(PRELUDE)
}

/// From now on runs may draw.
pub(crate) fn loaded() {
    LOADING.set(false);
}

fn draw(ctx: Ctx<'_>) -> rquickjs::Result<f64> {
    if LOADING.get() {
        return Err(Exception::throw_message(
            &ctx,
            "randomness is drawn while the module is loaded, which would give every run the same: draw within a workflow or an \
             activity",
        ));
    }
    let bits = random::get_random_u64() >> (u64::BITS - FRACTION_BITS);
    Ok(bits as f64 / (1_u64 << FRACTION_BITS) as f64)
}
