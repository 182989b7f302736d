//! The contract with guests.

use wit_parser::{Docs, Function, Resolve, Type, TypeDefKind, WorldItem};

use crate::assert_none;

/// The packages of the contract.
const FOLDERS: [&str; 2] = ["wit", "wit/activity"];

fn contract(folder: &str) -> Resolve {
    let mut resolve = Resolve::default();
    resolve
        .push_dir(wrt_tests::root().join(folder))
        .unwrap_or_else(|error| panic!("read {folder}: {error:?}"));
    resolve
}

/// A contract from its text, to try the rules on.
fn sample(text: &str) -> Resolve {
    let mut resolve = Resolve::default();
    resolve.push_str("sample.wit", text).expect("the sample is WIT");
    resolve
}

/// Interfaces, worlds and functions without a sentence. Types are left out: many a record is named by its use.
fn undocumented(resolve: &Resolve) -> Vec<String> {
    let mut names = Vec::new();
    let mut check = |kind: &str, name: &str, docs: &Docs| {
        if docs.contents.is_none() {
            names.push(format!("{kind} {name}"));
        }
    };
    for (_, world) in &resolve.worlds {
        check("world", &world.name, &world.docs);
    }
    for (_, interface) in &resolve.interfaces {
        check(
            "interface",
            interface.name.as_deref().unwrap_or("without a name"),
            &interface.docs,
        );
    }
    for function in functions(resolve) {
        check("function", &function.name, &function.docs);
    }
    names
}

fn functions(resolve: &Resolve) -> impl Iterator<Item = &Function> {
    let worlds = resolve
        .worlds
        .iter()
        .flat_map(|(_, world)| world.imports.values().chain(world.exports.values()));
    let free = worlds.filter_map(|item| match item {
        WorldItem::Function(function) => Some(function),
        WorldItem::Interface { .. } | WorldItem::Type { .. } => None,
    });
    let interfaces = resolve.interfaces.iter();
    interfaces
        .flat_map(|(_, interface)| interface.functions.values())
        .chain(free)
}

/// The types and functions that name a 64-bit integer, which some JavaScript engines round.
fn wide(resolve: &Resolve) -> Vec<String> {
    let types = resolve
        .types
        .iter()
        .filter(|(_, ty)| parts(&ty.kind).iter().any(is_wide));
    let names = types.map(|(_, ty)| format!("type {}", ty.name.as_deref().unwrap_or("without a name")));
    let functions = functions(resolve).filter(|function| {
        let parameters = function.params.iter().map(|parameter| parameter.ty);
        parameters.chain(function.result).any(|ty| is_wide(&ty))
    });
    names
        .chain(functions.map(|function| format!("function {}", function.name)))
        .collect()
}

fn is_wide(ty: &Type) -> bool {
    matches!(ty, Type::U64 | Type::S64)
}

/// The types that a type is directly made of.
fn parts(kind: &TypeDefKind) -> Vec<Type> {
    match kind {
        TypeDefKind::Record(record) => record.fields.iter().map(|field| field.ty).collect(),
        TypeDefKind::Tuple(tuple) => tuple.types.clone(),
        TypeDefKind::Variant(variant) => variant.cases.iter().filter_map(|case| case.ty).collect(),
        TypeDefKind::Result(result) => result.ok.into_iter().chain(result.err).collect(),
        TypeDefKind::Option(ty) | TypeDefKind::List(ty) | TypeDefKind::Type(ty) => vec![*ty],
        _ => Vec::new(),
    }
}

#[test]
fn the_contract_is_documented() {
    for folder in FOLDERS {
        assert_none("a part of the contract has no comment", undocumented(&contract(folder)));
    }
}

#[test]
fn the_contract_has_no_wide_integers() {
    for folder in FOLDERS {
        assert_none("a part of the contract has a 64-bit integer", wide(&contract(folder)));
    }
}

#[test]
fn rules_find_their_offenders() {
    let sample = sample("package a:b; interface i { type t = option<u64>; f: func(x: s64); /// Does.\n g: func(); }");
    assert_eq!(undocumented(&sample), ["interface i", "function f"]);
    assert_eq!(wide(&sample), ["type t", "function f"]);
}
