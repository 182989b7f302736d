//! The frames of a guest's stack.

use rustc_demangle::demangle;
use wasmtime::{FrameInfo, WasmBacktrace};

/// Frames that are kept of one stack. Interpreters nest deeply, and their own frames tell nobody anything.
const FRAMES: usize = 64;

/// One call on a guest's stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The function, as its language writes its name.
    pub function: String,
    /// The byte of the component that it is at.
    pub offset: Option<usize>,
    /// Where that is in the source, if the component says so.
    pub location: Option<Location>,
}

/// A place in a guest's source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// The file, as its compiler was given it.
    pub file: String,
    /// The line, from 1; 0 when it is not known.
    pub line: u32,
    /// The column, from 1; 0 when it is not known.
    pub column: u32,
}

/// The frames of a stack, innermost first.
pub(crate) fn frames(stack: &WasmBacktrace) -> Vec<Frame> {
    stack.frames().iter().take(FRAMES).map(frame).collect()
}

fn frame(info: &FrameInfo) -> Frame {
    Frame {
        function: match info.func_name() {
            Some(name) => function(name),
            None => format!("<function {}>", info.func_index()),
        },
        offset: info.module_offset(),
        location: None,
    }
}

/// A function's name as people write it.
pub(crate) fn function(name: &str) -> String {
    without_hash(&format!("{:#}", demangle(name))).to_owned()
}

/// Takes the hash from the end of a name of Rust's: it says nothing to a reader, and changes with each build.
pub(crate) fn without_hash(name: &str) -> &str {
    const HASH_DIGITS: usize = 16;
    match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == HASH_DIGITS && hash.bytes().all(|digit| digit.is_ascii_hexdigit()) => name,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_lose_their_hash_and_nothing_else() {
        for (frame, expected) in [
            ("0: a.wasm!order::charge::h0123456789abcdef", "0: a.wasm!order::charge"),
            ("0: a.wasm!order::hire", "0: a.wasm!order::hire"),
            (
                "0: a.wasm!order::h0123456789abcdefg",
                "0: a.wasm!order::h0123456789abcdefg",
            ),
            (
                "0: a.wasm!wrt:workflow/guest@0.1.0#activate",
                "0: a.wasm!wrt:workflow/guest@0.1.0#activate",
            ),
        ] {
            assert_eq!(without_hash(frame), expected);
        }
    }

    #[test]
    fn names_are_read_in_either_form() {
        assert_eq!(function("_ZN5order6charge17h0123456789abcdefE"), "order::charge");
        assert_eq!(function("order::charge::h0123456789abcdef"), "order::charge");
        assert_eq!(function("PyEval_EvalFrame"), "PyEval_EvalFrame");
    }
}
