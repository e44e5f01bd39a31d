use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use napi::Env;

use crate::error::Outcome;
use crate::mailbox::lock;
use crate::shared::Shared;

/// A process that ends is not held up longer than that by sessions it left open.
const EXIT_LIMIT: Duration = Duration::from_millis(300);

/// With the environment each belongs to: a process has one for every worker thread, and they end at different times.
static OPEN: Mutex<Vec<(usize, Weak<Shared>)>> = Mutex::new(Vec::new());

pub fn register(env: &Env, shared: &Arc<Shared>) {
    let mut open = lock(&OPEN);
    open.retain(|(_, session)| session.strong_count() > 0);
    open.push((env.raw() as usize, Arc::downgrade(shared)));
}

fn take_open(env: usize) -> Vec<Arc<Shared>> {
    let mut open = lock(&OPEN);
    let (ours, others) = open.drain(..).partition(|(owner, _)| *owner == env);
    *open = others;
    ours.into_iter().filter_map(|(_, session): (usize, Weak<Shared>)| session.upgrade()).collect()
}

/// Tells the router goodbye, so that it need not find out by itself, and unlinks shared memory.
pub fn close_sessions_at_exit(env: &Env) -> Outcome<()> {
    env.add_env_cleanup_hook(env.raw() as usize, |env| {
        let _ = crate::error::caught(|| {
            let open = take_open(env);
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
