//! Where a guest's standard output and error go: line by line into the log.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use wasmtime_wasi::{
    async_trait,
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamResult},
};

/// Bytes of one line. What is longer is broken, so that a guest cannot fill the host's memory.
const LINE_BYTES: usize = 8 << 10;

/// Bytes of standard error that are kept for the message of a failure: a panic's text and place.
const TAIL_BYTES: usize = 4 << 10;

/// Takes a line of the guest, without its end, and the name of the stream.
pub(crate) type Sink = Box<dyn Fn(&'static str, &str) + Send + Sync>;

/// One guest's output.
#[derive(Clone)]
pub(crate) struct Console(Arc<Mutex<Buffers>>);

struct Buffers {
    sink: Sink,
    silent: bool,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    tail: Vec<u8>,
}

/// One of the two streams, as the guest holds it.
#[derive(Clone)]
pub(crate) struct ConsoleStream {
    console: Console,
    name: &'static str,
}

impl Console {
    pub(crate) fn new(sink: Sink) -> Self {
        Console(Arc::new(Mutex::new(Buffers {
            sink,
            silent: false,
            stdout: Vec::new(),
            stderr: Vec::new(),
            tail: Vec::new(),
        })))
    }

    pub(crate) fn stdout(&self) -> ConsoleStream {
        self.stream("stdout")
    }

    pub(crate) fn stderr(&self) -> ConsoleStream {
        self.stream("stderr")
    }

    fn stream(&self, name: &'static str) -> ConsoleStream {
        ConsoleStream {
            console: self.clone(),
            name,
        }
    }

    /// Begins a call of the guest. A silent one writes no lines: they were written when it ran first.
    pub(crate) fn begin(&self, silent: bool) {
        self.with(|buffers| {
            buffers.silent = silent;
            buffers.tail.clear();
        });
    }

    /// Begins a call whose lines go elsewhere.
    pub(crate) fn redirect(&self, sink: Sink) {
        self.with(|buffers| {
            buffers.sink = sink;
            buffers.tail.clear();
        });
    }

    /// Ends a call: writes out lines that were begun.
    pub(crate) fn end(&self) {
        self.with(|buffers| {
            for name in ["stdout", "stderr"] {
                let line = std::mem::take(buffers.line(name));
                if !line.is_empty() {
                    buffers.emit(name, &line);
                }
            }
        });
    }

    /// The last words on standard error in this call.
    pub(crate) fn last_words(&self) -> String {
        self.with(|buffers| String::from_utf8_lossy(&buffers.tail).trim_end().to_owned())
    }

    fn with<R>(&self, work: impl FnOnce(&mut Buffers) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Buffers {
    fn line(&mut self, name: &'static str) -> &mut Vec<u8> {
        if name == "stderr" {
            &mut self.stderr
        } else {
            &mut self.stdout
        }
    }

    fn write(&mut self, name: &'static str, bytes: &[u8]) {
        if name == "stderr" {
            self.remember(bytes);
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            for part in piece.chunks(LINE_BYTES) {
                self.line(name).extend_from_slice(part);
                let full = self.line(name).len() >= LINE_BYTES;
                if full || part.ends_with(b"\n") {
                    let line = std::mem::take(self.line(name));
                    self.emit(name, &line);
                }
            }
        }
    }

    fn remember(&mut self, bytes: &[u8]) {
        let room = TAIL_BYTES.saturating_sub(self.tail.len());
        self.tail.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn emit(&self, name: &'static str, line: &[u8]) {
        if !self.silent {
            (self.sink)(name, String::from_utf8_lossy(line).trim_end_matches('\n'));
        }
    }
}

// === Streams of WASI ===

#[async_trait]
impl Pollable for ConsoleStream {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for ConsoleStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.console.with(|buffers| buffers.write(self.name, &bytes));
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 << 10)
    }
}

impl IsTerminal for ConsoleStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for ConsoleStream {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        // Only the next generation of WASI asks for it, which the linkers do not offer.
        Box::new(tokio::io::sink())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(calls: &[(&'static str, &str)], silent: bool) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let console = Console::new(Box::new({
            let lines = Arc::clone(&lines);
            move |name, line| lines.lock().unwrap().push(format!("{name}: {line}"))
        }));
        console.begin(silent);
        for (name, text) in calls {
            console.with(|buffers| buffers.write(name, text.as_bytes()));
        }
        console.end();
        std::mem::take(&mut *lines.lock().unwrap())
    }

    #[test]
    fn output_becomes_lines() {
        let calls = [("stdout", "one\ntw"), ("stderr", "bad\n"), ("stdout", "o\nthree")];
        assert_eq!(
            lines_of(&calls, false),
            ["stdout: one", "stderr: bad", "stdout: two", "stdout: three"]
        );
        assert_eq!(lines_of(&calls, true), [""; 0]);
    }

    #[test]
    fn an_endless_line_is_broken() {
        let long = "x".repeat(LINE_BYTES * 2 + 1);
        let lengths: Vec<_> = lines_of(&[("stdout", &long)], false)
            .iter()
            .map(|line| line.len() - "stdout: ".len())
            .collect();
        assert_eq!(lengths, [LINE_BYTES, LINE_BYTES, 1]);
    }
}
