//! Zenoh for Node.js: one class, `NativeSession`, shared memory, and nothing that decides anything; pictures
//! for terminals (pictures) stand apart from it. Options are
//! normalised, and declarations made again after a loss, in TypeScript (source/zenoh).
//!
//! How it hangs together: JavaScript gives every call that may wait an id. The call goes to the session's lane (one
//! thread, in order), and its outcome comes back through the session's mailbox, as do samples, replies and queries. The
//! mailbox wakes JavaScript once for many records; JavaScript takes as many as it likes in one go.

// Under `cargo test` nothing is handed to JavaScript, and all that is only for it would be called dead.
#![cfg_attr(test, allow(dead_code))]

#[macro_use]
extern crate napi_derive;

mod error;
mod exit;
mod file_pages;
mod handles;
mod lane;
mod lease;
mod liveliness;
mod mailbox;
mod open;
mod payload;
mod pictures;
mod publisher;
mod query;
mod queryable;
mod record;
mod scout;
mod session;
mod shared;
mod shm;
mod shm_backend;
mod subscriber;
mod waker;

use napi::Env;

#[napi(module_exports)]
pub fn module_exports(_exports: napi::bindgen_prelude::Object, env: Env) -> napi::Result<()> {
    error::quiet_panics();
    log_where_asked();
    error::guard(|| exit::close_sessions_at_exit(&env))
}

/// Zenoh's log goes to stderr where RUST_LOG asks for it, and nowhere else.
fn log_where_asked() {
    use tracing_subscriber::EnvFilter;
    if let Ok(filter) = EnvFilter::try_from_default_env() {
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
        // Only fails where another addon of the process has set a logger: then that one serves.
        let _ = log.try_init();
    }
}

/// The version of zenoh inside, `v1.10.2`.
#[napi]
pub fn zenoh_version() -> String {
    zenoh::GIT_VERSION.to_string()
}

/// Panics on purpose: the tests hold that JavaScript gets an error and the process lives.
#[napi]
pub fn panic_for_test() -> napi::Result<()> {
    error::guard(|| panic!("asked for by a test"))
}
