//! `bubbaloop-router`: a zenoh router with the remote_api (WebSocket) and rest plugins linked in.
//!
//! Exit codes: 0 ended by a signal or `--check` passed, 1 failed, 2 wrong command line or configuration.

#[path = "../router/mod.rs"]
mod router;

fn main() {
    std::process::exit(router::main());
}
