//! `#[activities]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, ItemTrait, TraitItem, TraitItemFn, parse_quote};

use crate::{
    activity::{activity_handler, argument_names, entry},
    handler::Handler,
    names::{Options, description},
    signature::Parts,
};

pub(crate) fn expand(mut contract: ItemTrait) -> syn::Result<TokenStream> {
    let mut activities = Vec::new();
    for item in &mut contract.items {
        let TraitItem::Fn(function) = item else {
            return Err(syn::Error::new_spanned(item, "expected an activity: a function"));
        };
        activities.push(Activity::taken_from(function)?);
    }
    let entries = activities.iter().map(|activity| {
        let ident = &activity.handler.parts.ident;
        entry(&activity.handler, &quote!(Self::#ident))
    });
    contract.items.push(parse_quote! {
        /// The table of the activities, for `export_activities!`.
        #[doc(hidden)]
        fn __wrt_entries() -> ::std::vec::Vec<::wrt_sdk::ActivityEntry>
        where
            Self: ::core::marker::Sized,
        {
            ::std::vec![#(#entries),*]
        }
    });
    let stub = stub(&contract, &activities)?;
    Ok(quote! {
        #contract

        #stub
    })
}

/// One function of the trait.
struct Activity {
    attributes: Vec<Attribute>,
    signature: syn::Signature,
    handler: Handler,
}

impl Activity {
    /// Removes the mark `#[activity(…)]`, which stands for a name here.
    fn taken_from(function: &mut TraitItemFn) -> syn::Result<Self> {
        let is_mark = |attribute: &Attribute| attribute.path().is_ident("activity");
        let options = match function.attrs.iter().position(is_mark) {
            Some(index) => Options::of(&function.attrs.remove(index))?,
            None => Options::default(),
        };
        let parts = Parts::of(&function.sig)?;
        Ok(Activity {
            handler: activity_handler(&options, parts, description(&function.attrs))?,
            attributes: function.attrs.clone(),
            signature: function.sig.clone(),
        })
    }

    /// The head of the typed call.
    fn stub_signature(&self) -> syn::Result<TokenStream> {
        let parts = &self.handler.parts;
        let (ident, output) = (&parts.ident, parts.result()?);
        let (names, types) = (argument_names(&self.signature), &parts.arguments);
        Ok(quote!(fn #ident(&self, #(#names: #types),*) -> ::wrt_sdk::ActivityCall<#output>))
    }
}

fn stub(contract: &ItemTrait, activities: &[Activity]) -> syn::Result<TokenStream> {
    let (visibility, name) = (&contract.vis, format_ident!("{}Stub", contract.ident));
    let mut declarations = Vec::new();
    let mut definitions = Vec::new();
    for activity in activities {
        let signature = activity.stub_signature()?;
        let (attributes, activity_type) = (&activity.attributes, &activity.handler.name);
        let names = argument_names(&activity.signature);
        declarations.push(quote!(#(#attributes)* #signature;));
        definitions.push(quote! {
            #signature {
                self.activity(#activity_type, (#(#names,)*))
            }
        });
    }
    let documentation = format!("Calls the activities of [`{}`] from a workflow.", contract.ident);
    Ok(quote! {
        #[doc = #documentation]
        #visibility trait #name {
            #(#declarations)*
        }

        impl #name for ::wrt_sdk::Context {
            #(#definitions)*
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_an_activity_says_why() {
        let check = |contract: ItemTrait, expected: &str| {
            let error = expand(contract).expect_err("it cannot be a contract").to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(
            syn::parse_quote!(
                trait Shop {
                    fn buy(&self) -> Result<()>;
                }
            ),
            "an activity has no `self`",
        );
        check(
            syn::parse_quote!(
                trait Shop {
                    async fn buy() -> Result<()>;
                }
            ),
            "is not `async`",
        );
        check(
            syn::parse_quote!(
                trait Shop {
                    fn buy(amount: u64);
                }
            ),
            "`buy` has to return",
        );
        check(
            syn::parse_quote!(
                trait Shop {
                    const PRICE: u64;
                }
            ),
            "expected an activity: a function",
        );
    }
}
