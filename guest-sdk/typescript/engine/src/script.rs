//! The one interpreter of an instance, and calls into it.

use std::cell::RefCell;

use rquickjs::{Context, Ctx, Error, Function, Object, Persistent, Runtime, Value};

use crate::{loader::Program, rejections};

/// Bytes of the guest's stack that JavaScript may use: about 850 calls within each other. Beyond, it throws a `RangeError`. The stack
/// outside of the memory, which the host bounds, grows along, and has to last longer.
const STACK_BYTES: usize = 256 * 1024;

/// The interpreter, with what the SDK has left for it.
pub(crate) struct Script {
    context: Context,
    /// The object whose methods are the guest's exports.
    guest: RefCell<Option<Persistent<Object<'static>>>>,
}

thread_local! {
    static SCRIPT: Script = Script::new();
}

/// An interpreter that minds the stack.
pub(crate) fn runtime() -> Runtime {
    let runtime = Runtime::new().expect("memory for an interpreter");
    runtime.set_max_stack_size(STACK_BYTES);
    runtime
}

impl Script {
    fn new() -> Self {
        let runtime = runtime();
        runtime.set_loader(Program, Program);
        rejections::watch(&runtime);
        let context = Context::full(&runtime).expect("memory for a context");
        Script {
            context,
            guest: RefCell::new(None),
        }
    }

    /// Takes what the SDK has put under the symbol `wrt.guest`.
    pub(crate) fn keep_guest<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<()> {
        let guest: Object<'js> = ctx.eval("globalThis[Symbol.for('wrt.guest')]")?;
        *self.guest.borrow_mut() = Some(Persistent::save(ctx, guest));
        Ok(())
    }

    /// A method of the guest, as in `workflow.activate`.
    pub(crate) fn method<'js>(&self, ctx: &Ctx<'js>, side: &str, name: &str) -> rquickjs::Result<Function<'js>> {
        let guest = self.guest.borrow();
        let guest = guest
            .as_ref()
            .expect("a component was loaded before")
            .clone()
            .restore(ctx)?;
        guest.get::<_, Object<'js>>(side)?.get(name)
    }
}

/// Does something with the interpreter. What it throws comes out as text with its stack.
pub(crate) fn with<T>(act: impl for<'js> FnOnce(&Script, &Ctx<'js>) -> rquickjs::Result<T>) -> Result<T, String> {
    SCRIPT.with(|script| {
        script.context.with(|ctx| {
            let outcome = act(script, &ctx);
            outcome.map_err(|error| words(&ctx, error))
        })
    })
}

/// Runs the promise jobs that are queued, and those that they queue. Says which one of them has thrown, and what.
pub(crate) fn run_jobs(ctx: &Ctx<'_>) {
    while ctx.execute_pending_job() {}
}

/// An error as people read it: text as it is, an error with its stack.
pub(crate) fn words(ctx: &Ctx<'_>, error: Error) -> String {
    match error {
        Error::Exception => describe(&ctx.catch()),
        other => other.to_string(),
    }
}

/// A thrown value as people read it.
pub(crate) fn describe(value: &Value<'_>) -> String {
    if let Some(text) = value.as_string() {
        return text.to_string().unwrap_or_default();
    }
    let Some(object) = value.as_object() else {
        let text = value.get::<rquickjs::Coerced<String>>();
        return text.map(|text| text.0).unwrap_or_default();
    };
    let text = |key: &str| object.get::<_, Option<String>>(key).ok().flatten().unwrap_or_default();
    let (name, message, stack) = (text("name"), text("message"), text("stack"));
    let title = match (name.is_empty(), message.is_empty()) {
        (true, _) => message,
        (false, true) => name,
        (false, false) => format!("{name}: {message}"),
    };
    match stack.trim_end() {
        "" => title,
        stack => format!("{title}\n{stack}"),
    }
}
