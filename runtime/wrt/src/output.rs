//! Printing: text for people, JSON for programs. Nothing else in the workspace writes to stdout.

use std::io::{self, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use console::style;
use serde_json::Value;

/// `--output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables and cards.
    #[default]
    #[value(alias = "table")]
    Text,
    /// Indented JSON; a list is one array.
    Json,
    /// One line of JSON for each value.
    Jsonl,
    /// Nothing.
    None,
}

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Also into files and pipes.
    Always,
    /// Not at all.
    Never,
}

/// Prints in the format that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    format: Format,
}

impl Output {
    /// An output with these settings; coloring is a setting of the process.
    pub(crate) fn new(format: Format, color: Color) -> Self {
        if color != Color::Auto {
            console::set_colors_enabled(color == Color::Always);
            console::set_colors_enabled_stderr(color == Color::Always);
        }
        Output { format }
    }

    /// True when people read it.
    pub(crate) fn is_text(&self) -> bool {
        self.format == Format::Text
    }

    /// Prints one thing: its text or its JSON.
    pub(crate) fn one(&self, text: impl FnOnce() -> String, json: impl FnOnce() -> Value) -> io::Result<()> {
        match self.format {
            Format::Text => write_line(&text()),
            Format::Json | Format::Jsonl => self.json(&json()),
            Format::None => Ok(()),
        }
    }

    /// Prints several things: a text about all of them, or the JSON of each.
    pub(crate) fn list(&self, text: impl FnOnce() -> String, json: impl FnOnce() -> Vec<Value>) -> io::Result<()> {
        match self.format {
            Format::Text => write_line(&text()),
            Format::Json => self.json(&Value::Array(json())),
            Format::Jsonl => json().iter().try_for_each(|value| self.json(value)),
            Format::None => Ok(()),
        }
    }

    /// Prints a line for people; programs get nothing.
    pub(crate) fn text(&self, text: &str) -> io::Result<()> {
        if self.is_text() { write_line(text) } else { Ok(()) }
    }

    fn json(&self, value: &Value) -> io::Result<()> {
        write_line(&match self.format {
            Format::Jsonl => value.to_string(),
            _ => format!("{value:#}"),
        })
    }
}

/// Says on stderr what did not work.
pub(crate) fn error(error: &anyhow::Error) {
    let label = style("error:").for_stderr().red().bold();
    // With stderr gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{label} {error:#}");
}

/// Says on stderr what worked, but may not be what is wanted.
pub(crate) fn warning(text: &str) {
    let label = style("warning:").for_stderr().yellow().bold();
    let _ = writeln!(io::stderr(), "{label} {text}");
}

/// Says something on stderr about the work itself.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// True when the error is that nobody reads our output any more.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// A heading over a card or table.
pub(crate) fn heading(text: &str) -> String {
    style(text).magenta().to_string()
}

/// Labels with values, one to a line, values in one column; lines without a value are left out. A value of several
/// lines is indented as a block.
pub(crate) fn card(lines: &[(&str, String)]) -> String {
    let shown = || lines.iter().filter(|(_, value)| !value.is_empty());
    let width = shown().map(|(label, _)| label.len()).max().unwrap_or(0);
    let indent = format!("\n{:width$}", "", width = width + 4);
    shown()
        .map(|(label, value)| format!("  {label:width$}  {}", value.replace('\n', &indent)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Blanks between two columns of a table.
const COLUMN_GAP: u16 = 2;

/// Rows under headers, in columns as wide as their content.
pub(crate) fn table(headers: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(headers.to_vec())
        .add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, COLUMN_GAP));
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

fn write_line(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn a_card_aligns_its_values_and_leaves_out_empty_ones() {
        let lines = [
            ("WorkflowId", "order-1".to_owned()),
            ("Memo", String::new()),
            ("Result", "{\n  \"id\": 1\n}".to_owned()),
        ];
        assert_snapshot!(card(&lines), @r#"
          WorkflowId  order-1
          Result      {
                        "id": 1
                      }
        "#);
    }

    #[test]
    fn a_table_is_as_wide_as_its_content() {
        let rows = vec![
            vec!["Running".to_owned(), "order-1".to_owned()],
            vec!["Completed".to_owned(), "a-much-longer-id".to_owned()],
        ];
        assert_snapshot!(table(&["Status", "WorkflowId"], rows), @r"
        Status     WorkflowId
        Running    order-1
        Completed  a-much-longer-id
        ");
    }
}
