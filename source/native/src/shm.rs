use std::sync::{Mutex, PoisonError};

use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::Env;
use zenoh::shm::{Defragment, GarbageCollect, PosixShmProviderBackend, ShmProvider, ShmProviderBuilder};
use zenoh::Wait;

use crate::error::{guard, Failure, Outcome};
use crate::lease;

/// Shared memory that this process fills and others read.
#[napi]
pub struct NativeShmProvider {
    provider: Mutex<Option<ShmProvider<PosixShmProviderBackend>>>,
}

#[napi]
impl NativeShmProvider {
    /// Makes a segment of that size at once.
    #[napi(constructor)]
    pub fn new(size_bytes: f64) -> napi::Result<Self> {
        guard(|| {
            let size = size_of(size_bytes)?;
            let provider = ShmProviderBuilder::default_backend(size).wait().map_err(Failure::failed)?;
            Ok(NativeShmProvider { provider: Mutex::new(Some(provider)) })
        })
    }

    /// `{id, buffer}`; undefined where there is no room, also after readers' returns were collected.
    #[napi(ts_return_type = "{ id: number; buffer: ArrayBuffer } | undefined")]
    pub fn alloc<'env>(&self, env: &'env Env, size_bytes: f64) -> napi::Result<Option<Object<'env>>> {
        guard(|| {
            let size = size_of(size_bytes)?;
            let provider = self.provider.lock().unwrap_or_else(PoisonError::into_inner);
            let provider = provider.as_ref().ok_or_else(|| Failure::failed("the provider is closed"))?;
            // Never waits: collecting walks the buffers this process has out.
            let allocated = provider.alloc(size).with_policy::<GarbageCollect<Defragment>>().wait();
            let Ok(buffer) = allocated else { return Ok(None) };
            let (value, id) = lease::lease_writable(env.raw(), buffer)?;
            let mut pair = Object::new(env)?;
            pair.set_named_property("id", id)?;
            // SAFETY: the value was just made in this environment and scope.
            pair.set_named_property("buffer", unsafe { Unknown::from_raw_unchecked(env.raw(), value) })?;
            Ok(Some(pair))
        })
    }

    /// Buffers that were put or are still held keep their memory until they are done with.
    #[napi]
    pub fn close(&self) -> napi::Result<()> {
        guard(|| {
            let taken = self.provider.lock().unwrap_or_else(PoisonError::into_inner).take();
            drop(taken);
            Ok(())
        })
    }
}

fn size_of(bytes: f64) -> Outcome<usize> {
    if bytes.is_finite() && bytes >= 1.0 && bytes.fract() == 0.0 {
        Ok(bytes as usize)
    } else {
        Err(Failure::invalid("a size is a whole number of bytes over 0"))
    }
}
