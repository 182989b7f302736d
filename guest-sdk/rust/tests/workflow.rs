//! Workflow types: what they tell about themselves, how they start and how they end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wrt_sdk::{
    Context, Error, FailureKind, Payload, Result, ToPayload, Workflow, WorkflowContext,
    log::Level,
    testing::{Outcome, TestEnvironment},
    workflow,
};

/// Greets somebody.
///
/// Politely.
#[workflow]
async fn say_hello(ctx: &Context, name: String, title: Option<String>) -> Result<String> {
    wrt_sdk::info!(ctx, attempt = ctx.info().attempt, "greeting {name}");
    Ok(format!("Hello, {}{name}!", title.unwrap_or_default()))
}

#[workflow(name = "no-arguments")]
async fn nothing() -> Result<()> {
    Ok(())
}

#[workflow]
async fn parse(number: String) -> std::result::Result<u32, std::num::ParseIntError> {
    number.parse()
}

#[workflow]
async fn raw(payload: Payload) -> Result<Payload> {
    Ok(payload)
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Article {
    name: String,
    price: u64,
}

/// A shopping cart.
struct Cart {
    articles: Vec<Article>,
    paid: bool,
}

/// Collects articles until they are paid.
#[workflow]
impl Cart {
    #[init]
    fn new(first: &Article) -> Self {
        Cart {
            articles: vec![first.clone()],
            paid: false,
        }
    }

    #[run]
    async fn run(ctx: WorkflowContext<Self>, _first: Article) -> Result<u64> {
        ctx.wait_until(|cart| cart.paid).await?;
        Ok(ctx.state(Cart::total))
    }

    /// Puts an article into the cart.
    #[signal]
    fn add(&mut self, article: Article) {
        self.articles.push(article);
    }

    #[signal]
    async fn add_by_name(ctx: WorkflowContext<Self>, name: String) -> Result<()> {
        let article = ctx.activity("FindArticle", (name,)).await?;
        ctx.state_mut(|cart| cart.articles.push(article));
        Ok(())
    }

    #[signal(name = "pay-now")]
    fn pay(&mut self) {
        self.paid = true;
    }

    /// The sum of the prices.
    #[query]
    fn total(&self) -> u64 {
        self.articles.iter().map(|article| article.price).sum()
    }

    #[query(name = "price-of")]
    fn price(&self, name: String) -> Result<u64> {
        let article = self.articles.iter().find(|article| article.name == name);
        article
            .map(|article| article.price)
            .ok_or_else(|| Error::msg(format!("no {name} in the cart")))
    }
}

fn article(name: &str, price: u64) -> Article {
    Article {
        name: name.to_owned(),
        price,
    }
}

#[test]
fn a_function_is_described_by_its_name_and_comment() {
    let definition = say_hello::definition();
    assert_eq!(definition.name, "SayHello");
    assert_eq!(definition.description, "Greets somebody.\n\nPolitely.");
    assert_eq!(nothing::definition().name, "no-arguments");
}

#[test]
fn a_type_is_described_with_its_handlers() {
    let definition = Cart::definition();
    assert_eq!(
        (definition.name, definition.description),
        ("Cart", "Collects articles until they are paid.")
    );
    let signals: BTreeMap<_, _> = definition.signals.iter().map(|s| (s.name, s.description)).collect();
    assert_eq!(
        signals,
        BTreeMap::from([
            ("add", "Puts an article into the cart."),
            ("add_by_name", ""),
            ("pay-now", "")
        ])
    );
    let queries: Vec<_> = definition.queries.iter().map(|query| query.name).collect();
    assert_eq!(queries, ["total", "price-of"]);
}

#[test]
fn a_function_gets_its_arguments_and_gives_its_result() {
    let mut test = TestEnvironment::<say_hello>::new();
    assert_eq!(test.run(("Ada".to_owned(), None)).unwrap(), "Hello, Ada!");
    let line = &test.logs()[0];
    assert_eq!((line.level, line.message.as_str()), (Level::Info, "greeting Ada"));
    assert_eq!(line.fields, [("attempt".to_owned(), "1".to_owned())]);
    TestEnvironment::<nothing>::new().run(()).unwrap();
}

#[test]
fn a_payload_passes_untouched() {
    let payload = Payload {
        metadata: vec![("encoding".to_owned(), b"x".to_vec())],
        data: b"\xff".to_vec(),
    };
    assert_eq!(TestEnvironment::<raw>::new().run((payload.clone(),)).unwrap(), payload);
}

#[test]
fn any_error_fails_the_workflow_with_its_type() {
    let failure = TestEnvironment::<parse>::new().run(("x".to_owned(),)).unwrap_failure();
    assert_eq!(failure.application_type(), Some("ParseIntError"));
}

/// What `parse` would be if it were started with something else.
#[workflow(name = "parse-number")]
async fn strict(number: u32) -> Result<u32> {
    Ok(number)
}

#[test]
fn input_that_does_not_fit_fails_the_workflow_for_good() {
    struct Wrong;
    impl Workflow for Wrong {
        type Arguments = (Payload,);
        type Output = u32;
        fn name() -> &'static str {
            strict::name()
        }
        fn definition() -> wrt_sdk::WorkflowDefinition {
            strict::definition()
        }
        fn init(_: &(Payload,)) -> Self {
            Wrong
        }
        async fn run(context: WorkflowContext<Self>, (payload,): (Payload,)) -> Result<u32> {
            let _ = context;
            Ok(wrt_sdk::FromPayload::from_payload(payload)?)
        }
        fn signal(_: &WorkflowContext<Self>, _: &str, input: Vec<Payload>) -> wrt_sdk::__private::SignalOutcome {
            wrt_sdk::__private::SignalOutcome::Unhandled(input)
        }
        fn query(&self, _: &str, _: Vec<Payload>) -> Option<Result<Payload>> {
            None
        }
    }
    let failure = TestEnvironment::<Wrong>::new()
        .run(("x".to_payload().unwrap(),))
        .unwrap_failure();
    assert_eq!(failure.application_type(), Some("PayloadConversion"));
    assert!(matches!(&failure.kind, FailureKind::Application(application) if application.non_retryable));
}

#[test]
fn signals_change_the_state_and_queries_read_it() {
    let mut test = TestEnvironment::<Cart>::new();
    test.start((article("pen", 2),));
    assert_eq!(test.query::<u64>("total", ()).unwrap(), 2);
    test.signal("add", (article("ink", 5),));
    assert_eq!(test.query::<u64>("total", ()).unwrap(), 7);
    assert_eq!(test.query::<u64>("price-of", ("ink",)).unwrap(), 5);
    assert_eq!(test.outcome(), Outcome::Waiting);
    test.signal("pay-now", ());
    assert_eq!(test.outcome(), Outcome::Completed(7));
    assert_eq!(
        test.query::<u64>("total", ()).unwrap(),
        7,
        "a closed workflow still answers"
    );
}

#[test]
fn signals_that_come_with_the_start_are_there_before_the_first_step() {
    let mut test = TestEnvironment::<Cart>::new();
    test.signal("pay-now", ());
    assert_eq!(test.run((article("pen", 2),)), Outcome::Completed(2));
}

#[test]
fn an_async_signal_handler_runs_beside_the_main_task() {
    let mut test = TestEnvironment::<Cart>::new();
    test.on_activity("FindArticle", |name: String| Ok(article(&name, 10)));
    test.start((article("pen", 2),));
    test.signal("add_by_name", ("lamp".to_owned(),));
    test.advance(std::time::Duration::ZERO);
    assert_eq!(test.query::<u64>("price-of", ("lamp",)).unwrap(), 10);
}

#[test]
fn a_signal_that_does_not_fit_is_logged_and_left_out() {
    let mut test = TestEnvironment::<Cart>::new();
    test.start((article("pen", 2),));
    test.signal("add", (7,));
    assert_eq!(test.query::<u64>("total", ()).unwrap(), 2);
    assert_eq!(test.logs()[0].level, Level::Warn);
}

#[test]
fn a_query_that_cannot_be_answered_says_why() {
    let mut test = TestEnvironment::<Cart>::new();
    test.start((article("pen", 2),));
    let check = |name: &str, argument: Payload, expected: &str| {
        let error = test.query::<u64>(name, (argument,)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(
        "sum",
        Payload::null(),
        "unknown query `sum`: Cart answers total, price-of",
    );
    check("price-of", "cup".to_payload().unwrap(), "no cup in the cart");
    check(
        "price-of",
        7.to_payload().unwrap(),
        "decode alloc::string::String: invalid type",
    );
}

#[workflow]
async fn dice(ctx: Context) -> Result<(String, u64)> {
    Ok((ctx.uuid(), ctx.random_u64()))
}

#[test]
fn random_numbers_repeat_themselves() {
    let roll = || TestEnvironment::<dice>::new().run(()).unwrap();
    let (uuid, number) = roll();
    assert_eq!(roll(), (uuid.clone(), number));
    let groups: Vec<_> = uuid.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12]);
    assert_eq!(&uuid[14..15], "4", "{uuid}: the version");
    assert!("89ab".contains(&uuid[19..20]), "{uuid}: the variant");
}
