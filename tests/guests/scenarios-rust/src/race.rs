//! Steps that run others concurrently.

use std::{
    future::poll_fn,
    task::{Context, Poll, Waker},
};

use serde_json::Value;
use wrt_sdk::{CancellationScope, Result};

use crate::program::{Frame, Running};

impl Frame {
    /// Waits for all branches. The first error ends the wait, and the other branches go on.
    pub(crate) async fn all(&self, branches: &Value) -> Result<()> {
        let mut waiting: Vec<_> = self.branches(branches).collect();
        let ended = poll_fn(|context| {
            let mut index = 0;
            while let Some(branch) = waiting.get_mut(index) {
                match branch.as_mut().poll(context) {
                    Poll::Pending => index += 1,
                    Poll::Ready(outcome) => {
                        drop(waiting.remove(index));
                        if let Err(error) = outcome {
                            return Poll::Ready(Err(error));
                        }
                    }
                }
            }
            if waiting.is_empty() {
                Poll::Ready(Ok(()))
            } else {
                Poll::Pending
            }
        });
        let outcome = ended.await;
        for branch in waiting {
            self.leave(branch);
        }
        outcome
    }

    fn branches(&self, branches: &Value) -> impl Iterator<Item = Running> {
        branches
            .as_array()
            .into_iter()
            .flatten()
            .map(|steps| self.running(steps))
    }

    /// Waits for the first branch that ends; the others are canceled, and go on as far as they want to.
    pub(crate) async fn race(&self, step: &Value, branches: &Value) -> Result<()> {
        let mut waiting: Vec<(usize, CancellationScope, Running)> = Vec::new();
        for (index, steps) in branches.as_array().into_iter().flatten().enumerate() {
            let scope = self.ctx.cancellation_scope();
            let branch = self.within(&scope).running(steps);
            waiting.push((index, scope, branch));
        }
        let (first, outcome) = poll_fn(|context| {
            let mut polled = waiting.iter_mut().enumerate();
            let first = polled.find_map(|(place, (index, _, branch))| match branch.as_mut().poll(context) {
                Poll::Ready(outcome) => Some((place, *index, outcome)),
                Poll::Pending => None,
            });
            let Some((place, index, outcome)) = first else {
                return Poll::Pending;
            };
            drop(waiting.remove(place));
            Poll::Ready((index, outcome))
        })
        .await;
        for (_, scope, branch) in waiting {
            scope.cancel("another branch was first");
            self.leave(branch);
        }
        outcome?;
        self.keep(step, Value::from(first));
        Ok(())
    }

    /// Lets steps go on beside the others; their errors are dropped.
    pub(crate) fn leave(&self, steps: Running) {
        let mut steps = begun(steps);
        self.ctx.spawn(async move {
            let _ = (&mut steps).await;
        });
    }

    /// Runs steps beside the others, from the next wait on.
    pub(crate) fn spawn(&self, step: &Value, steps: &Value) {
        let scope = self.ctx.cancellation_scope();
        self.name_scope(step, &scope);
        let steps = self.within(&scope).running(steps);
        self.ctx.spawn(async move {
            let _ = steps.await;
        });
    }
}

/// Goes as far as it can at once; whoever polls it next is woken.
pub(crate) fn begun(mut steps: Running) -> Running {
    match steps.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Box::pin(std::future::ready(outcome)),
        Poll::Pending => steps,
    }
}

/// Lets all others that were woken go as far as they can.
pub(crate) async fn let_others_go() {
    /// Enough for branches of the same task, which are polled in order, and for tasks that were spawned just now, which
    /// join the others only when these rest.
    const TURNS: usize = 4;
    let mut turns = 0;
    let yielding = poll_fn(|context| {
        turns += 1;
        if turns > TURNS {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    });
    yielding.await;
}
