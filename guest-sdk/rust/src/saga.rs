//! Undoing, in reverse order, what a failed workflow had already done.

use std::{cell::RefCell, future::Future};

use futures::future::{FutureExt, LocalBoxFuture};

use crate::{Context, Error, log::Level};

/// A list of compensations, run last first when the body that registered them fails.
///
/// Compensations run on a [shielded](Context::shielded) context, so that they also run after the workflow was canceled,
/// and one that fails does not keep the others from running. To continue as new is no failure: nothing is undone.
///
/// ```
/// use wrt_sdk::{Context, Result, workflow};
///
/// #[workflow]
/// async fn book_trip(ctx: Context, trip: String) -> Result<String> {
///     ctx.saga(async |saga| {
///         let flight: String = ctx.activity("BookFlight", (trip.clone(),)).await?;
///         let booked = flight.clone();
///         saga.compensation(|ctx| ctx.activity::<()>("CancelFlight", (booked,)));
///
///         let hotel: String = ctx.activity("BookHotel", (trip,)).await?;
///         Ok(format!("{flight}, {hotel}"))
///     })
///     .await
/// }
/// # fn main() {}
/// ```
pub struct Saga {
    context: Context,
    compensations: RefCell<Vec<Compensation>>,
}

type Compensation = Box<dyn FnOnce(Context) -> LocalBoxFuture<'static, Result<(), Error>>>;

impl Saga {
    /// An empty list. [`Context::saga`] makes one and also runs it.
    pub fn new(context: &Context) -> Self {
        Saga {
            context: context.shielded(),
            compensations: RefCell::default(),
        }
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
        let mut failed = Vec::new();
        for undo in compensations.into_iter().rev() {
            if let Err(cause) = undo(self.context.clone()).await {
                let cause = cause.failure().root_cause();
                self.context
                    .log(Level::Error, format_args!("compensation failed"), &[("error", cause)]);
                failed.push(cause.to_string());
            }
        }
        if failed.is_empty() {
            return error;
        }
        let message = format!("{} of {all} compensations failed: {}", failed.len(), failed.join("; "));
        Error::application("CompensationFailed", message).caused_by(error)
    }
}
