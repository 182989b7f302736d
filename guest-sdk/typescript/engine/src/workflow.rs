//! The exports of workflows.

use rquickjs::Value;

use crate::{
    Engine,
    bindings::guest::workflow::guest::{Activation, Guest, ModuleDefinition, Payload, WorkflowQuery},
    convert::{from_js, to_js},
    rejections, script,
};

impl Guest for Engine {
    fn describe() -> ModuleDefinition {
        let described = script::with(|script, ctx| {
            let described: Value<'_> = script.method(ctx, "workflow", "describe")?.call(())?;
            from_js(ctx, described)
        });
        described.unwrap_or_else(|error| panic!("describe the workflows: {error}"))
    }

    fn activate(activation: Activation) -> Result<(), String> {
        script::with(|script, ctx| {
            let activation = to_js(ctx, &activation)?;
            script
                .method(ctx, "workflow", "activate")?
                .call::<_, ()>((activation,))?;
            rejections::check(ctx)
        })
    }

    fn query(query: WorkflowQuery) -> Result<Vec<Payload>, String> {
        script::with(|script, ctx| {
            let query = to_js(ctx, &query)?;
            let answer: Value<'_> = script.method(ctx, "workflow", "query")?.call((query,))?;
            from_js(ctx, answer)
        })
    }
}
