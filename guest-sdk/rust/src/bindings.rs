//! The two worlds of `wit/`, as wit-bindgen sees them. Everything else in this crate speaks Rust's own words.
//!
//! One crate can hold both, because `pub_export_macro` leaves the exports of a world out of the metadata until
//! [`export!`](crate::export) or [`export_activities!`](crate::export_activities) is called. Where both are, the linker puts the
//! two worlds together to what is the world `wrt:module/module`.

// Written by wit-bindgen: lifting and lowering cannot be had without unsafe code, and the WIT carries the documentation.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::all)]

/// World `wrt:workflow/workflow`.
pub mod workflow {
    wit_bindgen::generate!({
        path: ["wit"],
        world: "wrt:workflow/workflow",
        with: { "wrt:workflow/types@0.1.0/payload": crate::payload::Payload },
        pub_export_macro: true,
        default_bindings_module: "wrt_sdk::__private::bindings::workflow",
        runtime_path: "::wrt_sdk::__private::wit_bindgen::rt",
        generate_all,
    });
}

/// World `wrt:activity/activity`.
pub mod activity {
    wit_bindgen::generate!({
        path: ["wit/activity"],
        world: "wrt:activity/activity",
        with: { "wrt:activity/types@0.1.0/payload": crate::payload::Payload },
        pub_export_macro: true,
        default_bindings_module: "wrt_sdk::__private::bindings::activity",
        runtime_path: "::wrt_sdk::__private::wit_bindgen::rt",
        generate_all,
    });
}
