//! Signal, query and update handlers: the arms by which they are found, and their descriptions.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{
    mark::Mark,
    signature::{Output, Parts},
};

/// A method that the runtime calls by a name.
pub(crate) struct Handler {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) parts: Parts,
    pub(crate) mark: Mark,
}

impl Handler {
    /// An expression of type `HandlerDefinition`.
    pub(crate) fn definition(&self) -> TokenStream {
        let Handler {
            name,
            description,
            parts,
            ..
        } = self;
        let (input_schema, output_schema) = (parts.input_schema(), parts.output_schema());
        quote! {
            ::wrt_sdk::HandlerDefinition {
                name: #name,
                description: #description,
                input_schema: #input_schema,
                output_schema: #output_schema,
            }
        }
    }

    /// A match arm of `name`: what it is to be, and `decode` and `body` with the arguments in hand.
    fn arm(&self, body: &TokenStream, misfit: &TokenStream) -> TokenStream {
        let Handler { name, parts, mark, .. } = self;
        let (tuple, pattern) = (parts.tuple(), parts.names_tuple());
        if mark.dynamic {
            return quote! {
                _ => {
                    let #pattern: #tuple = (::std::borrow::ToOwned::to_owned(name), input);
                    #body
                }
            };
        }
        quote! {
            #name => match <#tuple as ::wrt_sdk::FromArguments>::decode(input) {
                ::core::result::Result::Ok(#pattern) => { #body }
                ::core::result::Result::Err(failure) => #misfit,
            },
        }
    }

    // === Signals ===

    /// A match arm that hands the signal to the handler.
    pub(crate) fn signal_arm(&self) -> TokenStream {
        let call = if self.parts.is_async {
            self.async_signal_call()
        } else {
            let (ident, names) = (&self.parts.ident, &self.parts.names);
            quote!(let () = context.state_mut(|state| state.#ident(#(#names),*));)
        };
        self.arm(
            &quote! {
                #call
                ::wrt_sdk::__private::SignalOutcome::Handled
            },
            &quote!(::wrt_sdk::__private::SignalOutcome::Misfit(failure)),
        )
    }

    fn async_signal_call(&self) -> TokenStream {
        let Handler { parts, mark, .. } = self;
        let (ident, names, context) = (&parts.ident, &parts.names, parts.workflow_context());
        let handler = mark.handler("signal");
        let outcome = match parts.output {
            Output::Nothing => quote!({
                call.await;
                ::core::result::Result::Ok(())
            }),
            _ => quote!(call.await.map_err(::core::convert::Into::into)),
        };
        quote! {
            let spawner = ::wrt_sdk::WorkflowContext::clone(context);
            let context = ::wrt_sdk::WorkflowContext::clone(context);
            ::wrt_sdk::__private::spawn_signal_handler(&spawner, #handler, async move {
                let call = Self::#ident(#context #(#names),*);
                #outcome
            });
        }
    }

    // === Queries ===

    /// A match arm that answers the query.
    pub(crate) fn query_arm(&self) -> TokenStream {
        let (ident, names, question) = (&self.parts.ident, &self.parts.names, self.question());
        self.arm(
            &quote! {
                (|| {
                    let answer = self.#ident(#(#names),*)#question;
                    ::core::result::Result::Ok(::wrt_sdk::ToPayload::to_payload(&answer)?)
                })()
            },
            &quote!(::core::result::Result::Err(::core::convert::Into::into(failure))),
        )
    }

    // === Updates ===

    /// A match arm that decides about the update.
    pub(crate) fn update_arm(&self) -> TokenStream {
        let (validation, call) = (self.validation(), self.update_call());
        self.arm(
            &quote! {
                #validation
                let context = ::wrt_sdk::WorkflowContext::clone(context);
                #call
            },
            &quote!(::wrt_sdk::__private::UpdateOutcome::Rejected(failure)),
        )
    }

    fn validation(&self) -> TokenStream {
        let Some(validator) = &self.mark.validator else {
            return quote!();
        };
        let names = &self.parts.names;
        quote! {
            if let ::core::result::Result::Err(error) = context.state(|state| state.#validator(#(&#names),*)) {
                let error: ::wrt_sdk::Error = ::core::convert::Into::into(error);
                return ::wrt_sdk::__private::UpdateOutcome::Rejected(error.into_failure());
            }
        }
    }

    fn update_call(&self) -> TokenStream {
        let Handler { parts, mark, .. } = self;
        let (ident, names, question) = (&parts.ident, &parts.names, self.question());
        let answer = quote!(::core::result::Result::Ok(::wrt_sdk::ToPayload::to_payload(&answer)?));
        if parts.is_async {
            let (context, handler) = (parts.workflow_context(), mark.handler("update"));
            return quote! {
                ::wrt_sdk::__private::UpdateHandler::spawned(#handler, async move {
                    let answer = Self::#ident(#context #(#names),*).await #question;
                    #answer
                })
            };
        }
        quote! {
            ::wrt_sdk::__private::UpdateHandler::immediate(move || {
                let answer = context.state_mut(|state| state.#ident(#(#names),*))#question;
                #answer
            })
        }
    }

    /// What takes the value out of what the handler returns.
    fn question(&self) -> TokenStream {
        match self.parts.output {
            Output::Result(_) => quote!(?),
            _ => quote!(),
        }
    }
}
