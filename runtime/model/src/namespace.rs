//! Namespaces: the rooms that keep workflows of different owners apart.

use std::collections::{BTreeMap, HashMap};

use crate::{Time, proto::enums::IndexedValueType};

/// A namespace. Encoded as a whole into its row; only `id` and `name` are looked up.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Namespace {
    /// A UUID.
    #[prost(string, tag = "1")]
    pub id: String,
    /// The name that clients use.
    #[prost(string, tag = "2")]
    pub name: String,
    /// `temporal.api.enums.v1.NamespaceState`.
    #[prost(int32, tag = "3")]
    pub state: i32,
    /// Words for people.
    #[prost(string, tag = "4")]
    pub description: String,
    /// The address of whoever answers for it.
    #[prost(string, tag = "5")]
    pub owner_email: String,
    /// Free key-value pairs of the owner.
    #[prost(map = "string, string", tag = "6")]
    pub data: HashMap<String, String>,
    /// How long closed runs are kept, in nanoseconds.
    #[prost(int64, tag = "7")]
    pub retention_ns: i64,
    /// When it was registered, in nanoseconds since the epoch.
    #[prost(int64, tag = "8")]
    pub created_ns: i64,
    /// The types of the search attributes that were registered, by name.
    #[prost(btree_map = "string, enumeration(IndexedValueType)", tag = "9")]
    pub search_attributes: BTreeMap<String, i32>,
    /// The [limits](crate::Limits) that it has set, by name; 0 for none. The server's count for the rest.
    #[prost(btree_map = "string, uint64", tag = "10")]
    pub limits: BTreeMap<String, u64>,
}

impl Namespace {
    /// When it was registered.
    pub fn created(&self) -> Time {
        Time::from_nanos(self.created_ns)
    }
}
