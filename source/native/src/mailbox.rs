use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use zenoh::query::{Query, Reply};
use zenoh::sample::Sample;

use crate::error::Outcome;
use crate::waker::Waker;

/// What waits for JavaScript. Nearly all of it are samples: a box for each would cost more than the room.
#[allow(clippy::large_enum_variant)]
pub enum Item {
    Sample(Sample),
    Reply(Box<Reply>),
    Query(Box<Query>),
    Token {
        key_expr: String,
        alive: bool,
    },
    Matching(bool),
    /// The link is gone; a reason for people.
    Lost(String),
    /// The call with that id ended.
    Done(u32, Outcome<()>),
}

/// Whose records these are: a declaration, a get, or the session itself.
pub const SESSION_SOURCE: u32 = 0;

#[derive(Clone, Copy)]
pub enum Limit {
    /// Drops the oldest.
    Ring(usize),
    /// Drops the newest.
    Fifo(usize),
    None,
}

/// One queue. JavaScript is told of it once, until it has looked.
pub struct Source {
    id: u32,
    limit: Limit,
    /// Whether samples are handed over as leases on their memory.
    pub is_leased: bool,
    queue: Mutex<VecDeque<Item>>,
    dropped: AtomicU64,
    is_listed: AtomicBool,
    is_closed: AtomicBool,
}

impl Source {
    pub fn take(&self, most: usize) -> Vec<Item> {
        let mut queue = lock(&self.queue);
        let count = queue.len().min(most);
        queue.drain(..count).collect()
    }

    pub fn dropped_count(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

pub struct Mailbox {
    sources: RwLock<HashMap<u32, Arc<Source>>>,
    ready: Mutex<Vec<u32>>,
    is_awake: AtomicBool,
    waker: Waker,
}

impl Mailbox {
    pub fn new(waker: Waker) -> Self {
        let mailbox = Mailbox {
            sources: RwLock::new(HashMap::new()),
            ready: Mutex::new(Vec::new()),
            is_awake: AtomicBool::new(false),
            waker,
        };
        mailbox.add_source(SESSION_SOURCE, Limit::None, false);
        mailbox
    }

    pub fn add_source(&self, id: u32, limit: Limit, is_leased: bool) -> Arc<Source> {
        let source = Arc::new(Source {
            id,
            limit,
            is_leased,
            queue: Mutex::new(VecDeque::new()),
            dropped: AtomicU64::new(0),
            is_listed: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
        });
        self.sources.write().unwrap_or_else(PoisonError::into_inner).insert(id, source.clone());
        source
    }

    pub fn source(&self, id: u32) -> Option<Arc<Source>> {
        self.sources.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// What still waits there is dropped now: queries are finalised, frames give their memory back.
    pub fn remove_source(&self, id: u32) {
        let removed = self.sources.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        if let Some(source) = removed {
            Self::close_source(&source);
        }
    }

    pub fn push(&self, source: &Source, item: Item) {
        // What does not stay is dropped outside the lock: that may call back into zenoh.
        let refused = {
            let mut queue = lock(&source.queue);
            if source.is_closed.load(Ordering::Acquire) {
                Some(item)
            } else {
                let refused = match source.limit {
                    Limit::Ring(capacity) if queue.len() >= capacity => queue.pop_front(),
                    Limit::Fifo(capacity) if queue.len() >= capacity => {
                        source.dropped.fetch_add(1, Ordering::Relaxed);
                        drop(queue);
                        drop(item);
                        return;
                    }
                    _ => None,
                };
                if refused.is_some() {
                    source.dropped.fetch_add(1, Ordering::Relaxed);
                }
                queue.push_back(item);
                refused
            }
        };
        drop(refused);
        self.announce(source);
    }

    /// Ends a call: `id` is what JavaScript named it.
    pub fn done(&self, id: u32, outcome: Outcome<()>) {
        if let Some(source) = self.source(SESSION_SOURCE) {
            self.push(&source, Item::Done(id, outcome));
        }
    }

    fn announce(&self, source: &Source) {
        if !source.is_listed.swap(true, Ordering::AcqRel) {
            lock(&self.ready).push(source.id);
            if !self.is_awake.swap(true, Ordering::AcqRel) {
                self.waker.wake();
            }
        }
    }

    /// The sources that have something new. Whoever takes them empties them, however long that takes.
    pub fn take_ready(&self) -> Vec<u32> {
        self.is_awake.store(false, Ordering::Release);
        let ready = std::mem::take(&mut *lock(&self.ready));
        for id in &ready {
            if let Some(source) = self.source(*id) {
                source.is_listed.store(false, Ordering::Release);
            }
        }
        ready
    }

    /// Nothing comes any more.
    pub fn end(&self) {
        self.waker.end();
        let sources = std::mem::take(&mut *self.sources.write().unwrap_or_else(PoisonError::into_inner));
        sources.values().for_each(|source| Self::close_source(source));
    }

    fn close_source(source: &Source) {
        let waiting = {
            let mut queue = lock(&source.queue);
            source.is_closed.store(true, Ordering::Release);
            std::mem::take(&mut *queue)
        };
        drop(waiting);
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
