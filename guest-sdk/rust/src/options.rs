//! How option structs are written down: once, for the struct and for the call that has them.

/// Gives an options struct, and a call with a field `options`, a setter for each option.
macro_rules! option_setters {
    ($options:ident, $call:ident; $($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        $crate::options::option_setters! { $options; $($(#[$doc])* $name: $type;)* }

        /// Options of this call alone.
        impl<T> $call<T> {
            $($(#[$doc])*
            pub fn $name(mut self, $name: impl Into<$type>) -> Self {
                self.options.$name = Some($name.into());
                self
            })*
        }
    };
    ($options:ident; $($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        impl $options {
            $($(#[$doc])* #[must_use]
            pub fn $name(mut self, $name: impl Into<$type>) -> Self {
                self.$name = Some($name.into());
                self
            })*
        }
    };
}

pub(crate) use option_setters;
