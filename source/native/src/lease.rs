//! Memory outside the JavaScript heap that an ArrayBuffer points into: a frame's payload, or a shared-memory buffer that
//! is being filled. The ArrayBuffer is emptied (detached) before the memory goes back, so no view can outlive it.

use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Mutex;

use napi::bindgen_prelude::{ArrayBuffer, JsValue};
use napi::{sys, Env};
use zenoh::bytes::ZBytes;
use zenoh::shm::ZShmMut;

use crate::error::{guard, Failure, Outcome};
use crate::mailbox::lock;

enum Memory {
    /// Kept only to keep it: the ArrayBuffer points into it.
    Payload(#[allow(dead_code)] ZBytes),
    Copied(#[allow(dead_code)] Vec<u8>),
    Writable(Box<ZShmMut>),
}

// All leases of the process, so that a lease can end from a finalizer, from any session's end, or from JavaScript.
static LEASES: Mutex<Option<HashMap<u32, Memory>>> = Mutex::new(None);
static NEXT_ID: AtomicU32 = AtomicU32::new(1);

fn keep(memory: Memory) -> u32 {
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    lock(&LEASES).get_or_insert_with(HashMap::new).insert(id, memory);
    id
}

fn take(id: u32) -> Option<Memory> {
    lock(&LEASES).as_mut().and_then(|leases| leases.remove(&id))
}

/// An ArrayBuffer over a received payload, and the id of its lease. Copies only a payload that lies in several pieces.
pub fn lease_payload(env: sys::napi_env, payload: ZBytes) -> Outcome<(sys::napi_value, u32)> {
    let (data, length, memory) = match payload.to_bytes() {
        std::borrow::Cow::Borrowed(bytes) => {
            let (data, length) = (bytes.as_ptr() as *mut u8, bytes.len());
            // The bytes lie behind a reference count inside the payload: moving the payload does not move them.
            (data, length, Memory::Payload(payload.clone()))
        }
        std::borrow::Cow::Owned(bytes) => {
            let mut bytes = bytes;
            (bytes.as_mut_ptr(), bytes.len(), Memory::Copied(bytes))
        }
    };
    lease(env, data, length, memory)
}

/// An ArrayBuffer over shared memory that this process may fill.
pub fn lease_writable(env: sys::napi_env, mut buffer: ZShmMut) -> Outcome<(sys::napi_value, u32)> {
    let bytes: &mut [u8] = &mut buffer;
    let (data, length) = (bytes.as_mut_ptr(), bytes.len());
    lease(env, data, length, Memory::Writable(Box::new(buffer)))
}

fn lease(env: sys::napi_env, data: *mut u8, length: usize, memory: Memory) -> Outcome<(sys::napi_value, u32)> {
    let mut value = ptr::null_mut();
    if length == 0 {
        // SAFETY: `env` is live: this is called from JavaScript.
        unsafe { sys::napi_create_arraybuffer(env, 0, ptr::null_mut(), &mut value) };
        return Ok((value, keep(memory)));
    }
    let id = keep(memory);
    // SAFETY: `data` stays valid until the lease `id` ends, and that ends only after the buffer was detached, or when
    // the buffer itself was collected.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(
            env,
            data as *mut c_void,
            length,
            Some(collected),
            id as usize as *mut c_void,
            &mut value,
        )
    };
    if status != sys::Status::napi_ok {
        take(id);
        return Err(Failure::failed("this runtime allows no buffers outside its heap"));
    }
    Ok((value, id))
}

/// The buffer was forgotten rather than released, or was released before: then nothing is left here.
unsafe extern "C" fn collected(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    let _ = crate::error::caught(|| {
        drop(take(hint as usize as u32));
        Ok(())
    });
}

/// Empties the ArrayBuffer, then gives the memory back. Nothing happens the second time.
#[napi]
pub fn release_lease(id: u32, array_buffer: ArrayBuffer<'_>, env: Env) -> napi::Result<()> {
    guard(|| {
        detach(&env, &array_buffer)?;
        drop(take(id));
        Ok(())
    })
}

/// Leases that have not ended, for tests.
#[napi]
pub fn lease_count() -> u32 {
    lock(&LEASES).as_ref().map_or(0, |leases| leases.len() as u32)
}

/// Turns a filled buffer into a payload; JavaScript can write to it no more.
pub fn take_writable(env: &Env, id: u32, array_buffer: &ArrayBuffer<'_>) -> Outcome<ZBytes> {
    detach(env, array_buffer)?;
    match take(id) {
        Some(Memory::Writable(buffer)) => Ok(ZBytes::from(*buffer)),
        _ => Err(Failure::invalid("the shared-memory buffer was put or released before")),
    }
}

fn detach(env: &Env, array_buffer: &ArrayBuffer<'_>) -> Outcome<()> {
    let mut is_detached = false;
    // SAFETY: both are live for this call.
    let status = unsafe {
        sys::napi_is_detached_arraybuffer(env.raw(), array_buffer.raw(), &mut is_detached);
        if is_detached {
            return Ok(());
        }
        sys::napi_detach_arraybuffer(env.raw(), array_buffer.raw())
    };
    match status {
        sys::Status::napi_ok => Ok(()),
        _ => Err(Failure::failed("the buffer cannot be emptied")),
    }
}
