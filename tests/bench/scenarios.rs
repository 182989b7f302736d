//! What is measured.

use anyhow::Result;

use crate::client::Client;

/// One thing that clients do again and again.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// How many do it at the same time.
    pub(crate) concurrencies: &'static [usize],
    /// Steps of one operation: what commits and rows are divided by.
    pub(crate) steps: u64,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// A workflow of so many activities, one after the other, from its start to its result.
    Steps(u32),
    /// A workflow that sleeps so many milliseconds.
    Nap(u32),
    /// From a signal to the result of the workflow that waits for it.
    Signal,
}

const ALL_CONCURRENCIES: &[usize] = &[1, 16, 64, 256];

impl Scenario {
    pub(crate) const ALL: &[Scenario] = &[
        Scenario {
            name: "one step",
            concurrencies: ALL_CONCURRENCIES,
            steps: 1,
            kind: Kind::Steps(1),
        },
        Scenario {
            name: "ten steps",
            concurrencies: ALL_CONCURRENCIES,
            steps: 10,
            kind: Kind::Steps(10),
        },
        Scenario {
            name: "1,000 steps",
            concurrencies: &[1, 16],
            steps: 1000,
            kind: Kind::Steps(1000),
        },
        Scenario {
            name: "10 ms sleep",
            concurrencies: ALL_CONCURRENCIES,
            steps: 1,
            kind: Kind::Nap(10),
        },
        Scenario {
            name: "signal round trip",
            concurrencies: ALL_CONCURRENCIES,
            steps: 1,
            kind: Kind::Signal,
        },
    ];

    /// What has to be there before the clock runs. Returns the workflow's id.
    pub(crate) async fn prepare(&self, client: &Client) -> Result<String> {
        let id = client.fresh_id();
        if let Kind::Signal = self.kind {
            client.start(&id, "Wait", "null").await?;
        }
        Ok(id)
    }

    /// The operation.
    pub(crate) async fn run(&self, client: &Client, id: &str) -> Result<()> {
        match self.kind {
            Kind::Steps(count) => client.start(id, "Steps", &count.to_string()).await?,
            Kind::Nap(millis) => client.start(id, "Nap", &millis.to_string()).await?,
            Kind::Signal => client.signal(id).await?,
        }
        client.result(id).await
    }
}
