//! The marks of methods: `#[signal]` and its kind, with what stands in their parentheses.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Ident, LitStr, Meta, Token,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    spanned::Spanned,
};

/// What a mark says: nothing, or some of `name = "…"`, `dynamic`, `unfinished = "…"` and `validator = …`.
#[derive(Default)]
pub(crate) struct Mark {
    pub(crate) name: Option<LitStr>,
    /// Takes whatever no other handler takes.
    pub(crate) dynamic: bool,
    /// May be left unfinished when the workflow ends.
    pub(crate) may_be_abandoned: bool,
    /// Decides whether an update is taken on.
    pub(crate) validator: Option<Ident>,
}

const EXPECTED: &str = "expected `name = \"…\"`, `dynamic`, `unfinished = \"abandon\"`, or `validator = …` for updates";

/// One word of a mark, as it is written.
enum Word {
    Name(LitStr),
    Dynamic,
    Unfinished(LitStr),
    Validator(Ident),
}

impl Parse for Word {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key: Ident = input.parse()?;
        if key == "dynamic" {
            return Ok(Word::Dynamic);
        }
        if !["name", "unfinished", "validator"].iter().any(|word| key == word) {
            return Err(syn::Error::new(key.span(), EXPECTED));
        }
        input.parse::<Token![=]>()?;
        if key == "name" {
            input.parse().map(Word::Name)
        } else if key == "unfinished" {
            input.parse().map(Word::Unfinished)
        } else {
            input.parse().map(Word::Validator)
        }
    }
}

impl Mark {
    /// Reads `#[x]` and `#[x(…)]`.
    pub(crate) fn of(attribute: &Attribute) -> syn::Result<Self> {
        let mut mark = Mark::default();
        if matches!(attribute.meta, Meta::Path(_)) {
            return Ok(mark);
        }
        for word in attribute.parse_args_with(Punctuated::<Word, Token![,]>::parse_terminated)? {
            match word {
                Word::Name(name) => mark.name = Some(name),
                Word::Dynamic => mark.dynamic = true,
                Word::Unfinished(policy) => mark.may_be_abandoned = abandons(&policy)?,
                Word::Validator(validator) => mark.validator = Some(validator),
            }
        }
        mark.check(attribute)
    }

    fn check(self, attribute: &Attribute) -> syn::Result<Self> {
        let error = |message| Err(syn::Error::new(attribute.span(), message));
        if self.dynamic && self.name.is_some() {
            return error("a dynamic handler takes every name, so it has none of its own");
        }
        if self.validator.is_some() && !attribute.path().is_ident("update") {
            return error("only an update has a validator");
        }
        Ok(self)
    }

    /// An expression of type `Handler`, out of `name: &str`.
    pub(crate) fn handler(&self, kind: &str) -> TokenStream {
        let may_be_abandoned = self.may_be_abandoned;
        quote! {
            ::wrt_sdk::__private::Handler {
                kind: #kind,
                name: ::std::borrow::ToOwned::to_owned(name),
                may_be_abandoned: #may_be_abandoned,
            }
        }
    }
}

fn abandons(policy: &LitStr) -> syn::Result<bool> {
    match policy.value().as_str() {
        "abandon" => Ok(true),
        "warn" => Ok(false),
        _ => Err(syn::Error::new(
            policy.span(),
            "expected `\"abandon\"`, or `\"warn\"`, which is the default",
        )),
    }
}
