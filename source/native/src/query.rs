use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::Uint8Array;
use zenoh::cancellation::CancellationToken;
use zenoh::query::{ConsolidationMode, QueryTarget, Reply};
use zenoh::Wait;

use crate::error::{caught, guard, Failure, Outcome};
use crate::handles::Handle;
use crate::mailbox::{Item, Limit, Mailbox, Source};
use crate::payload::{encoding_of, optional_bytes_of};
use crate::session::NativeSession;
use crate::shared::Shared;

#[napi(object, object_to_js = false)]
pub struct GetOptions {
    /// `best-matching`, `all` or `all-complete`.
    pub target: String,
    /// `auto`, `none`, `monotonic` or `latest`.
    pub consolidation: String,
    pub payload: Option<Uint8Array>,
    pub encoding: Option<String>,
    pub attachment: Option<Uint8Array>,
    pub timeout_ms: f64,
}

/// Lives in the callback of a get, so it is dropped when zenoh has no more replies.
pub struct Replies {
    id: u32,
    mailbox: Arc<Mailbox>,
    source: Arc<Source>,
}

impl Replies {
    /// The end of the get goes the way of its replies, so that it comes after them.
    pub fn new(id: u32, shared: &Shared) -> Self {
        let mailbox = shared.mailbox().clone();
        let source = mailbox.add_source(id, Limit::None, false);
        Replies { id, mailbox, source }
    }

    pub fn push(&self, reply: Reply) {
        let _ = caught(|| {
            self.mailbox.push(&self.source, Item::Reply(Box::new(reply)));
            Ok(())
        });
    }

    /// For a get that did not even start.
    fn fail(mailbox: &Mailbox, id: u32, failure: Failure) {
        if let Some(source) = mailbox.source(id) {
            mailbox.push(&source, Item::Done(id, Err(failure)));
        }
    }
}

impl Drop for Replies {
    fn drop(&mut self) {
        let _ = caught(|| {
            self.mailbox.push(&self.source, Item::Done(self.id, Ok(())));
            Ok(())
        });
    }
}

#[napi]
impl NativeSession {
    /// Its records are replies, the last one is the end of call `id`.
    #[napi]
    pub fn get(&self, id: u32, selector: String, options: GetOptions) -> napi::Result<()> {
        guard(|| {
            let target = match options.target.as_str() {
                "all" => QueryTarget::All,
                "all-complete" => QueryTarget::AllComplete,
                _ => QueryTarget::BestMatching,
            };
            let consolidation = match options.consolidation.as_str() {
                "none" => ConsolidationMode::None,
                "monotonic" => ConsolidationMode::Monotonic,
                "latest" => ConsolidationMode::Latest,
                _ => ConsolidationMode::Auto,
            };
            let payload = optional_bytes_of(options.payload.as_ref());
            let attachment = optional_bytes_of(options.attachment.as_ref());
            let encoding = options.encoding;
            let timeout = limit_of(options.timeout_ms);
            self.start_get(id, move |shared, replies, token| {
                let session = shared.session()?;
                let mut get = session
                    .get(selector)
                    .target(target)
                    .consolidation(consolidation)
                    .timeout(timeout)
                    .attachment(attachment)
                    .cancellation_token(token);
                if let Some(payload) = payload {
                    get = get.payload(payload).encoding(encoding_of(encoding));
                }
                get.callback(move |reply| replies.push(reply)).wait().map_err(Failure::invalid)
            })
        })
    }
}

impl NativeSession {
    pub(crate) fn start_get(
        &self,
        id: u32,
        start: impl FnOnce(&Arc<Shared>, Replies, CancellationToken) -> Outcome<()> + Send + 'static,
    ) -> Outcome<()> {
        let replies = Replies::new(id, &self.shared);
        let token = CancellationToken::default();
        self.shared.handles.keep(id, Handle::Get(token.clone()));
        let shared = self.shared.clone();
        self.shared.lane.run(move || {
            if let Err(failure) = caught(|| start(&shared, replies, token)) {
                Replies::fail(shared.mailbox(), id, failure);
            }
        })
    }
}

pub fn limit_of(timeout_ms: f64) -> Duration {
    Duration::from_secs_f64((timeout_ms / 1000.0).clamp(0.001, 1e9))
}
