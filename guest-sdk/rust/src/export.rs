//! Turning a crate into a component.

/// Makes the crate a workflow component with these workflow types. Beside [`export_activities!`] it makes one component of
/// both.
///
/// Written once, at the top level of a crate whose `Cargo.toml` says `crate-type = ["cdylib"]`. On targets other than
/// WebAssembly it only checks that the types are workflows.
///
/// ```
/// use wrt_sdk::{Context, Result, workflow};
///
/// /// Greets somebody.
/// #[workflow]
/// async fn hello(ctx: Context, name: String) -> Result<String> {
///     Ok(format!("Hello, {name}!"))
/// }
///
/// wrt_sdk::export!(hello);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($($workflow:ty),+ $(,)?) => {
        const _: () = {
            const WORKFLOWS: &[$crate::WorkflowEntry] = &[$($crate::WorkflowEntry::of::<$workflow>()),+];

            // Keeps the compiler from calling the workflows unused where nothing is exported.
            let _ = WORKFLOWS;

            #[allow(dead_code, reason = "exported from WebAssembly only")]
            struct WrtModule;

            impl $crate::__private::workflow_guest::Guest for WrtModule {
                fn describe() -> $crate::__private::workflow_guest::ModuleDefinition {
                    $crate::__private::component::describe(WORKFLOWS)
                }

                fn activate(
                    activation: $crate::__private::workflow_guest::Activation,
                ) -> ::core::result::Result<(), ::std::string::String> {
                    $crate::__private::component::activate(WORKFLOWS, activation)
                }

                fn query(
                    query: $crate::__private::workflow_guest::WorkflowQuery,
                ) -> ::core::result::Result<::std::vec::Vec<$crate::Payload>, ::std::string::String> {
                    $crate::__private::component::query(query)
                }
            }

            #[cfg(target_family = "wasm")]
            $crate::__private::bindings::workflow::export!(
                WrtModule with_types_in $crate::__private::bindings::workflow
            );
        };
    };
}

/// Makes the crate an activity component. Beside [`export!`] it makes one component of both.
///
/// Lists implementations of [`#[activities]`](crate::activities) traits as `Type as Trait`, and functions with
/// [`#[activity]`](crate::activity) by their name.
///
/// ```
/// use wrt_sdk::{ActivityContext, Result, activities, activity};
///
/// #[activities]
/// pub trait Shop {
///     /// Takes money.
///     fn charge(ctx: &ActivityContext, amount: u64) -> Result<String>;
/// }
///
/// struct Till;
///
/// impl Shop for Till {
///     fn charge(ctx: &ActivityContext, amount: u64) -> Result<String> {
///         Ok(format!("{amount} by {}", ctx.info().idempotency_key))
///     }
/// }
///
/// /// Adds two numbers.
/// #[activity]
/// fn add(left: i64, right: i64) -> Result<i64> { Ok(left + right) }
///
/// wrt_sdk::export_activities!(Till as Shop, add);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export_activities {
    ($($item:ident $(as $contract:ident)?),+ $(,)?) => {
        const _: () = {
            #[allow(dead_code, reason = "exported from WebAssembly only")]
            struct WrtModule;

            // Keeps the compiler from calling the activities unused where nothing is exported.
            let _ = WrtModule::entries;

            impl WrtModule {
                fn entries() -> ::std::vec::Vec<$crate::ActivityEntry> {
                    let mut entries = ::std::vec::Vec::new();
                    $(entries.extend($crate::__activity_entries!($item $(as $contract)?));)+
                    entries
                }
            }

            impl $crate::__private::activity_guest::Guest for WrtModule {
                fn describe() -> $crate::__private::activity_guest::ModuleDefinition {
                    $crate::__private::activity_task::describe(Self::entries())
                }

                fn execute(
                    task: $crate::__private::activity_guest::Task,
                ) -> ::core::result::Result<
                    ::std::vec::Vec<$crate::Payload>,
                    $crate::__private::activity_guest::Failure,
                > {
                    $crate::__private::activity_task::execute(Self::entries(), task)
                }
            }

            #[cfg(target_family = "wasm")]
            $crate::__private::bindings::activity::export!(
                WrtModule with_types_in $crate::__private::bindings::activity
            );
        };
    };
}

/// The table entries of one item of [`export_activities!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __activity_entries {
    ($implementation:ident as $contract:ident) => {
        <$implementation as $contract>::__wrt_entries()
    };
    ($function:ident) => {
        [$function::entry()]
    };
}
