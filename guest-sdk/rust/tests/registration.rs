//! Handlers that a workflow registers while it runs.

use std::time::Duration;

use wrt_sdk::{Context, Error, Result, testing::TestEnvironment, workflow};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Basket {
    articles: Vec<String>,
    paid: bool,
}

/// A function with signals, queries and updates.
#[workflow]
async fn basket(ctx: Context, most: usize) -> Result<Vec<String>> {
    let ctx = ctx.with_state(Basket::default());
    ctx.on_query("articles", |basket, ()| basket.articles.clone());
    ctx.on_update("add", |basket, article: String| {
        basket.articles.push(article);
        Ok(basket.articles.len())
    })
    .validator(move |basket, article: &String| {
        if basket.articles.len() < most {
            return Ok(());
        }
        Err(Error::application("Full", format!("no room for {article}")))
    });
    ctx.on_async_update("pay", async |ctx, card: String| {
        let receipt: String = ctx.activity("Pay", (card,)).await?;
        ctx.state_mut(|basket| basket.paid = true);
        Ok(receipt)
    });
    ctx.on_signal("remove", |basket, article: String| {
        basket.articles.retain(|other| *other != article)
    });
    ctx.wait_until(|basket| basket.paid).await?;
    ctx.all_handlers_finished().await?;
    Ok(ctx.state(|basket| basket.articles.clone()))
}

#[test]
fn a_function_is_called_while_it_runs() {
    let mut test = TestEnvironment::<basket>::new();
    test.on_activity("Pay", |card: String| Ok(format!("paid with {card}")));
    test.start((2,));
    assert_eq!(test.update("add", ("book",)).outcome::<usize>().unwrap(), 1);
    assert_eq!(test.update("add", ("pen",)).outcome::<usize>().unwrap(), 2);
    let full = test.update("add", ("ink",)).outcome::<usize>().unwrap_rejection();
    assert_eq!(full.message, "no room for ink");
    test.signal("remove", ("pen",));
    assert_eq!(test.query::<Vec<String>>("articles", ()).unwrap(), ["book"]);
    let receipt = test.update("pay", ("gold",));
    assert_eq!(test.finish().unwrap(), ["book"]);
    assert_eq!(receipt.outcome::<String>().unwrap(), "paid with gold");
    assert_eq!(
        test.query::<Vec<String>>("articles", ()).unwrap(),
        ["book"],
        "also after the end"
    );
}

#[test]
fn an_update_that_comes_with_the_start_finds_its_handler() {
    let mut test = TestEnvironment::<basket>::new();
    let early = test.update("add", ("book",));
    test.start((1,));
    assert_eq!(early.outcome::<usize>().unwrap(), 1);
}

#[test]
fn what_nobody_takes_says_what_somebody_does() {
    let mut test = TestEnvironment::<basket>::new();
    test.start((1,));
    let unknown = test.update("drop", ("book",)).outcome::<()>().unwrap_rejection();
    assert_eq!(unknown.message, "unknown update `drop`: Basket takes add, pay");
    let unknown = test.query::<()>("price", ()).unwrap_err();
    assert!(unknown.to_string().contains("Basket answers articles"), "{unknown}");
    let misfit = test.update("add", (7,)).outcome::<usize>().unwrap_rejection();
    assert!(misfit.message.contains("decode"), "{}", misfit.message);
}

#[workflow]
async fn late(ctx: Context) -> Result<Vec<u32>> {
    let ctx = ctx.with_state(Vec::new());
    ctx.sleep(10 * SECOND).await?;
    ctx.on_signal("number", |numbers, number: u32| numbers.push(number));
    ctx.on_async_signal("later", async |ctx, number: u32| {
        ctx.sleep(SECOND).await?;
        ctx.state_mut(|numbers| numbers.push(number));
        Ok(())
    });
    ctx.all_handlers_finished().await?;
    ctx.sleep(SECOND).await?;
    ctx.all_handlers_finished().await?;
    Ok(ctx.state(Clone::clone))
}

#[test]
fn a_handler_takes_what_has_come_before() {
    let mut test = TestEnvironment::<late>::new();
    for number in [1, 2] {
        test.signal_at(SECOND, "number", (number,));
    }
    test.signal_at(2 * SECOND, "later", (3,));
    assert_eq!(test.run(()).unwrap(), [1, 2, 3]);
}

#[workflow]
async fn scoped(ctx: Context) -> Result<bool> {
    let ctx = ctx.with_state(0_u32);
    let scope = ctx.cancellation_scope();
    let waiting = ctx.within(&scope).wait_until(|number| *number > 0);
    scope.cancel("nobody counts");
    Ok(waiting.await.is_err_and(|failure| failure.is_canceled()))
}

#[test]
fn a_scope_may_have_the_state() {
    assert!(TestEnvironment::<scoped>::new().run(()).unwrap());
}
