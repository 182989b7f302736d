//! A tree of child workflows: each one has the work below it done by its children.

use wrt_sdk::{Context, Result, workflow};

/// Counts the leaves of a tree of this depth, every node of which has `width` children.
#[workflow]
pub(crate) async fn child_tree(ctx: Context, depth: u32, width: u32) -> Result<u64> {
    if depth == 0 {
        return Ok(1);
    }
    let children = (0..width).map(|_| ctx.child::<child_tree>((depth - 1, width)));
    Ok(wrt_sdk::try_join_all(children).await?.into_iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::testing::TestEnvironment;

    #[test]
    fn all_leaves_are_counted() {
        let mut test = TestEnvironment::<child_tree>::new();
        test.register_child::<child_tree>();
        assert_eq!(test.run((3, 2)).unwrap(), 8);
    }
}
