use zenoh::sample::Sample;
use zenoh::Wait;

use crate::error::{caught, guard, Failure};
use crate::handles::Handle;
use crate::mailbox::{Item, Limit};
use crate::session::NativeSession;

#[napi]
impl NativeSession {
    /// `id` names the declaration and its records. `is_ring`: drop the oldest, not the newest, where `capacity` is
    /// reached. `is_leased`: samples come as leases on their memory.
    #[napi]
    pub fn declare_subscriber(
        &self,
        id: u32,
        key_expr: String,
        is_ring: bool,
        capacity: u32,
        is_leased: bool,
    ) -> napi::Result<()> {
        guard(|| {
            let capacity = capacity.max(1) as usize;
            let limit = if is_ring { Limit::Ring(capacity) } else { Limit::Fifo(capacity) };
            let source = self.shared.mailbox().add_source(id, limit, is_leased);
            let mailbox = self.shared.mailbox().clone();
            self.shared.run(id, move |shared| {
                let subscriber = shared
                    .session()?
                    .declare_subscriber(key_expr)
                    .callback(move |sample: Sample| {
                        let _ = caught(|| {
                            mailbox.push(&source, Item::Sample(sample));
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
