//! What a workflow logs and prints: once, and never again on replay.

use std::{
    fmt::{self, Write},
    sync::{Arc, Mutex},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    subscriber,
};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt},
};

use crate::story::Story;

/// Collects the lines of the target `wrt::workflow`.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.target() == "wrt::workflow" {
            let mut line = Line(metadata.level().to_string());
            event.record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

#[tokio::test(flavor = "current_thread")]
async fn lines_appear_once_with_their_run() {
    let lines = Lines::default();
    let _guard = subscriber::set_default(Registry::default().with(lines.clone()));
    let mut story = Story::of("start => log hello; print to stdout; eprint to stderr").await;
    story.go();
    let run = r#"namespace="default" workflow_id="order-1" run_id="run-1""#;
    let expected = [
        format!(r#"INFO message=hello {run} fields="source=script""#),
        format!(r#"INFO message=to stdout {run} fields="stdout""#),
        format!(r#"INFO message=to stderr {run} fields="stderr""#),
    ];
    assert_eq!(*lines.0.lock().unwrap(), expected);
    story.replayed().unwrap();
    assert_eq!(lines.0.lock().unwrap().len(), expected.len());
}
