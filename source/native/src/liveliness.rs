use zenoh::sample::{Sample, SampleKind};
use zenoh::Wait;

use crate::error::{caught, guard, Failure};
use crate::handles::Handle;
use crate::mailbox::{Item, Limit};
use crate::query::limit_of;
use crate::session::NativeSession;

#[napi]
impl NativeSession {
    #[napi]
    pub fn declare_token(&self, id: u32, key_expr: String) -> napi::Result<()> {
        guard(|| {
            self.shared.run(id, move |shared| {
                let token = shared.session()?.liveliness().declare_token(key_expr).wait().map_err(Failure::failed)?;
                shared.handles.keep(id, Handle::Token(token));
                Ok(())
            })
        })
    }

    /// As `get`; the key expressions of the replies are the tokens.
    #[napi]
    pub fn get_tokens(&self, id: u32, key_expr: String, timeout_ms: f64) -> napi::Result<()> {
        guard(|| {
            let timeout = limit_of(timeout_ms);
            self.start_get(id, move |shared, replies, token| {
                shared
                    .session()?
                    .liveliness()
                    .get(key_expr)
                    .timeout(timeout)
                    .cancellation_token(token)
                    .callback(move |reply| replies.push(reply))
                    .wait()
                    .map_err(Failure::invalid)
            })
        })
    }

    /// Its records are tokens that appear and go; with `history` those alive now come first.
    #[napi]
    pub fn declare_token_subscriber(&self, id: u32, key_expr: String, history: bool) -> napi::Result<()> {
        guard(|| {
            let source = self.shared.mailbox().add_source(id, Limit::None, false);
            let mailbox = self.shared.mailbox().clone();
            self.shared.run(id, move |shared| {
                let subscriber = shared
                    .session()?
                    .liveliness()
                    .declare_subscriber(key_expr)
                    .history(history)
                    .callback(move |sample: Sample| {
                        let _ = caught(|| {
                            let alive = sample.kind() == SampleKind::Put;
                            let key_expr = sample.key_expr().as_str().to_string();
                            mailbox.push(&source, Item::Token { key_expr, alive });
                            Ok(())
                        });
                    })
                    .wait()
                    .map_err(Failure::failed)?;
                shared.handles.keep(id, Handle::Subscriber(subscriber));
                Ok(())
            })
        })
    }
}
