//! The attribute macros, documented here, where links and examples can use the rest of the crate.

/// Makes a workflow type, out of a function or out of a type with handlers.
///
/// # Functions
///
/// The easy case: an `async` function with a [`Context`](crate::Context) and the arguments. The workflow
/// type is the function's name in PascalCase, so `hello` is started as `Hello`.
///
/// ```
/// use wrt_sdk::{Context, Result, workflow};
///
/// /// Greets somebody.
/// #[workflow]
/// async fn hello(ctx: Context, name: String) -> Result<String> {
///     wrt_sdk::info!(ctx, "greeting {name}");
///     Ok(format!("Hello, {name}!"))
/// }
/// # fn main() {}
/// ```
///
/// # Types
///
/// A type is the workflow's state; its name is the workflow type. The methods are marked:
///
/// - `#[run]`, exactly one: the main task, an `async fn` with a
///   [`WorkflowContext<Self>`](crate::WorkflowContext) and the arguments.
/// - `#[init]`, at most one: makes the state, out of references to the arguments of `run`. Without it the type has to
///   implement `Default`.
/// - `#[signal]`: takes `&mut self` and the signal's arguments. An `async` handler takes a context instead of `self`, and
///   runs beside the main task.
/// - `#[query]`: takes `&self` and the query's arguments, and answers with a value or a `Result`. It is asked at any
///   time, also after the end.
///
/// Signals and queries have the name of their method; `#[signal(name = "cancel-order")]` gives another one, as
/// `#[workflow(name = "…")]` does for the type. Doc comments become the descriptions that the runtime's tools show.
///
/// ```
/// use wrt_sdk::{Result, WorkflowContext, workflow};
///
/// /// Adds up numbers until it is told to stop.
/// #[derive(Default)]
/// struct Counter { total: i64, stopped: bool }
///
/// #[workflow]
/// impl Counter {
///     #[init]
///     fn new(start: &i64) -> Self { Counter { total: *start, stopped: false } }
///
///     #[run]
///     async fn run(ctx: WorkflowContext<Self>, _start: i64) -> Result<i64> {
///         ctx.wait_until(|counter| counter.stopped).await?;
///         Ok(ctx.state(|counter| counter.total))
///     }
///
///     /// Adds a number.
///     #[signal]
///     fn add(&mut self, number: i64) { self.total += number; }
///
///     #[signal(name = "stop")]
///     fn end(&mut self) { self.stopped = true; }
///
///     /// The sum so far.
///     #[query]
///     fn total(&self) -> i64 { self.total }
/// }
/// # fn main() {
/// let mut test = wrt_sdk::testing::TestEnvironment::<Counter>::new();
/// test.start((40,));
/// test.signal("add", (2,));
/// test.signal("stop", ());
/// assert_eq!(test.finish().unwrap(), 42);
/// assert_eq!(test.query::<i64>("total", ()).unwrap(), 42);
/// # }
/// ```
pub use wrt_sdk_macros::workflow;

/// Declares activities as a trait: a contract that an activity component implements, and typed stubs that workflows call.
///
/// The trait belongs in a crate that both sides use. Its functions have no `self`; each takes what it needs, a
/// [`&ActivityContext`](crate::ActivityContext) first if it wants one, and returns a `Result`. The
/// activity type is the function's name in PascalCase, unless `#[activity(name = "…")]` says otherwise.
///
/// Besides the trait there is an extension trait of the context with the name and `Stub`:
///
/// ```
/// use wrt_sdk::{ActivityContext, Context, Result, activities, workflow};
///
/// #[activities]
/// pub trait Shop {
///     /// Takes money.
///     fn charge(ctx: &ActivityContext, amount: u64) -> Result<String>;
/// }
///
/// // In the workflow component: `use shop::ShopStub;`
/// #[workflow]
/// async fn buy(ctx: Context, amount: u64) -> Result<String> {
///     Ok(ctx.charge(amount).summary("the only charge").await?)
/// }
///
/// // In the activity component: `use shop::Shop;`
/// struct Till;
///
/// impl Shop for Till {
///     fn charge(ctx: &ActivityContext, amount: u64) -> Result<String> {
///         Ok(format!("{amount} by {}", ctx.info().idempotency_key))
///     }
/// }
/// # fn main() {}
/// ```
pub use wrt_sdk_macros::activities;

/// Makes an activity out of a function: the easy case, when workflows call it by its name.
///
/// It takes a [`&ActivityContext`](crate::ActivityContext) first if it wants one, then its arguments, and
/// returns a `Result`. The activity type is the function's name in PascalCase; `#[activity(name = "…")]` gives another
/// one. The component lists it in `export_activities!`. Workflows that can see the function have a typed stub too:
///
/// ```
/// use wrt_sdk::{Context, Result, activity, workflow};
///
/// /// Adds two numbers.
/// #[activity]
/// fn add(left: i64, right: i64) -> Result<i64> { Ok(left + right) }
///
/// #[workflow]
/// async fn sum(ctx: Context, numbers: Vec<i64>) -> Result<i64> {
///     let mut total = 0;
///     for number in numbers {
///         total = add::call(&ctx, total, number).await?;
///     }
///     Ok(total)
/// }
/// # fn main() {}
/// ```
pub use wrt_sdk_macros::activity;
