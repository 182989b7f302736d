//! The marked methods of a workflow's `impl` block.

use syn::{Attribute, ImplItem, ItemImpl, spanned::Spanned};

use crate::{handler::Handler, mark::Mark, names::description, signature::Parts};

/// The marked methods of an `impl` block.
#[derive(Default)]
pub(crate) struct Methods {
    pub(crate) run: Option<Parts>,
    pub(crate) init: Option<Parts>,
    pub(crate) handlers: Handlers,
}

/// The handlers of each kind; the dynamic one, if there is one, comes last.
#[derive(Default)]
pub(crate) struct Handlers {
    pub(crate) signals: Vec<Handler>,
    pub(crate) queries: Vec<Handler>,
    pub(crate) updates: Vec<Handler>,
}

impl Methods {
    /// Removes the marks, which the compiler does not know.
    pub(crate) fn taken_from(block: &mut ItemImpl) -> syn::Result<Self> {
        let mut methods = Methods::default();
        for item in &mut block.items {
            if let ImplItem::Fn(method) = item
                && let Some(attribute) = take_mark(&mut method.attrs)
            {
                let parts = Parts::of(&method.sig)?;
                methods.add(&attribute, parts, description(&method.attrs))?;
            }
        }
        for handlers in methods.handlers.kinds() {
            handlers.sort_by_key(|handler| handler.mark.dynamic);
        }
        Ok(methods)
    }

    fn add(&mut self, attribute: &Attribute, parts: Parts, description: String) -> syn::Result<()> {
        let mark = Mark::of(attribute)?;
        let twice = || syn::Error::new(attribute.span(), "only one method can have this mark");
        let kind = attribute.path();
        if kind.is_ident("run") {
            return self.run.replace(parts).map_or(Ok(()), |_| Err(twice()));
        }
        if kind.is_ident("init") {
            return self.init.replace(parts).map_or(Ok(()), |_| Err(twice()));
        }
        check_handler(&parts, &mark)?;
        let handler = Handler {
            name: mark
                .name
                .as_ref()
                .map_or_else(|| parts.ident.to_string(), syn::LitStr::value),
            description,
            parts,
            mark,
        };
        let [signals, queries, updates] = self.handlers.kinds();
        let handlers = if kind.is_ident("signal") {
            signals
        } else if kind.is_ident("query") {
            queries
        } else {
            updates
        };
        if handler.mark.dynamic && handlers.iter().any(|other| other.mark.dynamic) {
            return Err(twice());
        }
        if handlers.iter().any(|other| other.name == handler.name) {
            let message = format!("another handler has the name `{}` already", handler.name);
            return Err(syn::Error::new(attribute.span(), message));
        }
        handlers.push(handler);
        Ok(())
    }
}

impl Handlers {
    fn kinds(&mut self) -> [&mut Vec<Handler>; 3] {
        [&mut self.signals, &mut self.queries, &mut self.updates]
    }
}

fn check_handler(parts: &Parts, mark: &Mark) -> syn::Result<()> {
    if parts.is_async && parts.has_self {
        return Err(syn::Error::new(
            parts.ident.span(),
            "an `async` handler takes a context instead of `self`, \
             since the state is never lent across an `.await`",
        ));
    }
    if mark.dynamic && parts.arguments.len() != 2 {
        return Err(syn::Error::new(
            parts.ident.span(),
            "a dynamic handler takes the name and the encoded arguments: `(name: String, arguments: Vec<Payload>)`",
        ));
    }
    Ok(())
}

fn take_mark(attributes: &mut Vec<Attribute>) -> Option<Attribute> {
    let is_mark = |attribute: &Attribute| {
        ["run", "init", "signal", "query", "update"]
            .iter()
            .any(|mark| attribute.path().is_ident(mark))
    };
    let index = attributes.iter().position(is_mark)?;
    Some(attributes.remove(index))
}
