use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::Env;
use zenoh::shm::{GarbageCollect, PosixShmProviderBackend, ShmProvider, ShmProviderBuilder, ZShmMut};
use zenoh::Wait;

use crate::error::{guard, Failure, Outcome};
use crate::lease;
use crate::mailbox::lock;
use crate::shm_backend::CountingBackend;

type Provider = ShmProvider<CountingBackend>;

const LINGER_LIMIT: Duration = Duration::from_secs(10);
const LINGER_PAUSE: Duration = Duration::from_millis(20);

/// Shared memory that this process fills and others read.
#[napi]
pub struct NativeShmProvider {
    provider: Mutex<Option<Provider>>,
    chunks_out: Arc<AtomicUsize>,
}

#[napi]
impl NativeShmProvider {
    /// Makes a segment of that size at once.
    #[napi(constructor)]
    pub fn new(size_bytes: f64) -> napi::Result<Self> {
        guard(|| {
            let size = size_of(size_bytes)?;
            let backend = CountingBackend::new(PosixShmProviderBackend::builder(size).wait().map_err(Failure::failed)?);
            let chunks_out = backend.chunks_out();
            let provider = ShmProviderBuilder::backend(backend).wait();
            Ok(NativeShmProvider { provider: Mutex::new(Some(provider)), chunks_out })
        })
    }

    /// `{id, buffer}`; null where there is no room, also after what readers let go was collected. Never waits.
    #[napi(ts_return_type = "{ id: number; buffer: ArrayBuffer } | null")]
    pub fn alloc<'env>(&self, env: &'env Env, size_bytes: f64) -> napi::Result<Option<Object<'env>>> {
        guard(|| {
            let size = size_of(size_bytes)?;
            let provider = lock(&self.provider);
            let provider = provider.as_ref().ok_or_else(|| Failure::failed("the provider is closed"))?;
            let Some(buffer) = allocate(provider, size) else { return Ok(None) };
            let (value, id) = lease::lease_writable(env.raw(), buffer)?;
            let mut pair = Object::new(env)?;
            pair.set_named_property("id", id)?;
            // SAFETY: the value was just made in this environment and scope.
            pair.set_named_property("buffer", unsafe { Unknown::from_raw_unchecked(env.raw(), value) })?;
            Ok(Some(pair))
        })
    }

    /// The memory goes when readers have let go of every buffer that was put, at most 10 s later.
    #[napi]
    pub fn close(&self) -> napi::Result<()> {
        guard(|| {
            let Some(provider) = lock(&self.provider).take() else { return Ok(()) };
            collect(&provider);
            if self.chunks_out.load(Ordering::Acquire) == 0 {
                return Ok(());
            }
            let chunks_out = self.chunks_out.clone();
            std::thread::Builder::new()
                .name("bubbaloop-shm".to_string())
                .spawn(move || linger(provider, &chunks_out))
                .map(|_| ())
                .map_err(Failure::failed)
        })
    }
}

fn allocate(provider: &Provider, size: usize) -> Option<ZShmMut> {
    if let Ok(buffer) = provider.alloc(size).with_policy::<GarbageCollect>().wait() {
        return Some(buffer);
    }
    collect(provider);
    provider.alloc(size).wait().ok()
}

/// Takes back what readers have let go, and what they never will: a reader that was killed, or a message lost on its
/// way, leaves its count on the buffer for ever. Zenoh's watchdog marks such buffers, since no process vouches for them.
fn collect(provider: &Provider) {
    // SAFETY: a marked buffer may still be mapped by a process that stood still for longer than the watchdog waits.
    // That process reads the bytes of a later frame then, from memory that stays mapped.
    unsafe { provider.garbage_collect_unsafe() };
}

/// Buffers of a provider that is gone are invalid, also those on their way to a reader.
fn linger(provider: Provider, chunks_out: &AtomicUsize) {
    let end = Instant::now() + LINGER_LIMIT;
    while Instant::now() < end && chunks_out.load(Ordering::Acquire) > 0 {
        std::thread::sleep(LINGER_PAUSE);
        collect(&provider);
    }
}

fn size_of(bytes: f64) -> Outcome<usize> {
    if bytes.is_finite() && bytes >= 1.0 && bytes.fract() == 0.0 {
        Ok(bytes as usize)
    } else {
        Err(Failure::invalid("a size is a whole number of bytes over 0"))
    }
}
