//! What can be deployed.

use wrt_model::{ComponentKind, Digest};

use crate::support::{HOST, guest};

#[tokio::test]
async fn components_describe_themselves() {
    let prepared = HOST.prepare(&guest("contract-guest")).await.unwrap();
    let component = &prepared.component;
    assert_eq!(component.kind, ComponentKind::Workflow);
    assert_eq!(component.digest, Digest::of(&prepared.bytes));
    assert_eq!(component.size, u64::try_from(prepared.bytes.len()).unwrap());
    assert_eq!(component.sdk_name, "contract-guest");
    assert!(component.defines(ComponentKind::Workflow, "Scripted"));
    assert_eq!(component.types[0].queries[0].name, "transcript");
    assert_eq!(component.types[0].input_schema.as_deref(), Some(r#"{"type":"string"}"#));

    let prepared = HOST.prepare(&guest("worker-guest")).await.unwrap();
    assert_eq!(prepared.component.kind, ComponentKind::Activity);
    assert!(prepared.component.defines(ComponentKind::Activity, "echo"));
}

async fn refused(bytes: &[u8]) -> String {
    HOST.prepare(bytes).await.unwrap_err().to_string()
}

#[tokio::test]
async fn what_cannot_be_deployed_is_refused_with_the_reason() {
    assert!(refused(b"#!/bin/sh").await.starts_with("the file is not WebAssembly"));
    assert!(
        refused(b"\0asm\x0d\0\x01\0 and no more")
            .await
            .starts_with("read the component: ")
    );
    // A core module that was not built for any contract.
    let plain = wat::parse_str("(module)").unwrap();
    assert!(
        refused(&plain)
            .await
            .contains("exports neither `wrt:workflow/guest@0.1.0`"),
        "{}",
        refused(&plain).await
    );
    let stranger = r#"(component
        (import "acme:db/query@1.0.0" (instance))
        (instance $guest)
        (export "wrt:workflow/guest@0.1.0" (instance $guest)))"#;
    assert_eq!(
        refused(&wat::parse_str(stranger).unwrap()).await,
        "the workflow component imports `acme:db/query@1.0.0`, which a workflow may not have: it would not be the same \
         on replay. Move what needs it into an activity"
    );
    let hollow = r#"(component
        (instance $guest)
        (export "wrt:workflow/guest@0.1.0" (instance $guest)))"#;
    assert!(
        refused(&wat::parse_str(hollow).unwrap())
            .await
            .contains("is not made for the world of a workflow")
    );
}

/// A core module with the metadata of a world, as toolchains without components make it.
#[tokio::test]
async fn a_core_module_becomes_a_component() {
    let module = core_module();
    let prepared = HOST.prepare(&module).await.unwrap();
    assert!(prepared.bytes.starts_with(b"\0asm\x0d"));
    assert_eq!(prepared.component.digest, Digest::of(&prepared.bytes));
    assert_eq!(prepared.component.sdk_name, "by-hand");
    assert!(prepared.component.defines(ComponentKind::Workflow, "Nap"));
    // What is stored can be prepared again, to the same component.
    let again = HOST.prepare(&prepared.bytes).await.unwrap();
    assert_eq!(again.component, prepared.component);
}

/// A workflow in WebAssembly text that only describes itself. It calls preview 1, which only the adapter can give.
fn core_module() -> Vec<u8> {
    module_of(include_str!("by_hand.wat"), "", "workflow")
}

/// A core module with the metadata of a world that lies in this folder of `wit/`.
fn module_of(text: &str, folder: &str, world: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = wit_parser::Resolve::default();
    let folder = format!("{}/../../wit/{folder}", env!("CARGO_MANIFEST_DIR"));
    let (package, _) = resolve.push_dir(folder).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8).unwrap();
    module
}

/// Components of both kinds that describe themselves like this, with further functions.
fn describing(body: &str, more: &str) -> [Vec<u8>; 2] {
    let common = format!(
        r#"(memory (export "memory") 1) {more}
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)"#
    );
    let activity = format!(
        r#"(module {common}
        (func (export "wrt:activity/guest@0.1.0#describe") (result i32) {body})
        (func (export "wrt:activity/guest@0.1.0#execute") (param i32) (result i32) unreachable))"#
    );
    let workflow = format!(
        r#"(module {common}
        (func (export "wrt:workflow/guest@0.1.0#describe") (result i32) {body})
        (func (export "wrt:workflow/guest@0.1.0#activate") (param i32 i32 i32 i32 i32 i32 i32) (result i32) unreachable)
        (func (export "wrt:workflow/guest@0.1.0#query") (param i32 i32 i32 i32 i32 i32) (result i32) unreachable))"#
    );
    [
        module_of(&activity, "activity", "activity"),
        module_of(&workflow, "", "workflow"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_misbehaves_while_it_describes_itself_is_refused() {
    for (body, more, expected) in [
        (
            "(loop $again (br $again)) unreachable",
            "",
            "the time limit of 300ms for",
        ),
        (
            "unreachable",
            "(func $spin (loop $again (br $again))) (start $spin)",
            "the time limit of 300ms for",
        ),
        (
            "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable",
            "",
            "the memory limit of 16 MiB is reached",
        ),
        (
            "(call $deep) unreachable",
            "(func $deep (call $deep))",
            "the stack limit is reached: is there an endless recursion?",
        ),
        ("unreachable", "", "the guest panicked or aborted"),
    ] {
        for component in describing(body, more) {
            let error = refused(&component).await;
            assert!(error.contains(expected), "{body} {more}: {error}");
        }
    }
}
