//! What a function takes and gives.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{FnArg, GenericArgument, Ident, PathArguments, ReturnType, Signature, Type, spanned::Spanned};

/// A function, taken apart: `fn f([self,] [context,] arguments…) -> output`.
pub(crate) struct Parts {
    pub(crate) ident: Ident,
    pub(crate) has_self: bool,
    pub(crate) is_async: bool,
    pub(crate) context: Option<ContextParameter>,
    /// The types of the arguments.
    pub(crate) arguments: Vec<Type>,
    /// Names for the arguments in generated code.
    pub(crate) names: Vec<Ident>,
    pub(crate) output: Output,
}

/// A first parameter whose type is called `…Context`.
pub(crate) struct ContextParameter {
    pub(crate) by_reference: bool,
    pub(crate) has_state: bool,
}

/// What a function returns.
pub(crate) enum Output {
    Nothing,
    Value(Type),
    /// A `Result`, with the type of its value.
    Result(Type),
}

impl Parts {
    pub(crate) fn of(signature: &Signature) -> syn::Result<Self> {
        if let Some(parameter) = signature.generics.params.first() {
            return Err(syn::Error::new(
                parameter.span(),
                "the runtime calls this function by its name, so it cannot be generic",
            ));
        }
        let has_self = signature.receiver().is_some();
        let mut types: Vec<Type> = Vec::new();
        for input in &signature.inputs {
            if let FnArg::Typed(parameter) = input {
                types.push((*parameter.ty).clone());
            }
        }
        let context = types.first().and_then(context_parameter);
        if context.is_some() {
            types.remove(0);
        }
        if types.len() > 6 {
            return Err(syn::Error::new(
                types[6].span(),
                "at most six arguments; put them into a struct, which can also grow later",
            ));
        }
        Ok(Parts {
            ident: signature.ident.clone(),
            has_self,
            is_async: signature.asyncness.is_some(),
            context,
            names: (0..types.len())
                .map(|index| format_ident!("argument_{index}"))
                .collect(),
            arguments: types,
            output: output(&signature.output),
        })
    }

    /// The arguments as a tuple type.
    pub(crate) fn tuple(&self) -> TokenStream {
        let arguments = &self.arguments;
        quote!((#(#arguments,)*))
    }

    /// The names as a tuple pattern or expression.
    pub(crate) fn names_tuple(&self) -> TokenStream {
        let names = &self.names;
        quote!((#(#names,)*))
    }

    /// The schema of what callers give: the argument, or the tuple of them.
    pub(crate) fn input_schema(&self) -> TokenStream {
        match self.arguments.as_slice() {
            [] => quote!(::core::option::Option::None),
            [argument] => quote!(::wrt_sdk::__private::schema::of::<#argument>()),
            _ => {
                let tuple = self.tuple();
                quote!(::wrt_sdk::__private::schema::of::<#tuple>())
            }
        }
    }

    /// The schema of what callers get.
    pub(crate) fn output_schema(&self) -> TokenStream {
        match &self.output {
            Output::Nothing => quote!(::core::option::Option::None),
            Output::Value(value) | Output::Result(value) => {
                quote!(::wrt_sdk::__private::schema::of::<#value>())
            }
        }
    }

    /// The type inside of the `Result` that the function has to return.
    pub(crate) fn result(&self) -> syn::Result<&Type> {
        match &self.output {
            Output::Result(value) => Ok(value),
            _ => Err(syn::Error::new(
                self.ident.span(),
                format!("`{}` has to return `wrt_sdk::Result<…>`", self.ident),
            )),
        }
    }

    /// The expression for the context parameter, out of `context: WorkflowContext<Self>`; with the comma behind it.
    pub(crate) fn workflow_context(&self) -> TokenStream {
        match &self.context {
            None => quote!(),
            Some(ContextParameter { by_reference: true, .. }) => quote!(&context,),
            Some(ContextParameter { has_state: true, .. }) => quote!(context.clone(),),
            Some(_) => quote!(::wrt_sdk::Context::clone(&context),),
        }
    }
}

fn context_parameter(parameter: &Type) -> Option<ContextParameter> {
    let (by_reference, inner) = match parameter {
        Type::Reference(reference) => (true, &*reference.elem),
        other => (false, other),
    };
    let Type::Path(path) = inner else {
        return None;
    };
    let name = path.path.segments.last()?.ident.to_string();
    name.ends_with("Context").then(|| ContextParameter {
        by_reference,
        has_state: name == "WorkflowContext",
    })
}

fn output(output: &ReturnType) -> Output {
    let ReturnType::Type(_, returned) = output else {
        return Output::Nothing;
    };
    if let Type::Path(path) = &**returned
        && let Some(last) = path.path.segments.last()
        && last.ident == "Result"
        && let PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(GenericArgument::Type(value)) = arguments.args.first()
    {
        return Output::Result(value.clone());
    }
    Output::Value((**returned).clone())
}
