//! Says what stopped a guest, in words for whoever wrote it.

use wasmtime::{Error, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::{console::Console, frame::without_hash, limits::MemoryLimit, workflow::Divergence};

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
        Trap::StackOverflow => "the stack limit is reached: is there an endless recursion?".to_owned(),
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
