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
/// Signals, queries and updates are taken by closures; see [`Context::with_state`](crate::Context::with_state).
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
/// - `#[update]`: takes arguments as a signal does and answers as a query does, to a caller who waits. An error is the
///   caller's answer; the workflow goes on.
///
/// Handlers have the name of their method; `#[signal(name = "cancel-order")]` gives another one, as
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
///     /// Adds a number and tells the sum.
///     #[update]
///     fn add_and_get(&mut self, number: i64) -> i64 { self.total += number; self.total }
///
///     /// The sum so far.
///     #[query]
///     fn total(&self) -> i64 { self.total }
/// }
/// # fn main() {
/// let mut test = wrt_sdk::testing::TestEnvironment::<Counter>::new();
/// test.start((40,));
/// test.signal("add", (1,));
/// assert_eq!(test.update("add_and_get", (1,)).outcome::<i64>().unwrap(), 42);
/// test.signal("stop", ());
/// assert_eq!(test.finish().unwrap(), 42);
/// assert_eq!(test.query::<i64>("total", ()).unwrap(), 42);
/// # }
/// ```
///
/// # More about handlers
///
/// - `#[update(validator = check)]` names a method that takes `&self` and references to the update's arguments. An error
///   turns the update away: it leaves no trace in the history. Like all workflow code the validator runs again on replay,
///   so one that becomes stricter needs a [patch](crate::Context::patched).
/// - `#[signal(dynamic)]`, `#[query(dynamic)]` and `#[update(dynamic)]` take whatever no other handler takes: the name as
///   a `String`, and the encoded arguments as a `Vec<Payload>`.
/// - `#[signal(unfinished = "abandon")]`, for `async` handlers of signals and updates: the workflow may end while it is at
///   work. Of others the log warns then; [`all_handlers_finished`](crate::Context::all_handlers_finished) waits for them.
///
/// ```
/// use wrt_sdk::{Context, Error, Payload, Result, WorkflowContext, testing::TestEnvironment, workflow};
///
/// #[derive(Default)]
/// struct Stock { boxes: u32, closed: bool }
///
/// #[workflow]
/// impl Stock {
///     #[run]
///     async fn run(ctx: WorkflowContext<Self>) -> Result<u32> {
///         ctx.wait_until(|stock| stock.closed).await?;
///         ctx.all_handlers_finished().await?;
///         Ok(ctx.state(|stock| stock.boxes))
///     }
///
///     #[update(validator = check_store)]
///     async fn store(ctx: WorkflowContext<Self>, boxes: u32) -> Result<u32> {
///         ctx.activity::<()>("Carry", (boxes,)).await?;
///         Ok(ctx.state_mut(|stock| { stock.boxes += boxes; stock.boxes }))
///     }
///
///     fn check_store(&self, boxes: &u32) -> Result<()> {
///         if self.boxes + boxes > 10 { Err(Error::msg("there is room for ten")) } else { Ok(()) }
///     }
///
///     #[signal(dynamic)]
///     fn other(&mut self, name: String, _arguments: Vec<Payload>) { self.closed = name == "close"; }
/// }
/// # fn main() {
/// let mut test = TestEnvironment::<Stock>::new();
/// test.on_activity("Carry", |_boxes: u32| Ok(()));
/// test.start(());
/// assert_eq!(test.update("store", (11,)).outcome::<u32>().unwrap_rejection().message, "there is room for ten");
/// let stored = test.update("store", (7,));
/// test.signal("close", ());
/// assert_eq!(test.finish().unwrap(), 7);
/// assert_eq!(stored.outcome::<u32>().unwrap(), 7);
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
