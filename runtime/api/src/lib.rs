//! The door: the gRPC services.
