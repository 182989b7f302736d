//! Several things at once: `select!`, `join!`, and their kind for lists.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
};

/// Waits for the first of several futures, and runs what stands behind it.
///
/// Each branch is `pattern = future => expression`. Where several are ready, the first one listed wins, so that a replay
/// decides as the first run did. The others are dropped before the expression runs, which cancels what they had started:
/// the loser leaves no timer and no activity behind. To keep a future, lend it: `&mut call`. An `async` block that is lent
/// has to be boxed, `let mut work = Box::pin(async { … });`.
///
/// ```
/// use std::time::Duration;
/// use wrt_sdk::{Context, Result, select, testing::TestEnvironment, workflow};
///
/// #[workflow]
/// async fn quote(ctx: Context) -> Result<Option<u64>> {
///     let price = select! {
///         price = ctx.activity::<u64>("AskForPrice", ()) => Some(price?),
///         timer = ctx.sleep(Duration::from_secs(60)) => {
///             timer?;
///             None
///         }
///     };
///     Ok(price)
/// }
/// # fn main() {
/// let mut test = TestEnvironment::<quote>::new();
/// test.on_activity("AskForPrice", || Ok(42_u64));
/// assert_eq!(test.run(()).unwrap(), Some(42));
///
/// let mut test = TestEnvironment::<quote>::new();
/// test.on_activity("AskForPrice", || Ok(42_u64));
/// test.activity_takes("AskForPrice", Duration::from_secs(3600));
/// assert_eq!(test.run(()).unwrap(), None);
/// # }
/// ```
#[macro_export]
macro_rules! select {
    ($($branches:tt)+) => {
        $crate::__select!([] [] $($branches)+)
    };
}

/// Collects the futures and the arms of [`select!`], one branch after the other.
#[doc(hidden)]
#[macro_export]
macro_rules! __select {
    // All branches are there.
    ([$($future:expr,)+] [$($arm:tt)+]) => {{
        let outcome = $crate::__either!($($future,)+).await;
        $crate::__arms!(outcome, $($arm)+)
    }};
    ([$($future:expr,)*] [$($arm:tt)*] $pattern:pat = $next:expr => $body:block, $($rest:tt)*) => {
        $crate::__select!([$($future,)* $next,] [$($arm)* ($pattern => $body)] $($rest)*)
    };
    ([$($future:expr,)*] [$($arm:tt)*] $pattern:pat = $next:expr => $body:block $($rest:tt)*) => {
        $crate::__select!([$($future,)* $next,] [$($arm)* ($pattern => $body)] $($rest)*)
    };
    ([$($future:expr,)*] [$($arm:tt)*] $pattern:pat = $next:expr => $body:expr, $($rest:tt)*) => {
        $crate::__select!([$($future,)* $next,] [$($arm)* ($pattern => $body)] $($rest)*)
    };
    ([$($future:expr,)*] [$($arm:tt)*] $pattern:pat = $next:expr => $body:expr) => {
        $crate::__select!([$($future,)* $next,] [$($arm)* ($pattern => $body)])
    };
}

/// The first of several futures, as nested [`Either`](crate::__private::Either)s.
#[doc(hidden)]
#[macro_export]
macro_rules! __either {
    ($last:expr,) => { $last };
    ($first:expr, $($rest:expr,)+) => {
        $crate::__private::either($first, $crate::__either!($($rest,)+))
    };
}

/// The arm that fits.
#[doc(hidden)]
#[macro_export]
macro_rules! __arms {
    ($outcome:ident, ($pattern:pat => $body:expr)) => {{
        let $pattern = $outcome;
        $body
    }};
    ($outcome:ident, ($pattern:pat => $body:expr) $($rest:tt)+) => {
        match $outcome {
            $crate::__private::Either::First($pattern) => $body,
            $crate::__private::Either::Second(outcome) => $crate::__arms!(outcome, $($rest)+),
        }
    };
}

/// Waits for all of several futures at once, and gives their results as a tuple.
///
/// They are polled in the order in which they are listed. [`try_join!`](crate::try_join!) ends with the first error.
///
/// ```
/// use wrt_sdk::{Context, Result, join, workflow};
///
/// #[workflow]
/// async fn both(ctx: Context) -> Result<u64> {
///     let (left, right) = join!(ctx.activity::<u64>("Left", ()), ctx.activity::<u64>("Right", ()));
///     Ok(left? + right?)
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! join {
    ($($future:expr),+ $(,)?) => { $crate::__private::futures::join!($($future),+) };
}

/// Waits for all of several futures at once, and gives their values as a tuple, or the first error. Then the others are
/// dropped, which cancels what they had started.
///
/// ```
/// use wrt_sdk::{Context, Result, try_join, workflow};
///
/// #[workflow]
/// async fn both(ctx: Context) -> Result<u64> {
///     let (left, right) = try_join!(ctx.activity::<u64>("Left", ()), ctx.activity::<u64>("Right", ()))?;
///     Ok(left + right)
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! try_join {
    ($($future:expr),+ $(,)?) => { $crate::__private::futures::try_join!($($future),+) };
}

/// Waits for the first of a list of futures, and gives its index and its result.
///
/// Where several are ready, the first one listed wins. The others are dropped, which cancels what they had started.
/// Without any, it waits for ever.
///
/// ```
/// use wrt_sdk::{Context, Result, race, workflow};
///
/// #[workflow]
/// async fn fastest(ctx: Context, mirrors: Vec<String>) -> Result<String> {
///     let downloads = mirrors.iter().map(|mirror| ctx.activity::<()>("Download", (mirror,)));
///     let (index, downloaded) = race(downloads).await;
///     downloaded?;
///     Ok(mirrors[index].clone())
/// }
/// # fn main() {}
/// ```
pub fn race<F: Future>(futures: impl IntoIterator<Item = F>) -> Race<F> {
    Race(futures.into_iter().map(Box::pin).collect())
}

/// Waits for the first of a list of futures; see [`race`].
#[must_use = "futures do nothing unless awaited"]
pub struct Race<F>(Vec<Pin<Box<F>>>);

impl<F: Future> Future for Race<F> {
    type Output = (usize, F::Output);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let first = self.0.iter_mut().enumerate().find_map(|(index, future)| {
            let polled = future.as_mut().poll(context);
            match polled {
                Poll::Ready(output) => Some((index, output)),
                Poll::Pending => None,
            }
        });
        match first {
            Some(first) => {
                self.0.clear();
                Poll::Ready(first)
            }
            None => Poll::Pending,
        }
    }
}

/// Which of two futures was first.
#[doc(hidden)]
pub enum Either<A, B> {
    First(A),
    Second(B),
}

/// The first of two futures; the first one where both are ready.
#[doc(hidden)]
pub async fn either<A: Future, B: Future>(first: A, second: B) -> Either<A::Output, B::Output> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| {
        if let Poll::Ready(output) = first.as_mut().poll(context) {
            return Poll::Ready(Either::First(output));
        }
        second.as_mut().poll(context).map(Either::Second)
    })
    .await
}
