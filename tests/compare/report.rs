//! What is printed.

use std::{fmt, ops::AddAssign};

use serde_json::Value;

use crate::{finding::Finding, run::Outcome, script::Script};

/// Longer values are cut.
const LONGEST_VALUE: usize = 600;

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) scripts: usize,
    pub(crate) calls: usize,
    pub(crate) allowed: usize,
    pub(crate) findings: usize,
}

impl Totals {
    /// The figures of one script, without its findings.
    pub(crate) fn of(outcome: &Outcome) -> Self {
        Totals {
            scripts: 1,
            calls: outcome.calls,
            allowed: outcome.allowed,
            findings: 0,
        }
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.scripts += other.scripts;
        self.calls += other.calls;
        self.allowed += other.allowed;
        self.findings += other.findings;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals {
            scripts,
            calls,
            allowed,
            findings,
        } = self;
        write!(
            f,
            "{scripts} sequences and {calls} answers compared: {findings} new differences, {allowed} that are meant"
        )
    }
}

/// Prints a script with what Temporal's server answered to each step.
pub(crate) fn print_answers(script: &Script, outcome: &Outcome) {
    let mut text = format!("\n## {}\n", script.title);
    let answers_of = |index| outcome.answers.iter().filter(move |(step, ..)| *step == index);
    for (index, step) in script.steps.iter().enumerate() {
        text += &format!("{step}\n");
        for (_, _, answer) in answers_of(Some(index)) {
            text += &format!("#   {answer}\n");
        }
    }
    for (_, call, answer) in answers_of(None) {
        text += &format!("# at the end, {call}\n#   {answer}\n");
    }
    println!("{text}");
}

/// Prints a script with what it has shown, in the form that a file of scripts has.
pub(crate) fn print(script: &Script, findings: &[&Finding]) {
    if findings.is_empty() {
        return;
    }
    let mut text = format!("\n{script}");
    for finding in findings {
        let place = match finding.step {
            Some(step) => format!("step {}, {}", step + 1, finding.call),
            None => format!("at the end, {}", finding.call),
        };
        let difference = &finding.difference;
        text += &format!("# {place}: {}\n", difference.path);
        text += &format!("#   Temporal: {}\n", cut(difference.temporal.as_ref()));
        text += &format!("#   wrt:      {}\n", cut(difference.wrt.as_ref()));
    }
    println!("{text}");
}

fn cut(value: Option<&Value>) -> String {
    let text = match value {
        None => return "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
