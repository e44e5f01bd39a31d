use napi::bindgen_prelude::{Uint8Array, Uint8ArraySlice};
use zenoh::bytes::Encoding;
use zenoh::query::Query;
use zenoh::Wait;

use crate::error::{caught, guard, Failure};
use crate::handles::Handle;
use crate::mailbox::{Item, Limit};
use crate::payload::{bytes_of, encoding_of, optional_bytes_of};
use crate::session::NativeSession;

/// Queries above that number go unanswered, rather than memory without end.
const WAITING_QUERIES: usize = 4096;

#[napi]
impl NativeSession {
    /// Its records are queries; each has to be finalised. Never `complete`.
    #[napi]
    pub fn declare_queryable(&self, id: u32, key_expr: String) -> napi::Result<()> {
        guard(|| {
            let source = self.shared.mailbox().add_source(id, Limit::Fifo(WAITING_QUERIES), false);
            let mailbox = self.shared.mailbox().clone();
            self.shared.run(id, move |shared| {
                let queryable = shared
                    .session()?
                    .declare_queryable(key_expr)
                    .complete(false)
                    .callback(move |query: Query| {
                        let _ = caught(|| {
                            mailbox.push(&source, Item::Query(Box::new(query)));
                            Ok(())
                        });
                    })
                    .wait()
                    .map_err(Failure::failed)?;
                shared.handles.keep(id, Handle::Queryable(queryable));
                Ok(())
            })
        })
    }

    #[napi]
    pub fn query_reply(
        &self,
        call_id: u32,
        query_id: u32,
        key_expr: String,
        payload: Uint8ArraySlice<'_>,
        encoding: Option<String>,
        attachment: Option<Uint8Array>,
    ) -> napi::Result<()> {
        guard(|| {
            let query = self.shared.handles.query(query_id)?;
            let payload = bytes_of(&payload);
            let attachment = optional_bytes_of(attachment.as_ref());
            self.shared.run(call_id, move |_| {
                query
                    .reply(key_expr, payload)
                    .encoding(encoding_of(encoding))
                    .attachment(attachment)
                    .wait()
                    .map_err(Failure::failed)
            })
        })
    }

    /// The message goes as `text/plain`.
    #[napi]
    pub fn query_reply_error(&self, call_id: u32, query_id: u32, message: String) -> napi::Result<()> {
        guard(|| {
            let query = self.shared.handles.query(query_id)?;
            self.shared.run(call_id, move |_| {
                query.reply_err(message).encoding(Encoding::TEXT_PLAIN).wait().map_err(Failure::failed)
            })
        })
    }

    /// Ends the query, after the replies that were given before.
    #[napi]
    pub fn query_finalize(&self, query_id: u32) -> napi::Result<()> {
        guard(|| {
            let shared = self.shared.clone();
            // Where the lane has ended the session is closed, and its queries went with it.
            let _ = self.shared.lane.run(move || shared.handles.finalize_query(query_id));
            Ok(())
        })
    }
}
