use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use zenoh::cancellation::CancellationToken;
use zenoh::liveliness::LivelinessToken;
use zenoh::matching::MatchingListener;
use zenoh::pubsub::{Publisher, Subscriber};
use zenoh::query::{Query, Queryable};
use zenoh::Wait;

use crate::error::{Failure, Outcome};
use crate::mailbox::lock;

/// What a session declared, by the id that JavaScript gave it.
pub enum Handle {
    Subscriber(Subscriber<()>),
    Queryable(Queryable<()>),
    Publisher(Arc<PublisherHandle>),
    Token(LivelinessToken),
    Get(CancellationToken),
}

pub struct PublisherHandle {
    /// Undeclared, by being dropped, before the publisher it belongs to.
    pub _listener: MatchingListener<()>,
    pub publisher: Publisher<'static>,
    pub is_block: bool,
}

#[derive(Default)]
pub struct Handles {
    declared: Mutex<HashMap<u32, Handle>>,
    queries: Mutex<HashMap<u32, Arc<Query>>>,
    next_query: AtomicU32,
}

impl Handles {
    pub fn keep(&self, id: u32, handle: Handle) {
        lock(&self.declared).insert(id, handle);
    }

    pub fn publisher(&self, id: u32) -> Outcome<Arc<PublisherHandle>> {
        match lock(&self.declared).get(&id) {
            Some(Handle::Publisher(publisher)) => Ok(publisher.clone()),
            _ => Err(Failure::failed("the publisher is undeclared")),
        }
    }

    /// Undeclares; nothing happens where it is gone already.
    pub fn end(&self, id: u32) -> Outcome<()> {
        // Taken out first: undeclaring may wait for the link, and the lock must not.
        let Some(handle) = lock(&self.declared).remove(&id) else { return Ok(()) };
        let ended = match handle {
            Handle::Subscriber(subscriber) => subscriber.undeclare().wait(),
            Handle::Queryable(queryable) => queryable.undeclare().wait(),
            Handle::Token(token) => token.undeclare().wait(),
            Handle::Get(token) => token.cancel().wait(),
            // Others may still hold it for a put: the last one undeclares.
            Handle::Publisher(publisher) => {
                drop(publisher);
                Ok(())
            }
        };
        ended.map_err(Failure::failed)
    }

    /// For a get that has ended by itself.
    pub fn forget(&self, id: u32) {
        drop(lock(&self.declared).remove(&id));
    }

    pub fn keep_query(&self, query: Query) -> u32 {
        let id = self.next_query.fetch_add(1, Ordering::Relaxed);
        lock(&self.queries).insert(id, Arc::new(query));
        id
    }

    pub fn query(&self, id: u32) -> Outcome<Arc<Query>> {
        lock(&self.queries).get(&id).cloned().ok_or_else(|| Failure::failed("the query has ended"))
    }

    /// Zenoh sends the end of the answers when the last holder lets go.
    pub fn finalize_query(&self, id: u32) {
        drop(lock(&self.queries).remove(&id));
    }

    pub fn clear(&self) {
        let queries = std::mem::take(&mut *lock(&self.queries));
        let declared = std::mem::take(&mut *lock(&self.declared));
        drop(queries);
        drop(declared);
    }
}
