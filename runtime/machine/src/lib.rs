//! The rules: (run, what happened, now) to a transition or a rejection. Pure.
