//! Programs that are built, and what those who write them are told of their mistakes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use wrt_build::{
    BuildError,
    javascript::{Built, Project, build},
};

/// Builds `flow.ts`, with these files beside it.
fn built(files: &[(&str, &str)]) -> Result<Built, BuildError> {
    let folder = tempfile::tempdir().expect("make a folder");
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("it has a folder")).expect("make its folder");
        fs::write(file, text).expect("write a file");
    }
    build(&project(&folder.path().join("flow.ts")))
}

fn project(entry: &Path) -> Project {
    Project {
        entry: entry.to_path_buf(),
        activities: None,
        // The engine is compiled once for all tests, and for those that come later.
        cache_dir: Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("engine")),
    }
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    let built = built(&[("flow.ts", text)]).map(|built| built.files);
    let error = built.expect_err("it has a mistake").to_string();
    assert!(error.starts_with(expected), "{error}");
}

const WORKFLOW: &str = "export async function flow(): Promise<number> { return 1; }";

#[test]
fn errors_name_the_place_in_the_source() {
    check_error(
        "export async function flow() {\n  const a: number = ;\n}",
        "flow.ts:2:21: Unexpected token\n      const a: number = ;\n                        ^",
    );
    check_error(
        "import fs from 'node:fs';\nexport const flow = async () => fs.readdirSync('/');",
        "flow.ts:1:16: find `node:fs`: it is a module of Node.js, which is not here",
    );
    check_error(
        "import { a } from 'left-pad/part';\nexport const flow = async () => a;",
        "flow.ts:1:19: find `left-pad/part`: no package of this name is installed; `npm install left-pad` does it",
    );
    check_error(
        "import { a } from './gone';\nexport const flow = async () => a;",
        "flow.ts:1:19: find `./gone`: there is no such file beside this one",
    );
    check_error(
        "const order: { id?: { text: string } } = {};\norder.id!.text;",
        "TypeError: cannot read property 'text' of undefined\n    at flow.ts:2:1",
    );
}

#[test]
fn what_differs_from_run_to_run_has_no_place_at_the_top_level() {
    check_error(
        "const id = Math.random();\nexport const flow = async () => id;",
        "Error: randomness is drawn while the module is loaded, which would give every run the same",
    );
    check_error(
        "import { sleep } from '@wrt/sdk/workflow';\nawait sleep(1);\nexport const flow = async () => 1;",
        "IllegalStateError: sleep() was called outside of a workflow",
    );
    check_error(
        "await new Promise(() => {});\nexport const flow = async () => 1;",
        "Error: flow.ts waits for something at its top level",
    );
    check_error(
        "function f(): number { return f() + 1; }\nf();",
        "RangeError: Maximum call stack size exceeded",
    );
    check_error(
        "for (;;);",
        "the modules are not evaluated after 10 s: is there an endless loop",
    );
    check_error("throw 'only text';", "only text");
}

#[test]
fn everything_that_a_module_imports_comes_along() {
    let package = r#"{"name": "pad", "exports": {"import": "./pad.mjs", "require": "./pad.cjs"}}"#;
    let built = built(&[
        (
            "flow.ts",
            "import pad from 'pad'; import old, { twice } from 'old'; import { word } from './lib/word.js';
             import data from './data.json'; import type { Shape } from './types-only';
             if (pad + old.name + twice(2) + word + data.n !== 'padold4word7') throw new Error(pad + old.name + twice(2));
             export async function flow(shape: Shape) { return shape; }",
        ),
        ("lib/word.ts", "export const word: string = 'word';"),
        ("data.json", r#"{"n": 7}"#),
        ("node_modules/pad/package.json", package),
        ("node_modules/pad/pad.mjs", "export default 'pad';"),
        ("node_modules/pad/pad.cjs", "module.exports = 'wrong';"),
        ("node_modules/old/package.json", r#"{"name": "old", "main": "lib/index.js"}"#),
        (
            "node_modules/old/lib/index.js",
            "const part = require('./part'); exports.name = 'old'; exports.twice = part.twice;",
        ),
        ("node_modules/old/lib/part.js", "exports.twice = (n) => 2 * n;"),
    ]);
    let built = built.unwrap();
    let names: Vec<_> = built
        .files
        .iter()
        .filter_map(|file| file.file_name()?.to_str())
        .collect();
    assert_eq!(names.len(), 6, "{names:?}");
    assert!(names.contains(&"part.js"), "{names:?}");
}

#[test]
fn the_same_sources_give_the_same_component() {
    let build = || built(&[("flow.ts", WORKFLOW)]).unwrap().component;
    let component = build();
    assert!(component == build(), "two builds differ");
    assert!(component.len() < 3 << 20, "{} bytes", component.len());
}

#[test]
fn typescript_that_is_more_than_types_is_understood() {
    let source = "
        enum Step { One = 1, Two }
        namespace Names { export const first = 'Ada'; }
        class Order { constructor(readonly id: string, private items: string[] = []) {} get size() { return this.items.length; } }
        const order = new Order('1') satisfies { id: string };
        if (Step[2] !== 'Two' || Names.first !== 'Ada' || order.id !== '1' || order.size !== 0) throw new Error('misread');
        export async function flow(): Promise<void> { for await (const item of [1]) void (item as unknown as string); }";
    assert!(built(&[("flow.ts", source)]).is_ok());
}

#[test]
fn activities_may_stand_in_a_module_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        file
    };
    let entry = file("flow.ts", WORKFLOW);
    let activities = file(
        "activities.ts",
        "export async function greet(name: string) { return name; }",
    );
    let project = Project {
        activities: Some(activities),
        ..project(&entry)
    };
    assert_eq!(build(&project).unwrap().files.len(), 2);
}
