//! Finds out what of a sequence it takes to see a difference.

use crate::script::Script;

/// How many shorter sequences are tried.
const ATTEMPTS: usize = 60;

/// Leaves out what it can without losing what `shows` looks for: first halves, then ever smaller pieces.
pub(crate) async fn shrink(script: Script, shows: impl AsyncFn(&Script) -> bool) -> Script {
    let mut script = script;
    let mut attempts = 0;
    let mut piece = script.steps.len().div_ceil(2);
    loop {
        let before = script.steps.len();
        let mut end = before;
        while end > 0 && attempts < ATTEMPTS {
            // From the end, as what is left out there is missed by nobody.
            let start = end.saturating_sub(piece);
            let mut shorter = script.clone();
            shorter.steps.drain(start..end);
            attempts += 1;
            if shows(&shorter).await {
                script = shorter;
            }
            end = start;
        }
        let has_shrunk = script.steps.len() < before;
        if attempts == ATTEMPTS || piece <= 1 && !has_shrunk {
            return script;
        }
        piece = if piece > 1 { piece.div_ceil(2) } else { 1 };
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::script::Step;

    fn script(naps: impl IntoIterator<Item = u64>) -> Script {
        let steps = naps.into_iter().map(|milliseconds| Step::Sleep { milliseconds });
        Script {
            title: String::new(),
            steps: steps.collect(),
        }
    }

    #[tokio::test]
    async fn what_is_needed_is_left() {
        let needed = [script([3]).steps, script([17]).steps].concat();
        let tried = Cell::new(0);
        let shrunk = shrink(script(0..24), async |script| {
            tried.set(tried.get() + 1);
            needed.iter().all(|step| script.steps.contains(step))
        });
        assert_eq!(shrunk.await.steps, needed);
        assert!(tried.get() <= ATTEMPTS);
    }

    #[tokio::test]
    async fn what_is_all_needed_stays() {
        let whole = script(0..5);
        let shrunk = shrink(whole.clone(), async |script| script.steps.len() == 5).await;
        assert_eq!(shrunk, whole);
    }
}
