//! One language: its guest, on a server of its own.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures::{StreamExt as _, stream};
use tokio::time::timeout;
use wrt_api::proto::wrt::v1::DeployOptions;
use wrt_model::proto::{
    enums::IndexedValueType as Kind,
    testservice::{LockTimeSkippingRequest, UnlockTimeSkippingRequest},
};
use wrt_tests::{Client, Server, guest, with_time_skipping};

use crate::{
    MODEL,
    actor::Actor,
    end,
    history::equal,
    record::Record,
    scenario::{End, Scenario},
};

/// The task queue of all scenarios.
pub(crate) const QUEUE: &str = "scenarios";

/// A queue that the same guest serves.
const ELSEWHERE: &str = "elsewhere";

/// How many scenarios run at once.
const AT_ONCE: usize = 8;

/// The longest wait for the end of a scenario. The first ones wait until the guest is compiled.
const PATIENCE: Duration = Duration::from_secs(120);

/// The search attributes that programs set.
const ATTRIBUTES: [(&str, Kind); 6] = [
    ("ScenarioBool", Kind::Bool),
    ("ScenarioDouble", Kind::Double),
    ("ScenarioInt", Kind::Int),
    ("ScenarioKeyword", Kind::Keyword),
    ("ScenarioKeywords", Kind::KeywordList),
    ("ScenarioText", Kind::Text),
];

/// A language and its guest.
pub(crate) struct Language {
    name: String,
    component: Vec<u8>,
}

impl Language {
    /// # Errors
    /// Its guest was not built.
    pub(crate) fn of(name: &str) -> Result<Self> {
        let component = match name {
            "typescript" => wrt_tests::script("tests/guests/scenarios-typescript/src/scenarios.ts")?,
            name => guest(&format!("scenarios-{name}"))?,
        };
        Ok(Language {
            name: name.to_owned(),
            component,
        })
    }

    /// Tells all scenarios, and gives those that went wrong, in words.
    ///
    /// # Errors
    /// The server does not come up, or a run does not replay at the end.
    pub(crate) async fn tell(&self, scenarios: &[Scenario]) -> Result<Vec<String>> {
        let mut failures = Vec::new();
        with_time_skipping(async |server| {
            self.deploy(server).await?;
            let client = server.client();
            client.add_search_attributes(&ATTRIBUTES).await?;
            // Time is skipped as soon as nobody does anything: nothing that a client does in between could come in time.
            let (alone, accompanied): (Vec<_>, Vec<_>) =
                scenarios.iter().partition(|scenario| scenario.client.is_empty());
            unlock(client).await?;
            let told = stream::iter(alone).map(|scenario| self.tell_one(client, scenario));
            let told: Vec<_> = told.buffer_unordered(AT_ONCE).collect().await;
            failures.extend(told.into_iter().filter_map(Result::err));
            lock(client).await?;
            for scenario in accompanied {
                failures.extend(self.tell_one(client, scenario).await.err());
            }
            Ok(())
        })
        .await
        .with_context(|| format!("tell the scenarios in {}", self.name))?;
        Ok(failures)
    }

    async fn deploy(&self, server: &mut Server) -> Result<()> {
        for queue in [QUEUE, ELSEWHERE] {
            let options = DeployOptions {
                name: format!("scenarios-{}-{queue}", self.name),
                task_queue: queue.to_owned(),
                ..Default::default()
            };
            server.deploy_bytes(options, self.component.clone()).await?;
        }
        Ok(())
    }

    async fn tell_one(&self, client: &Client, scenario: &Scenario) -> Result<(), String> {
        let told = timeout(PATIENCE, self.tell_and_compare(client, scenario)).await;
        let told = told.unwrap_or_else(|_| Err(anyhow::anyhow!("it does not end")));
        told.map_err(|error| format!("{} in {}: {error:#}", scenario.name, self.name))
    }

    async fn tell_and_compare(&self, client: &Client, scenario: &Scenario) -> Result<()> {
        let actor = Actor::start(client, scenario).await?;
        let runs = if scenario.client.is_empty() {
            end::chain(client, actor.run()).await?
        } else {
            actor.act(scenario).await?;
            unlock(client).await?;
            let runs = end::chain(client, actor.run()).await;
            lock(client).await?;
            runs?
        };
        let last = runs.last().context("a chain has a run")?;
        let ended = end::of_history(last)?;
        ensure!(same(&ended, &scenario.ends), "it ended with {ended:?}");
        let live = Record(runs);
        match Record::load(scenario)? {
            Some(golden) => {
                live.compare(&golden, scenario)?;
                if !scenario.varies || self.name == MODEL {
                    let replayed = golden.replay(&live, &self.component).await;
                    replayed.context("the golden history does not replay")?;
                }
            }
            None if self.name == MODEL && std::env::var_os("WRT_RECORD_SCENARIOS").is_some() => live.keep(scenario)?,
            None => bail!("it has no golden history; WRT_RECORD_SCENARIOS=1 writes one"),
        }
        Ok(())
    }
}

fn same(ended: &End, expected: &End) -> bool {
    match (ended, expected) {
        (End::Completed(ended), End::Completed(expected)) => equal(ended, expected),
        _ => ended == expected,
    }
}

async fn lock(client: &Client) -> Result<()> {
    client.clock().lock_time_skipping(LockTimeSkippingRequest {}).await?;
    Ok(())
}

async fn unlock(client: &Client) -> Result<()> {
    let request = UnlockTimeSkippingRequest {};
    client.clock().unlock_time_skipping(request).await?;
    Ok(())
}
