//! Closures in the place of activities.

use std::time::Duration;

use crate::{FromArguments, FromPayload, Payload, Result, ToPayload};

/// A mocked activity type.
pub(super) struct Mock {
    pub(super) call: Box<dyn FnMut(Vec<Payload>) -> Result<Payload>>,
    pub(super) takes: Duration,
}

/// A closure that can stand for an activity: it takes the activity's arguments and returns its `Result`.
pub trait ActivityMock<A> {
    /// The closure over payloads.
    #[doc(hidden)]
    fn erase(self) -> Box<dyn FnMut(Vec<Payload>) -> Result<Payload>>;
}

macro_rules! activity_mock {
    ($($name:ident)*) => {
        #[allow(non_snake_case, reason = "the type parameters name the arguments too")]
        impl<Closure, Output, $($name),*> ActivityMock<($($name,)*)> for Closure
        where
            Closure: FnMut($($name),*) -> Result<Output> + 'static,
            Output: ToPayload,
            $($name: FromPayload,)*
        {
            fn erase(mut self) -> Box<dyn FnMut(Vec<Payload>) -> Result<Payload>> {
                Box::new(move |input| {
                    let ($($name,)*) = <($($name,)*)>::decode(input)?;
                    Ok(self($($name),*)?.to_payload()?)
                })
            }
        }
    };
}

activity_mock!();
activity_mock!(A);
activity_mock!(A B);
activity_mock!(A B C);
activity_mock!(A B C D);
