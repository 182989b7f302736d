//! The log of the workflow. Silent on replay, so that each line appears once.

use std::fmt;

use crate::Context;

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// For who looks for a bug.
    Debug,
    /// What an operator wants to see.
    Info,
    /// Something is odd.
    Warn,
    /// Something is broken.
    Error,
}

impl Context {
    /// Writes one line with named values. The macros [`info!`](crate::info) and its kind are shorter.
    pub fn log(&self, level: Level, message: fmt::Arguments<'_>, fields: &[(&str, &dyn fmt::Display)]) {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.to_string()))
            .collect();
        match message.as_str() {
            Some(message) => self.run.log(level, message, &fields),
            None => self.run.log(level, &message.to_string(), &fields),
        }
    }
}

/// Writes one line of a given [`Level`](crate::log::Level) to the log of the workflow.
///
/// The context comes first, then named values, then a message as `format!` takes it.
///
/// ```
/// # fn example(ctx: wrt_sdk::Context, order_id: u32, price: f64) {
/// wrt_sdk::info!(ctx, order_id = order_id, "charged {price:.2}");
/// # }
/// ```
#[macro_export]
macro_rules! log {
    ($level:expr, $context:expr, $($name:ident = $value:expr,)* $message:literal $(, $argument:expr)* $(,)?) => {
        $context.log(
            $level,
            ::core::format_args!($message $(, $argument)*),
            &[$((::core::stringify!($name), &$value as &dyn ::core::fmt::Display)),*],
        )
    };
}

macro_rules! level_macros {
    ($dollar:tt $($name:ident $level:ident $article:literal)*) => {$(
        #[doc = concat!("Writes one line of level ", $article, " to the log of the workflow; see [`log!`](crate::log!).")]
        #[macro_export]
        macro_rules! $name {
            ($dollar context:expr, $dollar($dollar rest:tt)+) => {
                $crate::log!($crate::log::Level::$level, $dollar context, $dollar($dollar rest)+)
            };
        }
    )*};
}

level_macros!($
    trace Trace "trace"
    debug Debug "debug"
    info Info "info"
    warn Warn "warn"
    error Error "error"
);
