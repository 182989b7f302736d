//! `#[workflow]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Item, ItemFn, ItemImpl, Type, spanned::Spanned};

use crate::{
    handler::Handler,
    methods::{Handlers, Methods},
    names::{Options, description, pascal_case},
    signature::Parts,
};

pub(crate) fn expand(options: &Options, item: Item) -> syn::Result<TokenStream> {
    match item {
        Item::Fn(function) => of_function(options, &function),
        Item::Impl(block) => of_impl(options, block),
        other => Err(syn::Error::new(
            other.span(),
            "expected an `async fn` or an `impl` block of the workflow's state",
        )),
    }
}

/// The trait implementation in pieces, as both forms fill it.
struct Workflow<'a> {
    ty: TokenStream,
    name: String,
    description: String,
    run: Parts,
    /// What calls the main task: a path without its parentheses.
    run_path: TokenStream,
    /// An expression that makes the state, out of `arguments: &Self::Arguments`.
    init: TokenStream,
    handlers: &'a Handlers,
}

fn of_function(options: &Options, function: &ItemFn) -> syn::Result<TokenStream> {
    let run = main_task(Parts::of(&function.sig)?)?;
    let (visibility, ident) = (&function.vis, &function.sig.ident);
    let implementation = Workflow {
        ty: ident.to_token_stream(),
        name: options.name_or(pascal_case(ident)),
        description: description(&function.attrs),
        run,
        run_path: ident.to_token_stream(),
        init: quote!(Self {}),
        handlers: &Handlers::default(),
    }
    .expand()?;
    let documentation = format!("The workflow type of [`fn {ident}`]({ident}()).");
    Ok(quote! {
        #function

        #[doc = #documentation]
        #[allow(non_camel_case_types, reason = "it has the name of its function")]
        #visibility struct #ident {}

        #implementation
    })
}

fn of_impl(options: &Options, mut block: ItemImpl) -> syn::Result<TokenStream> {
    let methods = Methods::taken_from(&mut block)?;
    let ty = &block.self_ty;
    let run = methods
        .run
        .ok_or_else(|| syn::Error::new(ty.span(), "one method has to be marked `#[run]`: the main task"))?;
    let run_ident = &run.ident;
    let implementation = Workflow {
        ty: ty.to_token_stream(),
        name: options.name_or(type_name(ty)?),
        description: description(&block.attrs),
        run_path: quote!(Self::#run_ident),
        init: init(&run, methods.init.as_ref())?,
        run: main_task(run)?,
        handlers: &methods.handlers,
    }
    .expand()?;
    Ok(quote! {
        #block

        #implementation
    })
}

fn main_task(run: Parts) -> syn::Result<Parts> {
    if run.has_self || !run.is_async {
        return Err(syn::Error::new(
            run.ident.span(),
            "the main task has to be an `async fn` without `self`; \
             it reaches the state through its `WorkflowContext<Self>`",
        ));
    }
    Ok(run)
}

fn type_name(ty: &Type) -> syn::Result<String> {
    match ty {
        Type::Path(path) if path.qself.is_none() => Ok(path
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string())
            .unwrap_or_default()),
        other => Err(syn::Error::new(other.span(), "expected the name of a type")),
    }
}

fn init(run: &Parts, init: Option<&Parts>) -> syn::Result<TokenStream> {
    let Some(init) = init else {
        return Ok(quote!(<Self as ::core::default::Default>::default()));
    };
    if !init.arguments.is_empty() && init.arguments.len() != run.arguments.len() {
        return Err(syn::Error::new(
            init.ident.span(),
            "`#[init]` takes references to all arguments of `#[run]`, or nothing",
        ));
    }
    let (ident, pattern) = (&init.ident, run.names_tuple());
    let names = &run.names[..init.arguments.len()];
    Ok(quote!({
        #[allow(unused_variables, reason = "`#[init]` may take nothing")]
        let #pattern = arguments;
        Self::#ident(#(#names),*)
    }))
}

impl Workflow<'_> {
    fn expand(&self) -> syn::Result<TokenStream> {
        let Workflow { ty, run, init, .. } = self;
        let (arguments, output) = (run.tuple(), run.result()?);
        let functions = [
            self.definition(),
            self.run(),
            self.signal(),
            self.query(),
            self.update(),
        ];
        Ok(quote! {
            #[automatically_derived]
            #[allow(clippy::unused_unit, clippy::let_unit_value, clippy::redundant_closure_call, clippy::needless_return, clippy::collapsible_if, unreachable_code, reason = "generated")]
            impl ::wrt_sdk::Workflow for #ty {
                type Arguments = #arguments;
                type Output = #output;

                fn init(arguments: &Self::Arguments) -> Self {
                    let _ = arguments;
                    #init
                }

                #(#functions)*
            }
        })
    }

    fn definition(&self) -> TokenStream {
        let Workflow {
            name, description, run, ..
        } = self;
        let (input_schema, output_schema) = (run.input_schema(), run.output_schema());
        let named = |handlers: &[Handler]| -> Vec<_> {
            let named = handlers.iter().filter(|handler| !handler.mark.dynamic);
            named.map(Handler::definition).collect()
        };
        let Handlers {
            signals,
            queries,
            updates,
        } = self.handlers;
        let (signals, queries, updates) = (named(signals), named(queries), named(updates));
        quote! {
            fn name() -> &'static str {
                #name
            }

            fn definition() -> ::wrt_sdk::WorkflowDefinition {
                ::wrt_sdk::WorkflowDefinition {
                    name: #name,
                    description: #description,
                    input_schema: #input_schema,
                    output_schema: #output_schema,
                    signals: ::std::vec![#(#signals),*],
                    queries: ::std::vec![#(#queries),*],
                    updates: ::std::vec![#(#updates),*],
                }
            }
        }
    }

    fn run(&self) -> TokenStream {
        let Workflow { run, run_path, .. } = self;
        let (pattern, names, context) = (run.names_tuple(), &run.names, run.workflow_context());
        quote! {
            async fn run(
                context: ::wrt_sdk::WorkflowContext<Self>,
                arguments: Self::Arguments,
            ) -> ::wrt_sdk::Result<Self::Output> {
                let #pattern = arguments;
                #run_path(#context #(#names),*).await.map_err(::core::convert::Into::into)
            }
        }
    }

    fn signal(&self) -> TokenStream {
        let unhandled = quote!(::wrt_sdk::__private::SignalOutcome::Unhandled(input));
        let outcome = choose(&self.handlers.signals, Handler::signal_arm, &unhandled);
        quote! {
            fn signal(
                context: &::wrt_sdk::WorkflowContext<Self>,
                name: &str,
                input: ::std::vec::Vec<::wrt_sdk::Payload>,
            ) -> ::wrt_sdk::__private::SignalOutcome {
                let _ = context;
                #outcome
            }
        }
    }

    fn query(&self) -> TokenStream {
        let unknown = quote!({
            let _ = input;
            return ::core::option::Option::None;
        });
        let answer = choose(&self.handlers.queries, Handler::query_arm, &unknown);
        quote! {
            fn query(
                &self,
                name: &str,
                input: ::std::vec::Vec<::wrt_sdk::Payload>,
            ) -> ::core::option::Option<::wrt_sdk::Result<::wrt_sdk::Payload>> {
                ::core::option::Option::Some(#answer)
            }
        }
    }

    fn update(&self) -> TokenStream {
        let unknown = quote!({
            let _ = input;
            ::wrt_sdk::__private::UpdateOutcome::Unknown
        });
        let outcome = choose(&self.handlers.updates, Handler::update_arm, &unknown);
        quote! {
            fn update(
                context: &::wrt_sdk::WorkflowContext<Self>,
                name: &str,
                input: ::std::vec::Vec<::wrt_sdk::Payload>,
            ) -> ::wrt_sdk::__private::UpdateOutcome {
                let _ = context;
                #outcome
            }
        }
    }
}

/// The handler that `name` chooses; the dynamic one, which is the last, or `otherwise`, for all other names.
fn choose(handlers: &[Handler], arm: impl Fn(&Handler) -> TokenStream, otherwise: &TokenStream) -> TokenStream {
    let arms = handlers.iter().map(arm);
    let otherwise = match handlers.last() {
        Some(last) if last.mark.dynamic => quote!(),
        _ => quote!(_ => #otherwise),
    };
    quote! {
        match name {
            #(#arms)*
            #otherwise
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_workflow_says_why() {
        let check = |item: Item, expected: &str| {
            let error = expand(&Options::default(), item)
                .expect_err("it cannot be a workflow")
                .to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(
            syn::parse_quote!(
                struct Order;
            ),
            "expected an `async fn` or an `impl` block",
        );
        check(
            syn::parse_quote!(
                fn order(ctx: Context) -> Result<()> {}
            ),
            "has to be an `async fn`",
        );
        check(
            syn::parse_quote!(
                async fn order(ctx: Context) {}
            ),
            "`order` has to return `wrt_sdk::Result<…>`",
        );
        check(
            syn::parse_quote!(
                async fn order<T>(input: T) -> Result<()> {}
            ),
            "cannot be generic",
        );
        check(syn::parse_quote!(impl Order {}), "has to be marked `#[run]`");
        check(
            syn::parse_quote!(impl Order { #[run] async fn a() -> Result<()> {} #[run] async fn b() -> Result<()> {} }),
            "only one method can have this mark",
        );
        check(
            syn::parse_quote!(impl Order { #[init] fn new(a: &u8) -> Self {} #[run] async fn a() -> Result<()> {} }),
            "references to all arguments",
        );
        check(
            syn::parse_quote!(impl Order { #[query] fn a(&self) {} #[query(name = "a")] fn b(&self) {} }),
            "another handler has the name `a` already",
        );
        check(
            syn::parse_quote!(impl Order { #[signal(nam = "a")] fn a(&mut self) {} }),
            "expected `name = ",
        );
        let handlers: [(Item, &str); 5] = [
            (
                syn::parse_quote!(impl Order { #[signal(validator = check)] fn a(&mut self) {} }),
                "only an update has a validator",
            ),
            (
                syn::parse_quote!(impl Order { #[signal(dynamic, name = "a")] fn a(&mut self) {} }),
                "takes every name",
            ),
            (
                syn::parse_quote!(impl Order { #[update(dynamic)] fn a(&mut self, name: String) {} }),
                "`(name: String, arguments: Vec<Payload>)`",
            ),
            (
                syn::parse_quote!(impl Order { #[update(unfinished = "kill")] async fn a() {} }),
                "expected `\"abandon\"`",
            ),
            (
                syn::parse_quote!(impl Order { #[update] async fn a(&self) {} }),
                "an `async` handler takes a context instead of `self`",
            ),
        ];
        for (item, expected) in handlers {
            check(item, expected);
        }
    }
}
