//! What came out: a document for people, which keeps the reasons that they wrote into it, and JSON for tools.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use anyhow::{Context as _, Result};

use super::runner::{Outcome, TestResult};
use super::suite::VERSION;

/// Stands where nobody has written a reason yet.
const NO_REASON: &str = "not known yet";

/// Results of all tests that were run.
pub(super) struct Report {
    results: Vec<TestResult>,
}

/// How many tests ended in which way.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
    timed_out: usize,
}

impl Report {
    /// A report of these results, which it lists in this order.
    pub(super) fn new(results: Vec<TestResult>) -> Self {
        Self { results }
    }

    /// A table of areas, and the sum of all.
    pub(super) fn summary(&self) -> String {
        let mut areas: BTreeMap<_, Count> = BTreeMap::new();
        let mut all = Count::default();
        for result in &self.results {
            areas.entry(area(&result.name)).or_default().add(result.outcome);
            all.add(result.outcome);
        }
        let mut table = "| Area | Tests | Passed | Failed | Timed out |\n|---|--:|--:|--:|--:|\n".to_owned();
        for (area, count) in &areas {
            table += &count.row(&format!("`{area}`"));
        }
        table + &all.row("**all**")
    }

    /// Writes the document. Reasons that stand in the one that is there are kept, by the names of tests.
    ///
    /// # Errors
    /// The file can be neither read nor written.
    pub(super) fn write_document(&self, file: &Path) -> Result<()> {
        let former = match fs::read_to_string(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.with_context(|| format!("read {}", file.display()))?,
        };
        fs::write(file, self.document(&former)).with_context(|| format!("write {}", file.display()))
    }

    /// Writes every result, in detail.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn write_json(&self, file: &Path) -> Result<()> {
        let json = serde_json::to_string_pretty(&self.results)?;
        fs::write(file, json).with_context(|| format!("write {}", file.display()))
    }

    fn document(&self, former: &str) -> String {
        let reasons: BTreeMap<_, _> = former.lines().filter_map(reason).collect();
        let mut document = format!(
            "# Conformance\n\n\
             Temporal's SDK core has integration tests that run against a server of one's choice. They come with the source\n\
             distribution of its Python package; this is what those of `temporalio` {VERSION} say about wrt. Each test runs\n\
             alone, for at most 30 seconds. Tests that the suite itself leaves out are not counted; about two hundred need\n\
             no server and pass by nature.\n\n\
             `cargo xtask conformance` writes this page. Only the reasons below are written by hand, and are kept.\n\n\
             {}\n\
             ## Tests that do not pass\n\n\
             | Test | Outcome | Reason |\n|---|---|---|\n",
            self.summary()
        );
        for result in self.results.iter().filter(|result| result.outcome != Outcome::Passed) {
            let name = short(&result.name);
            let (outcome, reason) = (result.outcome.words(), reasons.get(name).unwrap_or(&NO_REASON));
            let _ = writeln!(document, "| `{name}` | {outcome} | {reason} |");
        }
        document
    }
}

impl Count {
    fn add(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Passed => &mut self.passed,
            Outcome::Failed => &mut self.failed,
            Outcome::TimedOut => &mut self.timed_out,
        } += 1;
    }

    fn row(&self, name: &str) -> String {
        let Self {
            passed,
            failed,
            timed_out,
        } = self;
        format!(
            "| {name} | {} | {passed} | {failed} | {timed_out} |\n",
            passed + failed + timed_out
        )
    }
}

/// A test's name without the module that holds all of them.
fn short(name: &str) -> &str {
    name.strip_prefix("integ_tests::").unwrap_or(name)
}

/// The module of a test; of those about workflows, which are many, the module within it.
fn area(name: &str) -> String {
    let modules: Vec<_> = short(name).split("::").collect();
    match modules.as_slice() {
        [parent @ "workflow_tests", module, _, ..] => format!("{parent}::{module}"),
        [module, _, ..] => (*module).to_owned(),
        _ => "others".to_owned(),
    }
}

/// The test and the reason in a row of the document, if it is one of a test.
fn reason(row: &str) -> Option<(&str, &str)> {
    let (name, rest) = row.strip_prefix("| `")?.split_once("` | ")?;
    let (_, reason) = rest.strip_suffix(" |")?.split_once(" | ")?;
    Some((name, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(name: &str, outcome: Outcome) -> TestResult {
        TestResult::new(name, outcome)
    }

    #[test]
    fn areas_are_modules() {
        let cases = [
            ("integ_tests::update_tests::update_workflow", "update_tests"),
            ("integ_tests::update_tests::reapplied::case_1_yes", "update_tests"),
            ("integ_tests::workflow_tests::timers::timer", "workflow_tests::timers"),
            ("integ_tests::workflow_tests::alone", "workflow_tests"),
            ("shared_tests::priority", "shared_tests"),
            ("activity_load", "others"),
        ];
        for (name, expected) in cases {
            assert_eq!(area(name), expected, "{name}");
        }
    }

    #[test]
    fn reasons_are_kept_by_the_names_of_tests() {
        let report = Report::new(vec![
            result("integ_tests::a::one", Outcome::Failed),
            result("integ_tests::a::two", Outcome::TimedOut),
            result("integ_tests::a::three", Outcome::Passed),
        ]);
        let first = report.document("");
        assert!(first.contains("| `a` | 3 | 1 | 1 | 1 |"), "{first}");
        assert!(first.contains("| `a::two` | timed out | not known yet |"), "{first}");
        assert!(!first.contains("a::three"), "{first}");

        let row = "| `a::one` | failed | there is no Nexus here |";
        let second = report.document(&first.replace("| `a::one` | failed | not known yet |", row));
        assert!(second.contains(row), "{second}");
        assert_eq!(second.matches("not known yet").count(), 1, "{second}");
    }
}
