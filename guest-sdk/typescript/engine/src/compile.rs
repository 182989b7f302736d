//! Modules are compiled apart, so that only their code stays in the memory that becomes the component, and no text.

use rquickjs::{
    Context, Ctx, Module,
    loader::{ImportAttributes, Loader, Resolver},
    module::{Declared, WriteOptions},
};

use crate::{
    bindings::guest::engine::loader::{Source, SourceKind},
    script::{self, words},
};

/// A source as it is loaded.
#[derive(Clone)]
pub(crate) enum Code {
    /// The code of a module. It is never freed: the interpreter reads it in place.
    Module(&'static [u8]),
    CommonJs(String),
    Json(String),
}

/// Compiles those sources that are modules. The interpreter that does it is gone afterwards, with all its memory.
pub(crate) fn compile(sources: &[Source]) -> Result<Vec<Code>, String> {
    let failed = |error: rquickjs::Error| error.to_string();
    let runtime = script::runtime();
    runtime.set_loader(Nobody, Nobody);
    let context = Context::full(&runtime).map_err(failed)?;
    context.with(|ctx| {
        let code = sources.iter().map(|source| {
            match source.kind {
                SourceKind::Module => {}
                SourceKind::Commonjs => return Ok(Code::CommonJs(source.text.clone())),
                SourceKind::Json => return Ok(Code::Json(source.text.clone())),
            }
            let module = Module::declare(ctx.clone(), source.name.as_str(), source.text.as_str());
            let options = WriteOptions {
                strip_source: true,
                ..WriteOptions::default()
            };
            let bytes = module.and_then(|module| module.write(options));
            let bytes = bytes.map_err(|error| words(&ctx, error))?;
            Ok(Code::Module(bytes.leak()))
        });
        code.collect()
    })
}

/// The interpreter looks for what a module imports when it is compiled. It gets empty modules; the real ones come when it is
/// linked.
struct Nobody;

impl Resolver for Nobody {
    fn resolve<'js>(
        &mut self,
        _ctx: &Ctx<'js>,
        _base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        Ok(name.to_owned())
    }
}

impl Loader for Nobody {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        Module::declare(ctx.clone(), name, "")
    }
}
