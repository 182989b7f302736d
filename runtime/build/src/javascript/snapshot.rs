//! A program is evaluated once, and the memory that it leaves becomes the component.

mod access;
mod wasi;

use std::{
    path::PathBuf,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use wasmtime::{
    Config, Engine, Error, Result, Store,
    component::{Component, Instance, Linker},
};
use wasmtime_wizer::Wizer;
use wrt_host::{Functions, refuse_imports};

use self::{access::Access, wasi::State};
use super::graph::{Program, Source};
use crate::BuildError;

/// The longest that the modules may take to be evaluated, in ticks of [`TICK`].
const TICKS: u64 = 100;

/// How often a busy module is looked at.
const TICK: std::time::Duration = std::time::Duration::from_millis(100);

/// Twice what a run has, so that it is JavaScript's own bound that ends a recursion.
const STACK_BYTES: usize = 1 << 20;

/// The engine with the program in its memory.
pub(super) fn take(engine: &[u8], program: &Program, cache_dir: Option<PathBuf>) -> Result<Vec<u8>, BuildError> {
    let wizer = Wizer::new();
    let (context, instrumented) = wizer.instrument_component(engine)?;
    let functions = Arc::new(Functions::open(cache_dir)?);
    let wasmtime = wasmtime_engine(Arc::clone(&functions))?;
    let compilation = functions.begin();
    let component = Component::new(&wasmtime, &instrumented)?;
    drop(compilation);
    let mut store = Store::new(&wasmtime, State::new());
    store.set_epoch_deadline(TICKS);
    let ticking = Ticking::start(&wasmtime);
    let instance = linker(&component)?.instantiate(&mut store, &component)?;
    let loaded = load(&mut store, &instance, program);
    drop(ticking);
    let printed = store.data().printed();
    match loaded {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(BuildError::Evaluate(with_words(error, &printed))),
        Err(trap) => return Err(BuildError::Evaluate(with_words(explain(&trap), &printed))),
    }
    let mut access = Access {
        store: &mut store,
        instance,
    };
    Ok(at_once(wizer.snapshot_component(&context, &mut access))?)
}

/// What a future brings that never waits, as reading memory does not.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("it waits for nothing"),
    }
}

fn wasmtime_engine(functions: Arc<Functions>) -> Result<Engine> {
    let mut config = Config::new();
    config.enable_incremental_compilation(functions)?;
    config.epoch_interruption(true);
    config.max_wasm_stack(STACK_BYTES);
    Engine::new(&config)
}

fn load(store: &mut Store<State>, instance: &Instance, program: &Program) -> Result<Result<(), String>> {
    let loader = instance.get_export_index(&mut *store, None, "wrt:engine/loader@0.1.0");
    let load = loader.and_then(|loader| instance.get_export_index(&mut *store, Some(&loader), "load"));
    let load = load.ok_or_else(|| Error::msg("the engine has no loader"))?;
    let load = instance.get_typed_func::<(&[Source], &str, &str), (Result<(), String>,)>(&mut *store, load)?;
    let (loaded,) = load.call(store, (&program.sources, &program.prelude, &program.entry))?;
    Ok(loaded)
}

/// WASI, and the functions of the contract, which refuse to be called before there is a run.
fn linker(component: &Component) -> Result<Linker<State>> {
    let mut linker = Linker::new(component.engine());
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_sync(&mut linker)?;
    refuse_imports(&mut linker, component, "wrt:", |interface, function| {
        format!(
            "`{interface}` `{function}` is called while the module is loaded, when there is no run yet: call it within a \
             workflow or an activity"
        )
    })?;
    Ok(linker)
}

fn explain(trap: &Error) -> String {
    match trap.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::Interrupt) => format!(
            "the modules are not evaluated after {} s: is there an endless loop at the top level?",
            TICKS * TICK.as_millis() as u64 / 1_000
        ),
        _ => trap.root_cause().to_string(),
    }
}

fn with_words(error: String, printed: &str) -> String {
    match printed.trim_end() {
        "" => error,
        printed => format!("{error}\n{printed}"),
    }
}

/// Moves the engine's clock on until it is dropped.
struct Ticking {
    stop: Option<std::sync::mpsc::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Ticking {
    fn start(engine: &Engine) -> Self {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let engine = engine.clone();
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(TICK) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        });
        Ticking {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing to say.
            let _ = thread.join();
        }
    }
}
