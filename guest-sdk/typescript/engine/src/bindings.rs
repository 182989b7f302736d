//! The world, as wit-bindgen sees it. Every type can be written to and read from a value of JavaScript.

#![allow(missing_docs, unreachable_pub, clippy::all)]

wit_bindgen::generate!({
    path: ["../../../wit", "../../../wit/activity", "../../../wit/module", "wit"],
    world: "wrt:engine/engine",
    additional_derives: [serde::Serialize, serde::Deserialize],
    generate_all,
});

pub(crate) use exports::wrt as guest;
pub(crate) use wrt as imports;
