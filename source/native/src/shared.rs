use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use napi::Env;
use zenoh::Session;

use crate::error::{caught, Failure, Outcome};
use crate::handles::Handles;
use crate::lane::Lane;
use crate::mailbox::{lock, Mailbox};
use crate::waker::Waker;
use crate::{exit, open};

/// Above that many bytes the copy into the link's buffers is not for the JavaScript thread.
pub const SEND_NOW_BYTES: usize = 64 * 1024;
/// A put with `drop` that took longer met a congested link (zenoh waits for 1 ms before it drops): the next ones do
/// their waiting on the lane, for a while.
const SLOW_SEND: Duration = Duration::from_micros(700);
const SLOW_WHILE: Duration = Duration::from_millis(100);
/// So many may wait on the lane; with `drop` the next one is dropped.
const WAITING_LIMIT: usize = 1024;

/// What the class, the lane and zenoh's callbacks have in common.
pub struct Shared {
    mailbox: Arc<Mailbox>,
    pub lane: Lane,
    pub handles: Handles,
    session: RwLock<Option<Session>>,
    router_zid: Mutex<String>,
    is_closing: AtomicBool,
    is_lost: AtomicBool,
    started: Instant,
    slow_until_micros: AtomicU64,
}

impl Shared {
    pub fn new(env: &Env, waker: Waker) -> Outcome<Arc<Self>> {
        let shared = Arc::new(Shared {
            mailbox: Arc::new(Mailbox::new(waker)),
            lane: Lane::start()?,
            handles: Handles::default(),
            session: RwLock::new(None),
            router_zid: Mutex::new(String::new()),
            is_closing: AtomicBool::new(false),
            is_lost: AtomicBool::new(false),
            started: Instant::now(),
            slow_until_micros: AtomicU64::new(0),
        });
        exit::register(env, &shared);
        Ok(shared)
    }

    pub fn router_zid(&self) -> String {
        lock(&self.router_zid).clone()
    }

    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// False where the loss was known before.
    pub fn lose(&self) -> bool {
        !self.is_lost.swap(true, Ordering::AcqRel)
    }

    pub fn opened(&self, session: Session, router_zid: String) {
        *lock(&self.router_zid) = router_zid;
        *self.session.write().unwrap_or_else(PoisonError::into_inner) = Some(session);
        // The loss or the end may have come in between.
        if self.is_closing() || self.is_lost.load(Ordering::Acquire) {
            self.shut();
        }
    }

    pub fn session(&self) -> Outcome<Session> {
        if self.is_closing() || self.is_lost.load(Ordering::Acquire) {
            return Err(Failure::link_lost("there is no link to the router"));
        }
        let session = self.session.read().unwrap_or_else(PoisonError::into_inner);
        session.as_ref().cloned().ok_or_else(|| Failure::link_lost("the session is not open"))
    }

    /// Runs `body` on the lane and reports its outcome as the end of call `id`.
    pub fn run(
        self: &Arc<Self>,
        id: u32,
        body: impl FnOnce(&Arc<Shared>) -> Outcome<()> + std::marker::Send + 'static,
    ) -> Outcome<()> {
        let shared = self.clone();
        self.lane.run(move || {
            let outcome = caught(|| body(&shared));
            shared.mailbox.done(id, outcome);
        })
    }

    /// Closes zenoh's session, if there is one; declarations go with it.
    pub fn shut(&self) {
        let session = self.session.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(session) = session {
            open::close(&session);
        }
        self.handles.clear();
    }

    /// From now on every call fails.
    pub fn start_closing(&self) {
        self.is_closing.store(true, Ordering::Release);
    }

    pub fn close(&self) {
        self.start_closing();
        self.shut();
        self.lane.end();
    }

    fn is_slow(&self) -> bool {
        (self.started.elapsed().as_micros() as u64) < self.slow_until_micros.load(Ordering::Relaxed)
    }

    /// Sends on this thread where that cannot take long, else on the lane. True where it is done.
    pub fn send(self: &Arc<Self>, id: u32, outgoing: Outgoing) -> Outcome<bool> {
        let waiting = self.lane.waiting();
        let is_drop = outgoing.is_drop;
        if is_drop && outgoing.is_quick && waiting == 0 && !self.is_slow() {
            let start = Instant::now();
            let outcome = (outgoing.send)(&self.session()?);
            if start.elapsed() > SLOW_SEND {
                let until = self.started.elapsed() + SLOW_WHILE;
                self.slow_until_micros.store(until.as_micros() as u64, Ordering::Relaxed);
            }
            return outcome.map(|()| true);
        }
        if is_drop && waiting > WAITING_LIMIT {
            return Ok(true);
        }
        self.run(id, move |shared| (outgoing.send)(&shared.session()?))?;
        Ok(false)
    }
}

type Send = Box<dyn FnOnce(&Session) -> Outcome<()> + std::marker::Send>;

/// A put or delete that is ready to go.
pub struct Outgoing {
    pub is_drop: bool,
    /// Small, or already in shared memory.
    pub is_quick: bool,
    pub send: Send,
}
