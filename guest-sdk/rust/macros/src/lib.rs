//! The attribute macros of `wrt-sdk`, which documents them.

mod activities;
mod activity;
mod handler;
mod mark;
mod methods;
mod names;
mod signature;
mod workflow;

use proc_macro::TokenStream;
use quote::ToTokens;
use syn::parse_macro_input;

/// Documented as `wrt_sdk::workflow`.
#[proc_macro_attribute]
pub fn workflow(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(attribute as names::Options);
    let item = parse_macro_input!(item as syn::Item);
    finish(workflow::expand(&options, item))
}

/// Documented as `wrt_sdk::activities`.
#[proc_macro_attribute]
pub fn activities(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let _: syn::parse::Nothing = parse_macro_input!(attribute);
    let item = parse_macro_input!(item as syn::ItemTrait);
    finish(activities::expand(item))
}

/// Documented as `wrt_sdk::activity`.
#[proc_macro_attribute]
pub fn activity(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(attribute as names::Options);
    let item = parse_macro_input!(item as syn::ItemFn);
    finish(activity::expand(&options, item))
}

fn finish(expanded: syn::Result<impl ToTokens>) -> TokenStream {
    match expanded {
        Ok(tokens) => tokens.into_token_stream().into(),
        Err(error) => error.into_compile_error().into(),
    }
}
