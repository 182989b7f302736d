//! One file of TypeScript or JavaScript as the engine reads it: without types, its `async` functions lowered.

use std::path::Path;

use oxc::{
    allocator::Allocator,
    ast::ast::{
        Argument, CallExpression, ExportAllDeclaration, ExportFromDeclaration, Expression, ImportDeclaration,
        ImportExpression, Program, StringLiteral,
    },
    ast_visit::{Visit, walk},
    codegen::{Codegen, CodegenOptions, CommentOptions},
    diagnostics::OxcDiagnostic,
    parser::Parser,
    semantic::SemanticBuilder,
    span::SourceType,
    transformer::{DecoratorOptions, HelperLoaderMode, TransformOptions, Transformer},
};

use super::graph::Kind;
use crate::BuildError;

/// A file, ready for the engine.
pub(super) struct Transpiled {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// The `mappings` of the source map.
    pub(super) mappings: String,
    pub(super) imports: Vec<Import>,
}

/// Something that a file imports.
pub(super) struct Import {
    pub(super) specifier: String,
    /// Where it stands, in bytes from the beginning.
    pub(super) offset: usize,
    /// By `require`, whose rules of finding differ.
    pub(super) is_require: bool,
}

/// Makes a file ready. `name` is what errors and stacks call it; `is_module` says what its place says of it, if anything.
pub(super) fn transpile(
    path: &Path,
    name: &str,
    source: &str,
    is_module: Option<bool>,
) -> Result<Transpiled, BuildError> {
    let syntax = |errors: Vec<OxcDiagnostic>| BuildError::Syntax(report(name, source, errors));
    let allocator = Allocator::default();
    let source_type = source_type(path, is_module);
    let parsed = Parser::new(&allocator, source, source_type).parse();
    if !parsed.diagnostics.is_empty() {
        return Err(syntax(parsed.diagnostics.into_iter().collect()));
    }
    let has_module_syntax = parsed.module_record.has_module_syntax;
    let mut program = parsed.program;
    let semantic = SemanticBuilder::new()
        .with_excess_capacity(2.0)
        .with_enum_eval(true)
        .build(&program);
    if !semantic.diagnostics.is_empty() {
        return Err(syntax(semantic.diagnostics.into_iter().collect()));
    }
    let scoping = semantic.semantic.into_scoping();
    let transformed = Transformer::new(&allocator, path, &options()).build_with_scoping(scoping, &mut program);
    if !transformed.diagnostics.is_empty() {
        return Err(syntax(transformed.diagnostics.into_iter().collect()));
    }
    let mut imports = Imports::default();
    imports.visit_program(&program);
    let is_typescript = source_type.is_typescript();
    let kind = match is_module {
        // TypeScript is written as modules, whatever they are compiled to.
        _ if has_module_syntax || is_typescript => Kind::Module,
        Some(true) => Kind::Module,
        _ => Kind::CommonJs,
    };
    let (text, mappings) = print(&program, path);
    Ok(Transpiled {
        kind,
        text,
        mappings,
        imports: imports.found,
    })
}

fn source_type(path: &Path, is_module: Option<bool>) -> SourceType {
    let known = SourceType::from_path(path).unwrap_or_else(|_| SourceType::unambiguous());
    match is_module {
        _ if known.is_typescript() => known.with_module(true),
        Some(is_module) => known.with_module(is_module),
        None => known.with_unambiguous(true),
    }
}

fn options() -> TransformOptions {
    let mut options = TransformOptions {
        decorator: DecoratorOptions {
            legacy: true,
            ..DecoratorOptions::default()
        },
        ..TransformOptions::default()
    };
    // The engine knows all of the language. What it cannot do is carry a context over an `await`.
    options.env.es2017.async_to_generator = true;
    options.env.es2018.async_generator_functions = true;
    options.helper_loader.mode = HelperLoaderMode::External;
    options
}

fn print(program: &Program<'_>, path: &Path) -> (String, String) {
    let options = CodegenOptions {
        source_map_path: Some(path.to_path_buf()),
        comments: CommentOptions::disabled(),
        minify: true,
        ..CodegenOptions::default()
    };
    let printed = Codegen::new().with_options(options).build(program);
    let mappings = printed.map.map(|map| map.to_json().mappings).unwrap_or_default();
    (printed.code, mappings)
}

/// The errors as people read them: place, words, and the line with a mark below.
fn report(name: &str, source: &str, errors: Vec<OxcDiagnostic>) -> String {
    let shown = errors.into_iter().map(|error| {
        let label = error.labels.first();
        let offset = label.map_or(0, |label| label.offset() as usize);
        let (line, column) = place(source, offset);
        let text = source.lines().nth(line - 1).unwrap_or_default();
        let help = error
            .help
            .as_ref()
            .map(|help| format!("\n  help: {help}"))
            .unwrap_or_default();
        let mark = " ".repeat(column - 1);
        format!(
            "{name}:{line}:{column}: {}\n    {text}\n    {mark}^{help}",
            error.message
        )
    });
    shown.collect::<Vec<_>>().join("\n")
}

/// The line and column of an offset, from 1.
pub(super) fn place(source: &str, offset: usize) -> (usize, usize) {
    let before = &source[..source.floor_char_boundary(offset.min(source.len()))];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |text| text.chars().count()) + 1;
    (line, column)
}

/// Finds what a program imports, after everything that is only a type is gone.
#[derive(Default)]
struct Imports {
    found: Vec<Import>,
}

impl Imports {
    fn add(&mut self, literal: &StringLiteral<'_>, is_require: bool) {
        self.found.push(Import {
            specifier: literal.value.to_string(),
            offset: literal.span.start as usize,
            is_require,
        });
    }
}

impl<'a> Visit<'a> for Imports {
    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        self.add(&it.source, false);
    }

    fn visit_export_all_declaration(&mut self, it: &ExportAllDeclaration<'a>) {
        self.add(&it.source, false);
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        self.add(&it.source, false);
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        if let Expression::StringLiteral(literal) = &it.source {
            self.add(literal, false);
        }
        walk::walk_import_expression(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        if let Expression::Identifier(callee) = &it.callee
            && callee.name == "require"
            && let Some(Argument::StringLiteral(literal)) = it.arguments.first()
        {
            self.add(literal, true);
        }
        walk::walk_call_expression(self, it);
    }
}
