//! Scripts and made-up sequences, several at a time, until all is looked at or the time is over.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    caller::Caller,
    finding::{Finding, Judge},
    generate::sequence,
    report::{Totals, print, print_answers},
    run::{Outcome, run},
    script::Script,
    shrink::shrink,
};

/// After so many sequences it is said how far the search has come.
const NEWS_EVERY: usize = 25;

/// Looks for differences between two servers.
pub(crate) struct Search {
    servers: [Caller; 2],
    judge: Judge,
    /// Whether what Temporal's server answers is printed too.
    shows_answers: bool,
    /// A number for each time that something runs, so that no two have an id in common.
    next_tag: AtomicU64,
}

impl Search {
    /// A search on Temporal's server and wrt.
    pub(crate) fn new(servers: [&Caller; 2], judge: Judge, shows_answers: bool) -> Self {
        Search {
            servers: servers.map(Clone::clone),
            judge,
            shows_answers,
            next_tag: AtomicU64::new(1),
        }
    }

    /// Runs scripts, each to its end, and prints every finding.
    pub(crate) async fn scripts(&self, scripts: &[Script], parallel: usize) -> Result<Totals> {
        let running = stream::iter(scripts).map(|script| self.script(script));
        running
            .buffer_unordered(parallel)
            .try_fold(Totals::default(), added)
            .await
    }

    /// Makes up sequences from this seed on, shrinks those that show something new, and prints them. Without a time, it is the
    /// one sequence of the seed.
    pub(crate) async fn sequences(&self, seed: u64, minutes: Option<u64>, parallel: usize) -> Result<Totals> {
        let end = Instant::now() + Duration::from_secs(60 * minutes.unwrap_or(0));
        let seeds = (seed..).take_while(|&next| next == seed || Instant::now() < end);
        let running = stream::iter(seeds).map(|seed| self.sequence(seed));
        let told = async |totals, more| {
            let totals = added(totals, more).await?;
            if totals.scripts.is_multiple_of(NEWS_EVERY) {
                eprintln!("{totals}");
            }
            Ok(totals)
        };
        running
            .buffer_unordered(parallel)
            .try_fold(Totals::default(), told)
            .await
    }

    async fn script(&self, script: &Script) -> Result<Totals> {
        let outcome = self.run(script, true).await?;
        if self.shows_answers {
            print_answers(script, &outcome);
        }
        let mut totals = Totals::of(&outcome);
        let findings = outcome
            .findings
            .iter()
            .filter(|finding| self.judge.claim(&finding.kind()));
        let findings: Vec<_> = findings.collect();
        totals.findings = findings.len();
        print(script, &findings);
        findings.iter().for_each(|finding| self.judge.told(&finding.kind()));
        Ok(totals)
    }

    async fn sequence(&self, seed: u64) -> Result<Totals> {
        let script = sequence(seed);
        let outcome = self.run(&script, false).await?;
        let mut totals = Totals::of(&outcome);
        for finding in &outcome.findings {
            let kind = finding.kind();
            if !self.judge.claim(&kind) {
                continue;
            }
            if let Some((shrunk, finding)) = self.shrunk(&script, finding).await {
                totals.findings += 1;
                print(&shrunk, &[&finding]);
            }
            self.judge.told(&kind);
        }
        Ok(totals)
    }

    /// The shortest sequence that shows a finding again. None if it never does, as it was chance then.
    async fn shrunk(&self, script: &Script, finding: &Finding) -> Option<(Script, Finding)> {
        let kind = finding.kind();
        let mut script = script.clone();
        if let Some(step) = finding.step {
            script.steps.truncate(step + 1);
        }
        let same = async |script: &Script| {
            let outcome = self.run(script, false).await.unwrap_or_default();
            outcome.findings.into_iter().find(|found| found.kind() == kind)
        };
        same(&script).await?;
        let script = shrink(script, async |script| same(script).await.is_some()).await;
        let finding = same(&script).await?;
        Some((script, finding))
    }

    async fn run(&self, script: &Script, to_the_end: bool) -> Result<Outcome> {
        let tag = self.next_tag.fetch_add(1, Relaxed).to_string();
        run(self.servers.each_ref(), &self.judge, script, &tag, to_the_end).await
    }
}

async fn added(mut totals: Totals, more: Totals) -> Result<Totals> {
    totals += more;
    Ok(totals)
}
