use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use napi::Env;

use crate::error::Outcome;
use crate::mailbox::lock;
use crate::session::Shared;

/// A process that ends is not held up longer than that by sessions it left open.
const EXIT_LIMIT: Duration = Duration::from_millis(300);

static OPEN: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

pub fn register(shared: &Arc<Shared>) {
    let mut open = lock(&OPEN);
    open.retain(|session| session.strong_count() > 0);
    open.push(Arc::downgrade(shared));
}

/// Tells the router goodbye, so that it need not find out by itself, and unlinks shared memory.
pub fn close_sessions_at_exit(env: &Env) -> Outcome<()> {
    env.add_env_cleanup_hook((), |_| {
        let _ = crate::error::caught(|| {
            let open: Vec<Arc<Shared>> = lock(&OPEN).drain(..).filter_map(|session| session.upgrade()).collect();
            if open.is_empty() {
                return Ok(());
            }
            let (done, all_done) = channel::<()>();
            for shared in open {
                shared.mailbox().end();
                let done = done.clone();
                let _ = std::thread::Builder::new().spawn(move || {
                    shared.close();
                    drop(done);
                });
            }
            drop(done);
            // Ends with an error as soon as the last thread has let go of its end.
            let _ = all_done.recv_timeout(EXIT_LIMIT);
            Ok(())
        });
    })?;
    Ok(())
}
