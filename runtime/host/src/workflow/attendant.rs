//! Whoever looks after other things while a guest computes for long.

use std::any::Any;

use super::WorkflowInstance;

/// Is called while a guest computes, on the guest's own thread.
///
/// A short activation ends before it is called for the first time.
pub trait Attendant: Any + Send {
    /// Called after each 10 ms of computing. False stops the guest: it traps, and nobody wants its commands.
    fn attend(&mut self) -> bool;
}

impl WorkflowInstance {
    /// Lets `attendant` look after other things during the calls of the guest that `calls` makes, and gives it back.
    pub fn attended<A: Attendant, T>(&mut self, attendant: A, calls: impl FnOnce(&mut Self) -> T) -> (T, A) {
        self.state().attendant = Some(Box::new(attendant));
        let outcome = calls(self);
        let attendant: Box<dyn Any> = self.state().attendant.take().expect("it was put there above");
        let attendant = attendant.downcast().expect("it is what was put there above");
        (outcome, *attendant)
    }
}
