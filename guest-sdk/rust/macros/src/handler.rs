//! Signal and query handlers: the arms by which they are found, and their descriptions.

use proc_macro2::TokenStream;
use quote::quote;

use crate::signature::{Output, Parts};

/// A method that the runtime calls by a name.
pub(crate) struct Handler {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) parts: Parts,
}

impl Handler {
    /// An expression of type `HandlerDefinition`.
    pub(crate) fn definition(&self) -> TokenStream {
        let Handler {
            name,
            description,
            parts,
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

    /// A match arm that hands the signal to the handler.
    pub(crate) fn signal_arm(&self) -> TokenStream {
        let Handler { name, parts, .. } = self;
        let (tuple, pattern) = (parts.tuple(), parts.names_tuple());
        let call = if parts.is_async {
            self.async_signal_call()
        } else {
            let (ident, names) = (&parts.ident, &parts.names);
            quote!(let () = context.state_mut(|state| state.#ident(#(#names),*));)
        };
        quote! {
            #name => match <#tuple as ::wrt_sdk::FromArguments>::decode(input) {
                ::core::result::Result::Ok(#pattern) => {
                    #call
                    ::wrt_sdk::__private::SignalOutcome::Handled
                }
                ::core::result::Result::Err(failure) => {
                    ::wrt_sdk::__private::SignalOutcome::Misfit(failure)
                }
            },
        }
    }

    fn async_signal_call(&self) -> TokenStream {
        let Handler { name, parts, .. } = self;
        let (ident, names, context) = (&parts.ident, &parts.names, parts.workflow_context());
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
            ::wrt_sdk::__private::spawn_handler(&spawner, #name, async move {
                let call = Self::#ident(#context #(#names),*);
                #outcome
            });
        }
    }

    /// A match arm that answers the query.
    pub(crate) fn query_arm(&self) -> TokenStream {
        let Handler { name, parts, .. } = self;
        let (tuple, pattern) = (parts.tuple(), parts.names_tuple());
        let (ident, names) = (&parts.ident, &parts.names);
        let question = match parts.output {
            Output::Result(_) => quote!(?),
            _ => quote!(),
        };
        quote! {
            #name => (|| {
                let #pattern = <#tuple as ::wrt_sdk::FromArguments>::decode(input)?;
                let answer = self.#ident(#(#names),*)#question;
                ::core::result::Result::Ok(::wrt_sdk::ToPayload::to_payload(&answer)?)
            })(),
        }
    }
}
