use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use napi::bindgen_prelude::{ArrayBuffer, Function, Uint8Array, Uint8ArraySlice};
use napi::{Env, JsValue};
use zenoh::bytes::{Encoding, ZBytes};
use zenoh::qos::CongestionControl;
use zenoh::{Session, Wait};

use crate::error::{caught, guard, Failure, Outcome};
use crate::handles::Handles;
use crate::lane::Lane;
use crate::mailbox::{lock, Mailbox};
use crate::payload::{bytes_of, encoding_of, optional_bytes_of};
use crate::record::Writer;
use crate::waker::Waker;
use crate::{exit, lease, open};

/// Above that many bytes the copy into the link's buffers is not for the JavaScript thread.
const SEND_NOW_BYTES: usize = 64 * 1024;
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

    pub fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
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

/// One zenoh session. It never connects again: after `lost` only `close` is of use.
#[napi]
pub struct NativeSession {
    pub(crate) shared: Arc<Shared>,
}

/// Everything of a put but its payload.
#[napi(object, object_to_js = false)]
pub struct PutOptions {
    pub encoding: Option<String>,
    pub attachment: Option<Uint8Array>,
    pub is_block: Option<bool>,
    pub express: Option<bool>,
}

#[napi]
impl NativeSession {
    /// Starts to open; the outcome comes as the end of call `id`. `config` is JSON5; `wake` is called, without
    /// arguments, when there are records to take.
    #[napi(constructor)]
    pub fn new(id: u32, config: String, endpoint: String, wake: Function<'_, (), ()>) -> napi::Result<Self> {
        guard(|| {
            let env = Env::from_raw(wake.value().env);
            let shared = Arc::new(Shared {
                mailbox: Arc::new(Mailbox::new(Waker::new(&env, &wake)?)),
                lane: Lane::start()?,
                handles: Handles::default(),
                session: RwLock::new(None),
                router_zid: Mutex::new(String::new()),
                is_closing: AtomicBool::new(false),
                is_lost: AtomicBool::new(false),
                started: Instant::now(),
                slow_until_micros: AtomicU64::new(0),
            });
            exit::register(&env, &shared);
            shared.run(id, move |shared| open::open(shared, &config, &endpoint))?;
            Ok(NativeSession { shared })
        })
    }

    /// Empty while it opens and after its end.
    #[napi(getter)]
    pub fn zid(&self) -> napi::Result<String> {
        guard(|| Ok(self.shared.session().map(|session| session.zid().to_string()).unwrap_or_default()))
    }

    #[napi(getter)]
    pub fn router_zid(&self) -> napi::Result<String> {
        guard(|| Ok(lock(&self.shared.router_zid).clone()))
    }

    /// The sources that have records. They have to be drained until empty: they are not named again for the same ones.
    #[napi]
    pub fn take_ready(&self) -> napi::Result<Vec<u32>> {
        guard(|| Ok(self.shared.mailbox().take_ready()))
    }

    /// At most `most` records of a source, flat (record.rs); none where the source is gone or empty.
    #[napi(ts_return_type = "unknown[] | undefined")]
    pub fn drain<'env>(
        &self,
        env: &'env Env,
        id: u32,
        most: u32,
    ) -> napi::Result<Option<napi::bindgen_prelude::Unknown<'env>>> {
        guard(|| {
            let Some(source) = self.shared.mailbox().source(id) else { return Ok(None) };
            let items = source.take(most as usize);
            if items.is_empty() {
                return Ok(None);
            }
            let mut writer = Writer::new(env.raw(), items.len())?;
            for item in items {
                writer.write(item, &source, &self.shared.handles)?;
            }
            // SAFETY: the value was just made in this environment and scope.
            Ok(Some(unsafe { napi::bindgen_prelude::Unknown::from_raw_unchecked(env.raw(), writer.finish()) }))
        })
    }

    #[napi]
    pub fn dropped_count(&self, id: u32) -> napi::Result<i64> {
        guard(|| Ok(self.shared.mailbox().source(id).map_or(0, |source| source.dropped_count() as i64)))
    }

    /// True where the put is done; else its outcome comes as the end of call `id`.
    #[napi]
    pub fn put(
        &self,
        id: u32,
        key_expr: String,
        payload: Uint8ArraySlice<'_>,
        options: PutOptions,
    ) -> napi::Result<bool> {
        guard(|| {
            let is_quick = payload.len() <= SEND_NOW_BYTES;
            self.shared.send(id, outgoing_put(key_expr, bytes_of(&payload), options, is_quick))
        })
    }

    /// As `put`, with a filled shared-memory buffer, which is used up whatever the outcome.
    #[napi]
    pub fn put_shm(
        &self,
        env: &Env,
        id: u32,
        key_expr: String,
        lease_id: u32,
        buffer: ArrayBuffer<'_>,
        options: PutOptions,
    ) -> napi::Result<bool> {
        guard(|| {
            let payload = lease::take_writable(env, lease_id, &buffer)?;
            self.shared.send(id, outgoing_put(key_expr, payload, options, true))
        })
    }

    #[napi]
    pub fn delete(&self, id: u32, key_expr: String) -> napi::Result<bool> {
        guard(|| {
            let send = Box::new(move |session: &Session| session.delete(key_expr).wait().map_err(Failure::failed));
            self.shared.send(id, Outgoing { is_drop: true, is_quick: true, send })
        })
    }

    /// Ends a declaration or a get. What still waits for JavaScript is dropped at once; the outcome comes as the end of
    /// call `call_id`.
    #[napi]
    pub fn end(&self, call_id: u32, id: u32) -> napi::Result<()> {
        guard(|| {
            self.shared.mailbox().remove_source(id);
            self.shared.run(call_id, move |shared| shared.handles.end(id))
        })
    }

    /// For a get that has ended by itself.
    #[napi]
    pub fn forget(&self, id: u32) -> napi::Result<()> {
        guard(|| {
            self.shared.mailbox().remove_source(id);
            self.shared.handles.forget(id);
            Ok(())
        })
    }

    /// Closes; the outcome comes as the end of call `id`, and then nothing more.
    #[napi]
    pub fn close(&self, id: u32) -> napi::Result<()> {
        guard(|| {
            let shared = self.shared.clone();
            // Not on the lane, where a put may be waiting for the very link that this closes.
            std::thread::Builder::new()
                .name("bubbaloop-close".to_string())
                .spawn(move || {
                    let _ = caught(|| {
                        shared.close();
                        Ok(())
                    });
                    shared.mailbox().done(id, Ok(()));
                })
                .map(|_| ())
                .map_err(Failure::failed)
        })
    }

    /// Lets the event loop end. Nothing comes after it.
    #[napi]
    pub fn dispose(&self) -> napi::Result<()> {
        guard(|| {
            self.shared.is_closing.store(true, Ordering::Release);
            self.shared.mailbox().end();
            Ok(())
        })
    }
}

fn outgoing_put(key_expr: String, payload: ZBytes, options: PutOptions, is_quick: bool) -> Outgoing {
    let is_block = options.is_block == Some(true);
    let attachment = optional_bytes_of(options.attachment.as_ref());
    let encoding: Encoding = encoding_of(options.encoding);
    let express = options.express == Some(true);
    let congestion = if is_block { CongestionControl::Block } else { CongestionControl::Drop };
    let send = Box::new(move |session: &Session| {
        session
            .put(key_expr, payload)
            .encoding(encoding)
            .attachment(attachment)
            .congestion_control(congestion)
            .express(express)
            .wait()
            .map_err(Failure::failed)
    });
    Outgoing { is_drop: !is_block, is_quick, send }
}
