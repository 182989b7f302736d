//! Orders in flight while the server is killed again and again, at moments that nobody chose.
//!
//! `WRT_CRASH_SEED` repeats a run with the same moments, as far as a machine can.

mod account;
mod load;

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use tokio::time::timeout;
use wrt_tests::{Options, Orders, with_server};

use crate::{account::check, load::Load};

/// Orders, all of which are placed early and stay in flight for many lives of the server.
const ORDERS: usize = 200;

/// How often the server is killed.
const CRASHES: usize = 50;

/// The longest life of the server between two crashes, in milliseconds.
const LIFE_MS: u64 = 500;

/// The span, in milliseconds, over which the pauses of the orders are spread: about as long as all lives together.
const PAUSES_MS: u64 = 30_000;

#[tokio::test]
async fn nothing_that_was_acknowledged_is_lost_and_nothing_happens_twice() -> Result<()> {
    let seed = seed()?;
    println!("WRT_CRASH_SEED={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    with_server(Options::default(), async |server| {
        let orders = Orders::deploy(server).await?;
        let mut load = Load::new(server.client(), ORDERS, CRASHES, || random.next_u64() % PAUSES_MS);
        let mut lives = ChaCha8Rng::seed_from_u64(seed.wrapping_add(1));
        for life in 0..CRASHES {
            // The load goes on until the server is killed under it; whatever was not acknowledged is sent again later.
            let span = Duration::from_millis(lives.next_u64() % LIFE_MS);
            if let Ok(refused) = timeout(span, load.go_on(life)).await {
                refused.with_context(|| format!("send requests in life {life}"))?;
            }
            server.kill().await?;
            server
                .restart()
                .await
                .with_context(|| format!("restart after crash {life}"))?;
        }
        load.finish(CRASHES).await.context("send the last requests")?;
        let ends = load.ends().await?;
        let effects = orders.books.effects().await?;
        check(&load, &ends, &effects)?;
        let verified = server.verify().await?;
        ensure!(verified == ORDERS, "{verified} runs are in the list, of {ORDERS}");
        let repeated = effects.iter().filter(|effect| effect.requests > 1).count();
        println!("{CRASHES} crashes, {ORDERS} orders: {}", load.summary(&ends));
        println!("{} effects, of which {repeated} were asked for again", effects.len());
        Ok(())
    })
    .await
    .with_context(|| format!("repeat it with WRT_CRASH_SEED={seed}"))
}

fn seed() -> Result<u64> {
    match std::env::var("WRT_CRASH_SEED") {
        Ok(seed) => seed.parse().context("WRT_CRASH_SEED is a number"),
        Err(_) => Ok(RandomState::new().hash_one(0)),
    }
}
