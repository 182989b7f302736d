//! What the machine itself takes: a call that does nothing, and a write that is synced. No server can be faster than
//! their sum, so figures of different machines are to be compared with these in mind.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{
    client::Client,
    load::{millis, percentile},
    report::Bare,
};

/// How often each is done.
const ROUNDS: usize = 500;
/// Bytes that are written for one sync: the pages of a small commit.
const WRITE: [u8; 4 * 4096] = [1; 4 * 4096];

pub(crate) async fn measure(client: &Client, data: &Path) -> Result<Bare> {
    let mut calls = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        client.system_info().await?;
        calls.push(begin.elapsed());
    }
    Ok(Bare {
        call_ms: millis(median(calls)),
        synced_write_ms: millis(median(synced_writes(&data.join("bare"))?)),
    })
}

fn median(mut spans: Vec<Duration>) -> Duration {
    spans.sort_unstable();
    percentile(&spans, 50)
}

fn synced_writes(path: &Path) -> Result<Vec<Duration>> {
    let mut file = File::create(path)?;
    let mut writes = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        file.write_all(&WRITE)?;
        file.sync_data()?;
        writes.push(begin.elapsed());
    }
    fs::remove_file(path)?;
    Ok(writes)
}
