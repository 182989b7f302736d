//! Undoing, in reverse order, what a failed workflow had already done.

use std::{cell::RefCell, future::Future};

use futures::future::{FutureExt, LocalBoxFuture, join_all};

use crate::{Context, Error, Result, log::Level};

/// A list of compensations, run last first when the body that registered them fails.
///
/// Compensations run on a [shielded](Context::shielded) context, so that they also run after the workflow was canceled,
/// and one that fails does not keep the others from running, unless [`SagaOptions`] say so. To continue as new is no
/// failure: nothing is undone.
///
/// ```
/// use wrt_sdk::{Context, Result, workflow};
///
/// #[workflow]
/// async fn book_trip(ctx: Context, trip: String) -> Result<String> {
///     ctx.saga(async |saga| {
///         let flight: String = saga
///             .step(ctx.activity("BookFlight", (&trip,)), |ctx, flight| ctx.activity::<()>("CancelFlight", (flight,)))
///             .await?;
///         let hotel: String = ctx.activity("BookHotel", (&trip,)).await?;
///         Ok(format!("{flight}, {hotel}"))
///     })
///     .await
/// }
/// # fn main() {}
/// ```
pub struct Saga {
    context: Context,
    options: SagaOptions,
    compensations: RefCell<Vec<Compensation>>,
}

type Compensation = Box<dyn FnOnce(Context) -> LocalBoxFuture<'static, Result<(), Error>>>;

/// How compensations are run.
///
/// ```
/// use wrt_sdk::{Context, Result, SagaOptions, workflow};
///
/// #[workflow]
/// async fn move_money(ctx: Context, amount: u64) -> Result<()> {
///     let options = SagaOptions::new().continue_on_error(false);
///     ctx.saga_with(options, async |saga| {
///         saga.step(ctx.activity("Withdraw", (amount,)), move |ctx, ()| ctx.activity::<()>("Refund", (amount,))).await?;
///         Ok(ctx.activity("Deposit", (amount,)).await?)
///     })
///     .await
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SagaOptions {
    parallel: bool,
    continue_on_error: bool,
}

impl Default for SagaOptions {
    fn default() -> Self {
        SagaOptions::new()
    }
}

impl SagaOptions {
    /// One after the other, all of them.
    pub fn new() -> Self {
        SagaOptions {
            parallel: false,
            continue_on_error: true,
        }
    }

    /// Sets whether all compensations run at once; the last one begins first even so.
    #[must_use]
    pub fn parallel(mut self, parallel: bool) -> Self {
        self.parallel = parallel;
        self
    }

    /// Sets whether the others still run after one that has failed. Those that run in parallel always do.
    #[must_use]
    pub fn continue_on_error(mut self, continue_on_error: bool) -> Self {
        self.continue_on_error = continue_on_error;
        self
    }
}

impl Context {
    /// Runs `body`; when it fails, undoes what it did, last step first. See [`Saga`].
    pub async fn saga<T>(&self, body: impl AsyncFnOnce(&Saga) -> Result<T>) -> Result<T> {
        self.saga_with(SagaOptions::new(), body).await
    }

    /// As [`saga`](Self::saga), with a choice of how compensations are run.
    pub async fn saga_with<T>(&self, options: SagaOptions, body: impl AsyncFnOnce(&Saga) -> Result<T>) -> Result<T> {
        let saga = Saga::with_options(self, options);
        match body(&saga).await {
            Err(error) if !error.is_continue_as_new() => Err(saga.compensate(error).await),
            outcome => outcome,
        }
    }
}

impl Saga {
    /// An empty list. [`Context::saga`] makes one and also runs it.
    pub fn new(context: &Context) -> Self {
        Saga::with_options(context, SagaOptions::new())
    }

    /// An empty list, with a choice of how it is run.
    pub fn with_options(context: &Context, options: SagaOptions) -> Self {
        Saga {
            context: context.shielded(),
            options,
            compensations: RefCell::default(),
        }
    }

    /// Takes a step, and registers how to undo it if it succeeds: a closure of the shielded context and of what the step
    /// gave.
    pub async fn step<T, E, F, U, G>(
        &self,
        step: impl Future<Output = Result<T, E>>,
        undo: impl FnOnce(Context, T) -> F + 'static,
    ) -> Result<T>
    where
        T: Clone + 'static,
        E: Into<Error>,
        F: Future<Output = Result<U, G>> + 'static,
        G: Into<Error>,
    {
        let done = step.await.map_err(Into::into)?;
        let undone = done.clone();
        self.compensation(|context| undo(context, undone));
        Ok(done)
    }

    /// Registers how to undo a step. The closure gets the shielded context and gives a future: the call of an activity, or
    /// an `async` block for more than that.
    pub fn compensation<F, T, E>(&self, undo: impl FnOnce(Context) -> F + 'static)
    where
        F: Future<Output = Result<T, E>> + 'static,
        E: Into<Error>,
    {
        self.compensations.borrow_mut().push(Box::new(move |context| {
            undo(context)
                .map(|result| result.map(drop).map_err(Into::into))
                .boxed_local()
        }));
    }

    /// Runs the compensations, last first, and gives back `error`.
    ///
    /// Where compensations failed, they are logged, and the error is an application failure of type
    /// `CompensationFailed` with `error` as its cause: somebody has to look after what they left behind.
    pub async fn compensate(self, error: Error) -> Error {
        let compensations = self.compensations.into_inner();
        let all = compensations.len();
        let undoing = compensations.into_iter().rev().map(|undo| undo(self.context.clone()));
        let mut failed = Vec::new();
        if self.options.parallel {
            let outcomes = join_all(undoing).await;
            failed.extend(outcomes.into_iter().filter_map(Result::err));
        } else {
            for undone in undoing {
                failed.extend(undone.await.err());
                if !failed.is_empty() && !self.options.continue_on_error {
                    break;
                }
            }
        }
        if failed.is_empty() {
            return error;
        }
        let failed = failed.iter().map(|cause| log_failed(&self.context, cause));
        let failed: Vec<_> = failed.collect();
        let message = format!("{} of {all} compensations failed: {}", failed.len(), failed.join("; "));
        Error::application("CompensationFailed", message).caused_by(error)
    }
}

/// Writes down why a compensation failed, and gives it in words.
fn log_failed(context: &Context, error: &Error) -> String {
    let cause = error.failure().root_cause();
    context.log(Level::Error, format_args!("compensation failed"), &[("error", cause)]);
    cause.to_string()
}
