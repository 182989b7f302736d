//! Loading a program: the modules of the user, of what they import, and of the SDK.

use std::{cell::RefCell, collections::BTreeMap};

use rquickjs::{
    Ctx, Error, Exception, Function, Module, Object, Promise, Value,
    loader::{ImportAttributes, Loader, Resolver},
    module::Declared,
    promise::PromiseState,
};

use crate::{
    Engine,
    bindings::guest::engine::loader::{Guest, Source},
    compile::{Code, compile},
    globals, host, memory, position, rejections, script,
};

thread_local! {
    /// The sources by their names. They stay, as a function may import or require one when it runs.
    static SOURCES: RefCell<BTreeMap<String, Loadable>> = const { RefCell::new(BTreeMap::new()) };
}

struct Loadable {
    code: Code,
    imports: Vec<(String, String)>,
}

impl Guest for Engine {
    fn load(sources: Vec<Source>, prelude: String, entry: String) -> Result<(), String> {
        let compiled = compile(&sources)?;
        for (source, code) in sources.into_iter().zip(compiled) {
            position::remember(source.name.clone(), source.mappings);
            let imports = source.imports;
            SOURCES.with_borrow_mut(|all| all.insert(source.name, Loadable { code, imports }));
        }
        let loaded = script::with(|script, ctx| {
            globals::install(ctx)?;
            host::install(ctx)?;
            commonjs(ctx)?;
            evaluate(ctx, &prelude)?;
            let module = evaluate(ctx, &entry)?;
            script.keep_guest(ctx)?;
            let register =
                ctx.eval::<Function<'_>, _>("(module) => globalThis[Symbol.for('wrt.guest')].register(module)")?;
            register.call::<_, ()>((module,))?;
            rejections::check(ctx)?;
            ctx.run_gc();
            Ok(())
        });
        globals::loaded();
        memory::loaded();
        loaded
    }
}

/// Evaluates a module with all that it imports, and returns what it exports.
fn evaluate<'js>(ctx: &Ctx<'js>, name: &str) -> rquickjs::Result<Object<'js>> {
    let import: Promise<'js> = Module::import(ctx, name)?;
    script::run_jobs(ctx);
    if import.state() == PromiseState::Pending {
        return Err(Exception::throw_message(
            ctx,
            &format!(
                "{name} waits for something at its top level: a module is evaluated once, when it is built, and nothing happens \
                 then. Wait within a workflow or an activity"
            ),
        ));
    }
    import.result().expect("it is settled")
}

/// Finds and gives the sources.
pub(crate) struct Program;

impl Resolver for Program {
    fn resolve<'js>(
        &mut self,
        _ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        resolve(base, name).ok_or_else(|| Error::new_resolving(base, name))
    }
}

/// The source that a specifier means in another one. A name stands for itself.
fn resolve(base: &str, specifier: &str) -> Option<String> {
    SOURCES.with_borrow(|all| {
        let imports = all
            .get(base)
            .map(|source| source.imports.as_slice())
            .unwrap_or_default();
        let meant = imports.iter().find(|(known, _)| known == specifier);
        match meant {
            Some((_, name)) => Some(name.clone()),
            None => all.contains_key(specifier).then(|| specifier.to_owned()),
        }
    })
}

impl Loader for Program {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        let code = SOURCES.with_borrow(|all| all.get(name).map(|source| source.code.clone()));
        match code.ok_or_else(|| Error::new_loading(name))? {
            // SAFETY: the bytes were written by this very interpreter.
            #[allow(unsafe_code)]
            Code::Module(bytes) => unsafe { Module::load(ctx.clone(), bytes) },
            Code::CommonJs(_) => Module::declare(ctx.clone(), name, facade(ctx, name)?),
            Code::Json(text) => Module::declare(ctx.clone(), name, format!("export default {text}")),
        }
    }
}

// === CommonJS ===

/// `require`, as a function of the requiring module and the specifier.
fn commonjs(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    let globals = ctx.globals();
    globals.set("__source", Function::new(ctx.clone(), required)?)?;
    ctx.eval::<(), _>(include_str!("commonjs.js"))
}

/// What a `require` means: the name, the kind and the text of a source.
fn required(ctx: Ctx<'_>, base: String, specifier: String) -> rquickjs::Result<Vec<String>> {
    let found = resolve(&base, &specifier).and_then(|name| {
        SOURCES.with_borrow(|all| {
            let (kind, text) = match &all.get(&name)?.code {
                Code::Module(_) => ("module", ""),
                Code::CommonJs(text) => ("commonjs", text.as_str()),
                Code::Json(text) => ("json", text.as_str()),
            };
            Some(vec![name.clone(), kind.to_owned(), text.to_owned()])
        })
    });
    found.ok_or_else(|| {
        Exception::throw_message(
            &ctx,
            &format!("require('{specifier}') in {base}: it is called with something that could not be known when it was built"),
        )
    })
}

/// A module that exports what a CommonJS module has set.
fn facade<'js>(ctx: &Ctx<'js>, name: &str) -> rquickjs::Result<String> {
    let require: Function<'js> = ctx.eval("globalThis[Symbol.for('wrt.require')]")?;
    let exports: Value<'js> = require.call((name, name))?;
    let require = "globalThis[Symbol.for('wrt.require')]";
    let mut text =
        format!("const it = {require}({name:?}, {name:?});\nexport default it?.__esModule ? it.default ?? it : it;\n");
    if let Some(object) = exports.as_object() {
        for key in object.keys::<String>() {
            let key = key?;
            if key != "default" && is_name(&key) {
                text.push_str(&format!("const _{key} = it.{key};\nexport {{ _{key} as {key} }};\n"));
            }
        }
    }
    Ok(text)
}

fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_' || first == '$')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$')
}
