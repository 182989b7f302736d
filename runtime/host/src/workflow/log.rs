//! `wrt:workflow/log` and the guest's output: both end in the server's log under the target `wrt::workflow`.

use std::{fmt::Write, sync::Arc};

use wasmtime::Result;

use super::state::RunState;
use crate::{
    RunIdentity,
    bindings::workflow::imports::log::{Host, Level},
    console::{Admission, LEFT_OUT, Sink, cut},
};

/// A line with the run that it belongs to. The level has to be known to the compiler, hence a macro.
macro_rules! line {
    ($level:ident, $run:expr, $fields:expr, $message:expr) => {
        tracing::$level!(
            target: "wrt::workflow",
            namespace = $run.namespace,
            workflow_id = $run.workflow_id,
            run_id = $run.run_id,
            fields = $fields,
            "{}",
            $message
        )
    };
}

impl Host for RunState {
    fn log(&mut self, level: Level, message: String, fields: Vec<(String, String)>) -> Result<()> {
        if self.replaying {
            return Ok(());
        }
        let (message, fields) = (cut(message), cut(join(&fields)));
        match self.console.admit(message.len() + fields.len()) {
            Admission::Line => write(&self.run, level, &fields, &message),
            Admission::Notice => write(&self.run, Level::Warn, "", LEFT_OUT),
            Admission::Nothing => {}
        }
        Ok(())
    }
}

fn write(run: &RunIdentity, level: Level, fields: &str, message: &str) {
    match level {
        Level::Trace => line!(trace, run, fields, message),
        Level::Debug => line!(debug, run, fields, message),
        Level::Info => line!(info, run, fields, message),
        Level::Warn => line!(warn, run, fields, message),
        Level::Error => line!(error, run, fields, message),
    }
}

/// Writes the lines of standard output and error.
pub(crate) fn sink(run: Arc<RunIdentity>) -> Sink {
    Box::new(move |stream, text| line!(info, run, stream, text))
}

fn join(fields: &[(String, String)]) -> String {
    let mut joined = String::new();
    for (name, value) in fields {
        let separator = if joined.is_empty() { "" } else { " " };
        write!(joined, "{separator}{name}={value}").expect("a String takes every write");
    }
    joined
}
