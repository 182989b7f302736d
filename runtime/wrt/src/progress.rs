//! What people see while a command waits: a spinner on stderr, on a terminal only.

use std::{collections::VecDeque, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::{self, Output};

/// The lines under the spinner.
const LINES: usize = 5;

/// A spinner with the last things that happened. Goes away when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    title: String,
    last: VecDeque<String>,
    /// Everything is printed, one line below the other, and no spinner is shown.
    in_lines: bool,
}

impl Progress {
    /// A spinner with this title; hidden unless people read both streams.
    pub(crate) fn new(output: &Output, title: impl Into<String>) -> Self {
        let title = title.into();
        let bar = if output.is_text() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        let style =
            ProgressStyle::with_template("{spinner:.cyan} {elapsed} {msg}").expect("the template is well-formed");
        bar.set_style(style);
        bar.set_message(title.clone());
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress {
            bar,
            title,
            last: VecDeque::with_capacity(LINES),
            in_lines: false,
        }
    }

    /// Prints what happens on stderr, on a terminal or not.
    pub(crate) fn lines() -> Self {
        Progress {
            bar: ProgressBar::hidden(),
            title: String::new(),
            last: VecDeque::new(),
            in_lines: true,
        }
    }

    /// True when nobody sees it, so that nothing need be found out for it.
    pub(crate) fn is_hidden(&self) -> bool {
        self.bar.is_hidden() && !self.in_lines
    }

    /// Shows one more thing that happened.
    pub(crate) fn happened(&mut self, line: String) {
        if self.in_lines {
            output::note(&line);
            return;
        }
        if self.last.len() == LINES {
            self.last.pop_front();
        }
        self.last.push_back(line);
        self.show(&self.title);
    }

    /// Says that the work is held up, until the next thing happens.
    pub(crate) fn held_up(&self, reason: &str) {
        self.show(&format!("{} ({reason})", self.title));
    }

    fn show(&self, title: &str) {
        let lines: String = self.last.iter().map(|line| format!("\n  {line}")).collect();
        self.bar.set_message(format!("{title}{lines}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
