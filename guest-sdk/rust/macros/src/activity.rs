//! `#[activity]`, and what it shares with `#[activities]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, Ident, ItemFn, Pat};

use crate::{
    handler::Handler,
    mark::Mark,
    names::{Options, description, pascal_case},
    signature::Parts,
};

pub(crate) fn expand(options: &Options, function: ItemFn) -> syn::Result<TokenStream> {
    let handler = activity_handler(options, Parts::of(&function.sig)?, description(&function.attrs))?;
    let (visibility, ident) = (&function.vis, &function.sig.ident);
    let entry = entry(&handler, &quote!(#ident));
    let output = handler.parts.result()?;
    let Handler { name, parts, .. } = &handler;
    let (names, types) = (argument_names(&function.sig), &parts.arguments);
    let documentation = format!("The activity type of [`fn {ident}`]({ident}()).");
    Ok(quote! {
        #function

        #[doc = #documentation]
        #[allow(non_camel_case_types, reason = "it has the name of its function")]
        #visibility struct #ident {}

        impl #ident {
            /// Calls the activity from a workflow.
            #[allow(dead_code, reason = "a module may only serve it")]
            #visibility fn call(
                context: &::wrt_sdk::Context,
                #(#names: #types),*
            ) -> ::wrt_sdk::ActivityCall<#output> {
                context.activity(#name, (#(#names,)*))
            }

            /// The entry in the table of the module.
            #[doc(hidden)]
            #[allow(dead_code, reason = "a module may only call it")]
            #visibility fn entry() -> ::wrt_sdk::ActivityEntry {
                #entry
            }
        }
    })
}

/// Checks that the function can serve as an activity.
pub(crate) fn activity_handler(options: &Options, parts: Parts, description: String) -> syn::Result<Handler> {
    if parts.has_self || parts.is_async {
        return Err(syn::Error::new(
            parts.ident.span(),
            "an activity has no `self`, since each attempt has an instance of its own, \
             and is not `async`, since it may block",
        ));
    }
    parts.result()?;
    Ok(Handler {
        name: options.name_or(pascal_case(&parts.ident)),
        description,
        parts,
        mark: Mark::default(),
    })
}

/// An expression of type `ActivityEntry` that calls `path`.
pub(crate) fn entry(handler: &Handler, path: &TokenStream) -> TokenStream {
    let definition = handler.definition();
    let parts = &handler.parts;
    let (tuple, pattern, names) = (parts.tuple(), parts.names_tuple(), &parts.names);
    let context = match &parts.context {
        None => quote!(),
        Some(context) if context.by_reference => quote!(context,),
        Some(_) => quote!(context.clone(),),
    };
    quote! {
        ::wrt_sdk::ActivityEntry {
            definition: #definition,
            execute: |context, input| {
                let _ = context;
                let #pattern = <#tuple as ::wrt_sdk::FromArguments>::decode(input)?;
                let output = #path(#context #(#names),*)?;
                ::core::result::Result::Ok(::wrt_sdk::ToPayload::to_payload(&output)?)
            },
        }
    }
}

/// The names that the author gave to the arguments, for stubs that read like the original.
pub(crate) fn argument_names(signature: &syn::Signature) -> Vec<Ident> {
    let parts = Parts::of(signature);
    let Ok(parts) = parts else { return Vec::new() };
    let typed: Vec<_> = signature
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(parameter) => Some(&*parameter.pat),
            FnArg::Receiver(_) => None,
        })
        .skip(usize::from(parts.context.is_some()))
        .collect();
    typed
        .into_iter()
        .zip(parts.names)
        .map(|(pattern, fallback)| match pattern {
            Pat::Ident(name) => name.ident.clone(),
            _ => fallback,
        })
        .collect()
}
