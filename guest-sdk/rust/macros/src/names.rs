//! Names and descriptions that the runtime knows an item by.

use syn::{
    Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Token,
    parse::{Parse, ParseStream},
};

/// What an attribute says: nothing, or `name = "…"`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            return Ok(Options::default());
        }
        let key: Ident = input.parse()?;
        if key != "name" {
            return Err(syn::Error::new(key.span(), "expected `name = \"…\"`"));
        }
        input.parse::<Token![=]>()?;
        let name = input.parse()?;
        if !input.is_empty() {
            return Err(input.error("expected nothing after the name"));
        }
        Ok(Options { name: Some(name) })
    }
}

impl Options {
    /// Reads `#[x]` and `#[x(name = "…")]`.
    pub(crate) fn of(attribute: &Attribute) -> syn::Result<Self> {
        match &attribute.meta {
            Meta::Path(_) => Ok(Options::default()),
            _ => attribute.parse_args(),
        }
    }

    /// The chosen name, or else `default`.
    pub(crate) fn name_or(&self, default: String) -> String {
        self.name.as_ref().map_or(default, LitStr::value)
    }
}

/// `create_order` as `CreateOrder`.
pub(crate) fn pascal_case(ident: &Ident) -> String {
    let name = ident.to_string();
    name.trim_start_matches("r#")
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}

/// The doc comment as plain text.
pub(crate) fn description(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes.iter().filter_map(doc_line).collect();
    lines.join("\n").trim().to_owned()
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else {
        return None;
    };
    match (&meta.value, meta.path.is_ident("doc")) {
        (
            Expr::Lit(ExprLit {
                lit: Lit::Str(line), ..
            }),
            true,
        ) => {
            let line = line.value();
            Some(line.strip_prefix(' ').unwrap_or(&line).to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_become_types() {
        let check = |name: &str, expected: &str| {
            assert_eq!(pascal_case(&Ident::new(name, proc_macro2::Span::call_site())), expected);
        };
        check("create_order", "CreateOrder");
        check("hello", "Hello");
        check("_v2_step", "V2Step");
    }

    #[test]
    fn doc_comments_become_plain_text() {
        let item: syn::ItemFn = syn::parse_quote! {
            /// Greets.
            ///
            ///   indented
            #[inline]
            fn hello() {}
        };
        assert_eq!(description(&item.attrs), "Greets.\n\n  indented");
    }
}
