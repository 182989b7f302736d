//! Says what stopped a guest, in words for whoever wrote it.

use std::collections::HashSet;

use wasmtime::{Error, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::{
    console::Console, engine::BACKTRACE_FRAMES, frame::without_hash, limits::MemoryLimit, workflow::Divergence,
};

const STACK_LIMIT: &str = "the stack limit is reached: is there an endless recursion?";

/// Why a guest stopped in the middle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Explanation {
    pub(crate) message: String,
    /// The guest's frames, innermost first, one per line.
    pub(crate) backtrace: String,
    /// The workflow does something else than its history says.
    pub(crate) diverged: bool,
}

/// Explains an error that a call of the guest ended with.
pub(crate) fn explain(error: &Error, memory: &MemoryLimit, console: &Console) -> Explanation {
    Explanation {
        message: describe(error, memory, console),
        backtrace: backtrace(error),
        diverged: error.downcast_ref::<Divergence>().is_some(),
    }
}

fn describe(error: &Error, memory: &MemoryLimit, console: &Console) -> String {
    let Some(trap) = error.downcast_ref::<Trap>() else {
        return match error.downcast_ref::<I32Exit>() {
            Some(exit) => with_last_words(
                format!("the guest exited with status {} instead of returning", exit.0),
                console,
            ),
            None => error.root_cause().to_string(),
        };
    };
    if let Some(refusal) = memory.refusal() {
        return refusal;
    }
    match trap {
        Trap::StackOverflow => STACK_LIMIT.to_owned(),
        // A guest keeps a stack of its own at the beginning of its memory, and leaves the memory when that is used up.
        Trap::MemoryOutOfBounds if is_recursive(error) => {
            format!("{STACK_LIMIT} The guest's own stack has outgrown its memory ({trap})")
        }
        // What a panic, an abort and a failed assertion end with.
        Trap::UnreachableCodeReached => with_last_words("the guest panicked or aborted".to_owned(), console),
        trap => with_last_words(format!("the guest trapped: {trap}"), console),
    }
}

fn with_last_words(message: String, console: &Console) -> String {
    let last_words = console.last_words();
    if last_words.is_empty() {
        message
    } else {
        format!("{message}: {last_words}")
    }
}

/// Whether the innermost frames are of functions that call each other again and again. As many frames are there as a
/// backtrace has at most, and each function is there twice on average.
fn is_recursive(error: &Error) -> bool {
    let frames = error
        .downcast_ref::<WasmBacktrace>()
        .map_or(&[][..], WasmBacktrace::frames);
    let functions: HashSet<_> = frames
        .iter()
        .map(|frame| (frame.module().name(), frame.func_index()))
        .collect();
    frames.len() >= BACKTRACE_FRAMES && functions.len() * 2 <= frames.len()
}

/// The guest's frames, innermost first.
fn backtrace(error: &Error) -> String {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return String::new();
    };
    let text = backtrace.to_string();
    // The first line is a title.
    let frames: Vec<_> = text.lines().skip(1).map(without_hash).collect();
    frames.join("\n")
}

#[cfg(test)]
mod tests {
    use wasmtime::{Engine, Instance, Module, Store};

    use super::*;

    /// A guest whose own stack grows down to the beginning of its memory, and one that misses its memory.
    const GUEST: &str = r#"(module
        (memory 1)
        (global $stack (mut i32) (i32.const 65536))
        (func $ping (export "recurse")
            (global.set $stack (i32.sub (global.get $stack) (i32.const 1024)))
            (i32.store (global.get $stack) (i32.const 1))
            (call $pong))
        (func $pong (call $ping))
        (func (export "wild") (i32.store (i32.const -8) (i32.const 1)))
        (func $deep (param $left i32)
            (if (local.get $left)
                (then (call $deep (i32.sub (local.get $left) (i32.const 1))))
                (else unreachable)))
        (func (export "deep") (call $deep (i32.const 100)))
        (func $endless (export "endless") (call $endless)))"#;

    #[track_caller]
    fn check_stopped(function: &str, expected: &str) {
        let engine = Engine::default();
        let module = Module::new(&engine, wat::parse_str(GUEST).unwrap()).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let function = instance.get_typed_func::<(), ()>(&mut store, function).unwrap();
        let error = function.call(&mut store, ()).unwrap_err();
        let explanation = explain(&error, &MemoryLimit::new(1 << 20), &Console::new(Box::new(|_, _| ())));
        assert_eq!(explanation.message, expected);
    }

    #[test]
    fn endless_recursion_is_named() {
        check_stopped("endless", "the stack limit is reached: is there an endless recursion?");
        check_stopped(
            "recurse",
            "the stack limit is reached: is there an endless recursion? The guest's own stack has outgrown its memory \
             (wasm trap: out of bounds memory access)",
        );
        check_stopped("wild", "the guest trapped: wasm trap: out of bounds memory access");
        check_stopped("deep", "the guest panicked or aborted");
    }
}
