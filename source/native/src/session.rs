use std::sync::Arc;

use napi::bindgen_prelude::{ArrayBuffer, Function, Uint8Array, Uint8ArraySlice};
use napi::{Env, JsValue};
use zenoh::bytes::{Encoding, ZBytes};
use zenoh::qos::CongestionControl;
use zenoh::{Session, Wait};

use crate::error::{caught, guard, Failure};
use crate::payload::{bytes_of, encoding_of, optional_bytes_of};
use crate::record::Writer;
use crate::shared::{Outgoing, Shared, SEND_NOW_BYTES};
use crate::waker::Waker;
use crate::{lease, open};

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
            let shared = Shared::new(&env, Waker::new(&env, &wake)?)?;
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
        guard(|| Ok(self.shared.router_zid()))
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
            self.shared.start_closing();
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
