use std::sync::Arc;

use napi::bindgen_prelude::{ArrayBuffer, Uint8Array, Uint8ArraySlice};
use napi::Env;
use zenoh::bytes::ZBytes;
use zenoh::matching::MatchingStatus;
use zenoh::qos::CongestionControl;
use zenoh::{Session, Wait};

use crate::error::{caught, guard, Failure, Outcome};
use crate::handles::{Handle, PublisherHandle};
use crate::lease;
use crate::mailbox::{Item, Limit};
use crate::payload::{bytes_of, encoding_of, optional_bytes_of};
use crate::session::{NativeSession, PutOptions};
use crate::shared::{Outgoing, SEND_NOW_BYTES};

#[napi]
impl NativeSession {
    /// Its records tell whether subscribers match: once at the start, before the call ends, then at each change.
    #[napi]
    pub fn declare_publisher(&self, id: u32, key_expr: String, options: PutOptions) -> napi::Result<()> {
        guard(|| {
            // Only the newest state is of interest.
            let source = self.shared.mailbox().add_source(id, Limit::Ring(1), false);
            let is_block = options.is_block == Some(true);
            let congestion = if is_block { CongestionControl::Block } else { CongestionControl::Drop };
            let express = options.express == Some(true);
            let encoding = encoding_of(options.encoding);
            self.shared.run(id, move |shared| {
                let publisher = shared
                    .session()?
                    .declare_publisher(key_expr)
                    .encoding(encoding)
                    .congestion_control(congestion)
                    .express(express)
                    .wait()
                    .map_err(Failure::failed)?;
                let (mailbox, changes) = (shared.mailbox().clone(), source.clone());
                let listener = publisher
                    .matching_listener()
                    .callback(move |status: MatchingStatus| {
                        let _ = caught(|| {
                            mailbox.push(&changes, Item::Matching(status.matching()));
                            Ok(())
                        });
                    })
                    .wait()
                    .map_err(Failure::failed)?;
                // A change may come between look and push, and would be overwritten: look again.
                loop {
                    let matching = publisher.matching_status().wait().map_err(Failure::failed)?.matching();
                    shared.mailbox().push(&source, Item::Matching(matching));
                    if publisher.matching_status().wait().map_err(Failure::failed)?.matching() == matching {
                        break;
                    }
                }
                let handle = PublisherHandle { _listener: listener, publisher, is_block };
                shared.handles.keep(id, Handle::Publisher(Arc::new(handle)));
                Ok(())
            })
        })
    }

    /// As `put` of the session.
    #[napi]
    pub fn publisher_put(
        &self,
        call_id: u32,
        id: u32,
        payload: Uint8ArraySlice<'_>,
        encoding: Option<String>,
        attachment: Option<Uint8Array>,
    ) -> napi::Result<bool> {
        guard(|| {
            let is_quick = payload.len() <= SEND_NOW_BYTES;
            self.publish(call_id, id, bytes_of(&payload), encoding, attachment, is_quick)
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn publisher_put_shm(
        &self,
        env: &Env,
        call_id: u32,
        id: u32,
        lease_id: u32,
        buffer: ArrayBuffer<'_>,
        encoding: Option<String>,
        attachment: Option<Uint8Array>,
    ) -> napi::Result<bool> {
        guard(|| {
            let payload = lease::take_writable(env, lease_id, &buffer)?;
            self.publish(call_id, id, payload, encoding, attachment, true)
        })
    }

    #[napi]
    pub fn publisher_delete(&self, call_id: u32, id: u32) -> napi::Result<bool> {
        guard(|| {
            let handle = self.shared.handles.publisher(id)?;
            let is_drop = !handle.is_block;
            let send = Box::new(move |_: &Session| handle.publisher.delete().wait().map_err(Failure::failed));
            self.shared.send(call_id, Outgoing { is_drop, is_quick: true, send })
        })
    }
}

impl NativeSession {
    fn publish(
        &self,
        call_id: u32,
        id: u32,
        payload: ZBytes,
        encoding: Option<String>,
        attachment: Option<Uint8Array>,
        is_quick: bool,
    ) -> Outcome<bool> {
        let handle = self.shared.handles.publisher(id)?;
        let attachment = optional_bytes_of(attachment.as_ref());
        let is_drop = !handle.is_block;
        let send = Box::new(move |_: &Session| {
            let put = handle.publisher.put(payload).attachment(attachment);
            let put = match encoding {
                Some(encoding) => put.encoding(encoding),
                None => put,
            };
            put.wait().map_err(Failure::failed)
        });
        self.shared.send(call_id, Outgoing { is_drop, is_quick, send })
    }
}
