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

/// Bytes that one call of a guest may write to the log, lines of both streams and its log records together. What is more
/// is left out, so that a guest cannot fill the host's disk.
const CALL_BYTES: usize = 1 << 20;

/// What a line counts for beside its text, because the log adds the time and whose line it is.
const LINE_OVERHEAD_BYTES: usize = 256;

/// What stands in the place of everything that is left out.
pub(crate) const LEFT_OUT: &str = "the output of this call has reached the limit of 1 MiB: the rest of it is left out";

/// Bytes of standard error that are kept for the message of a failure: a panic's text and place.
const TAIL_BYTES: usize = 4 << 10;

/// Takes a line of the guest, without its end, and the name of the stream.
pub(crate) type Sink = Box<dyn Fn(&'static str, &str) + Send + Sync>;

/// What is to become of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It is written.
    Line,
    /// In its place, it is written that the rest is left out.
    Notice,
    /// It is left out.
    Nothing,
}

/// One guest's output.
#[derive(Clone)]
pub(crate) struct Console(Arc<Mutex<Buffers>>);

struct Buffers {
    sink: Sink,
    silent: bool,
    /// What this call may still write; `None` after the notice that there is no more.
    left: Option<usize>,
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
            left: Some(CALL_BYTES),
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
            buffers.left = Some(CALL_BYTES);
            buffers.tail.clear();
        });
    }

    /// Begins a call whose lines go elsewhere.
    pub(crate) fn redirect(&self, sink: Sink) {
        self.with(|buffers| {
            buffers.sink = sink;
            buffers.left = Some(CALL_BYTES);
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

    /// Counts a log record of this many bytes among the output of this call.
    pub(crate) fn admit(&self, bytes: usize) -> Admission {
        self.with(|buffers| buffers.admit(bytes))
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

    fn emit(&mut self, name: &'static str, line: &[u8]) {
        match self.admit(line.len()) {
            Admission::Line => (self.sink)(name, String::from_utf8_lossy(line).trim_end_matches('\n')),
            Admission::Notice => (self.sink)(name, LEFT_OUT),
            Admission::Nothing => {}
        }
    }

    fn admit(&mut self, bytes: usize) -> Admission {
        let Some(left) = self.left.filter(|_| !self.silent) else {
            return Admission::Nothing;
        };
        self.left = left.checked_sub(bytes.saturating_add(LINE_OVERHEAD_BYTES));
        match self.left {
            Some(_) => Admission::Line,
            None => Admission::Notice,
        }
    }
}

/// A text as it fits a line.
pub(crate) fn cut(mut text: String) -> String {
    let bytes = text.len();
    if bytes > LINE_BYTES {
        text.truncate(text.floor_char_boundary(LINE_BYTES));
        text.push_str(&format!("… ({} more bytes are left out)", bytes - text.len()));
    }
    text
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

    #[test]
    fn the_output_of_one_call_is_bounded() {
        for text in ["\n", "a line\n", &"x".repeat(LINE_BYTES * 3)] {
            let endless = text.repeat(2 * CALL_BYTES / text.len());
            let lines = lines_of(&[("stderr", &endless), ("stdout", "and\nmore")], false);
            let counted = |line: &String| line.len() - "stderr: ".len() + LINE_OVERHEAD_BYTES;
            let bytes: usize = lines.iter().map(counted).sum();
            assert!((CALL_BYTES / 2..CALL_BYTES + LINE_BYTES).contains(&bytes), "{bytes}");
            assert_eq!(lines.last().unwrap(), &format!("stderr: {LEFT_OUT}"));
            assert_eq!(lines.iter().filter(|line| line.contains(LEFT_OUT)).count(), 1);
        }
    }

    #[test]
    fn the_next_call_may_write_again() {
        let console = Console::new(Box::new(|_, _| ()));
        let begins: [fn(&Console); 2] = [
            |console| console.begin(false),
            |console| console.redirect(Box::new(|_, _| ())),
        ];
        for begin in begins {
            assert_eq!(console.admit(CALL_BYTES), Admission::Notice);
            assert_eq!(console.admit(1), Admission::Nothing);
            begin(&console);
            assert_eq!(console.admit(1), Admission::Line);
            assert_eq!(console.admit(CALL_BYTES), Admission::Notice);
            begin(&console);
        }
        console.begin(true);
        assert_eq!(console.admit(1), Admission::Nothing, "it was written before");
    }

    #[test]
    fn a_long_record_is_cut_between_letters() {
        assert_eq!(cut("short".to_owned()), "short");
        let long = cut("ä".repeat(LINE_BYTES));
        assert!(
            long.ends_with(&format!("ä… ({LINE_BYTES} more bytes are left out)")),
            "{}",
            &long[LINE_BYTES..]
        );
    }
}
