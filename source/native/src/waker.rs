use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{Function, JsValue};
use napi::{sys, Env};

use crate::error::{Failure, Outcome};

/// Calls one JavaScript function, without arguments, from any thread. Keeps the event loop alive until [`Waker::end`].
///
/// Node's own threadsafe function, bare: napi-rs's carries arguments and a result for each call, and here a call means
/// no more than "look into the mailbox".
pub struct Waker {
    raw: Arc<Mutex<Raw>>,
}

/// Null once it was released, or finalised with its environment.
struct Raw(sys::napi_threadsafe_function);

// SAFETY: a threadsafe function is made to be called from any thread; the mutex orders calls and the release.
unsafe impl Send for Raw {}

impl Waker {
    pub fn new(env: &Env, function: &Function<'_, (), ()>) -> Outcome<Self> {
        let raw = Arc::new(Mutex::new(Raw(ptr::null_mut())));
        let finalize_data = Arc::into_raw(raw.clone()) as *mut c_void;
        let mut created = ptr::null_mut();
        // SAFETY: `env` and `function` are live for this call; `finalize_data` is taken back by `finalized` alone.
        let status = unsafe {
            let mut name = ptr::null_mut();
            let text = c"bubbaloop";
            sys::napi_create_string_utf8(env.raw(), text.as_ptr(), text.count_bytes() as isize, &mut name);
            sys::napi_create_threadsafe_function(
                env.raw(),
                function.raw(),
                ptr::null_mut(),
                name,
                0,
                1,
                finalize_data,
                Some(finalized),
                ptr::null_mut(),
                None,
                &mut created,
            )
        };
        if status != sys::Status::napi_ok {
            // SAFETY: nobody else took it.
            drop(unsafe { Arc::from_raw(finalize_data as *const Mutex<Raw>) });
            return Err(Failure::failed("no threadsafe function"));
        }
        lock(&raw).0 = created;
        Ok(Waker { raw })
    }

    pub fn wake(&self) {
        let raw = lock(&self.raw);
        if !raw.0.is_null() {
            // SAFETY: not null, so neither released nor finalised, and both wait for this lock.
            unsafe {
                sys::napi_call_threadsafe_function(raw.0, ptr::null_mut(), sys::ThreadsafeFunctionCallMode::nonblocking)
            };
        }
    }

    /// No more calls; the event loop may end.
    pub fn end(&self) {
        let mut raw = lock(&self.raw);
        let taken = std::mem::replace(&mut raw.0, ptr::null_mut());
        if !taken.is_null() {
            // SAFETY: ours, and released once, since null stands there now.
            unsafe { sys::napi_release_threadsafe_function(taken, sys::ThreadsafeFunctionReleaseMode::abort) };
        }
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        self.end();
    }
}

unsafe extern "C" fn finalized(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: the pointer that `new` made with `Arc::into_raw`; Node calls this once.
    let raw = unsafe { Arc::from_raw(data as *const Mutex<Raw>) };
    lock(&raw).0 = ptr::null_mut();
}

fn lock(raw: &Mutex<Raw>) -> std::sync::MutexGuard<'_, Raw> {
    raw.lock().unwrap_or_else(PoisonError::into_inner)
}
