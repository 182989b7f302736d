//! The smallest workflow: waits a little, then greets.

use std::time::Duration;

use wrt_sdk::{Context, Result, workflow};

/// Greets somebody after a second.
#[workflow]
async fn hello(ctx: Context, name: String) -> Result<String> {
    wrt_sdk::info!(ctx, "about to greet {name}");
    ctx.sleep(Duration::from_secs(1)).await?;
    Ok(format!("Hello, {name}!"))
}

wrt_sdk::export!(hello);

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_sdk::testing::TestEnvironment;

    #[test]
    fn it_greets_after_a_second() {
        let mut test = TestEnvironment::<hello>::new();
        assert_eq!(test.run(("Ada".to_owned(),)).unwrap(), "Hello, Ada!");
        assert_eq!(test.elapsed(), Duration::from_secs(1));
    }
}
