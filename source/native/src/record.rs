//! How items reach JavaScript: one flat array, [`STRIDE`] values an item. An array of plain values costs a tenth of the
//! objects it stands for. source/zenoh/native-records.ts reads it.

use std::ptr;

use napi::sys;
use zenoh::bytes::{Encoding, ZBytes};
use zenoh::query::{Query, Reply};
use zenoh::sample::{Sample, SampleKind};

use crate::error::{Failure, Outcome};
use crate::handles::Handles;
use crate::lease;
use crate::mailbox::{Item, Source};

/// tag, key expression, payload, encoding, attachment, timestamp, extra.
pub const STRIDE: usize = 7;

// Tags. `SHM` is added to a put where the payload came through shared memory.
const PUT: u32 = 0;
const DELETE: u32 = 1;
const REPLY_ERROR: u32 = 2;
const TIMED_OUT: u32 = 3;
const QUERY: u32 = 4;
const TOKEN_ALIVE: u32 = 5;
const TOKEN_GONE: u32 = 6;
const MATCHING: u32 = 7;
const LOST: u32 = 8;
const DONE: u32 = 9;
const SHM: u32 = 16;

/// What zenoh answers itself where the time limit of a get ran out (its `Session::query`).
const TIMEOUT_TEXT: &[u8] = b"Timeout";

pub struct Writer {
    env: sys::napi_env,
    array: sys::napi_value,
    length: u32,
}

impl Writer {
    pub fn new(env: sys::napi_env, items: usize) -> Outcome<Self> {
        let mut array = ptr::null_mut();
        // SAFETY: `env` is live: this is called from JavaScript.
        check(unsafe { sys::napi_create_array_with_length(env, items * STRIDE, &mut array) })?;
        Ok(Writer { env, array, length: 0 })
    }

    pub fn finish(self) -> sys::napi_value {
        self.array
    }

    pub fn write(&mut self, item: Item, source: &Source, handles: &Handles) -> Outcome<()> {
        match item {
            Item::Sample(sample) => self.sample(sample, source.is_leased, None),
            Item::Reply(reply) => self.reply(*reply),
            Item::Query(query) => self.query(*query, handles),
            Item::Token { key_expr, alive } => {
                self.row(if alive { TOKEN_ALIVE } else { TOKEN_GONE }, Some(&key_expr), Value::None, Value::None)
            }
            Item::Matching(matching) => self.row(MATCHING, None, Value::None, Value::Number(u32::from(matching))),
            Item::Lost(reason) => self.row(LOST, Some(&reason), Value::None, Value::None),
            Item::Done(id, outcome) => {
                let text = outcome.err().map(|failure| failure.to_text());
                self.row(DONE, text.as_deref(), Value::None, Value::Number(id))
            }
        }
    }

    fn sample(&mut self, sample: Sample, is_leased: bool, replier: Option<String>) -> Outcome<()> {
        let is_shm = sample.payload().as_shm().is_some();
        let tag = match sample.kind() {
            SampleKind::Put => PUT,
            SampleKind::Delete => DELETE,
        };
        let (payload, extra) = if is_leased {
            let (buffer, id) = lease::lease_payload(self.env, sample.payload().clone())?;
            (buffer, Value::Number(id))
        } else {
            (self.copied(sample.payload())?, replier.map_or(Value::None, Value::Text))
        };
        self.number(tag + if is_shm { SHM } else { 0 })?;
        self.text(Some(sample.key_expr().as_str()))?;
        self.push(payload)?;
        self.encoding(Some(sample.encoding()))?;
        self.optional_bytes(sample.attachment())?;
        self.text(sample.timestamp().map(ToString::to_string).as_deref())?;
        self.value(extra)
    }

    fn reply(&mut self, reply: Reply) -> Outcome<()> {
        let replier = reply.replier_id().map(|id| id.zid().to_string());
        match reply.into_result() {
            Ok(sample) => self.sample(sample, false, replier),
            Err(error) => {
                let bytes = error.payload().to_bytes();
                let timed_out = replier.is_none() && bytes.as_ref() == TIMEOUT_TEXT;
                let message = String::from_utf8_lossy(&bytes).into_owned();
                let tag = if timed_out { TIMED_OUT } else { REPLY_ERROR };
                self.row(tag, None, Value::Text(message), replier.map_or(Value::None, Value::Text))
            }
        }
    }

    fn query(&mut self, query: Query, handles: &Handles) -> Outcome<()> {
        self.number(QUERY)?;
        self.text(Some(query.key_expr().as_str()))?;
        self.optional_bytes(query.payload())?;
        self.encoding(query.encoding())?;
        self.optional_bytes(query.attachment())?;
        self.text(Some(query.parameters().as_str()))?;
        self.value(Value::Number(handles.keep_query(query)))
    }

    fn row(&mut self, tag: u32, key_expr: Option<&str>, payload: Value, extra: Value) -> Outcome<()> {
        self.number(tag)?;
        self.text(key_expr)?;
        self.value(payload)?;
        for _ in 0..3 {
            self.text(None)?;
        }
        self.value(extra)
    }

    fn value(&mut self, value: Value) -> Outcome<()> {
        match value {
            Value::None => self.text(None),
            Value::Number(number) => self.number(number),
            Value::Text(text) => self.text(Some(&text)),
        }
    }

    fn number(&mut self, number: u32) -> Outcome<()> {
        let mut value = ptr::null_mut();
        // SAFETY: as in `new`; so below.
        check(unsafe { sys::napi_create_uint32(self.env, number, &mut value) })?;
        self.push(value)
    }

    /// Undefined where there is none.
    fn text(&mut self, text: Option<&str>) -> Outcome<()> {
        let mut value = ptr::null_mut();
        let status = match text {
            Some(text) => unsafe {
                sys::napi_create_string_utf8(self.env, text.as_ptr().cast(), text.len() as isize, &mut value)
            },
            None => unsafe { sys::napi_get_undefined(self.env, &mut value) },
        };
        check(status)?;
        self.push(value)
    }

    /// Undefined for zenoh's default.
    fn encoding(&mut self, encoding: Option<&Encoding>) -> Outcome<()> {
        let named = encoding.filter(|encoding| **encoding != Encoding::ZENOH_BYTES);
        self.text(named.map(ToString::to_string).as_deref())
    }

    fn optional_bytes(&mut self, bytes: Option<&ZBytes>) -> Outcome<()> {
        match bytes {
            Some(bytes) => {
                let value = self.copied(bytes)?;
                self.push(value)
            }
            None => self.text(None),
        }
    }

    fn copied(&mut self, bytes: &ZBytes) -> Outcome<sys::napi_value> {
        let mut value = ptr::null_mut();
        let mut target = ptr::null_mut();
        check(unsafe { sys::napi_create_buffer(self.env, bytes.len(), &mut target, &mut value) })?;
        let mut target = target as *mut u8;
        for slice in bytes.slices() {
            // SAFETY: the buffer has `len` bytes, the sum of the slices; it is fresh, so nothing overlaps.
            unsafe {
                ptr::copy_nonoverlapping(slice.as_ptr(), target, slice.len());
                target = target.add(slice.len());
            }
        }
        Ok(value)
    }

    fn push(&mut self, value: sys::napi_value) -> Outcome<()> {
        let index = self.length;
        self.length += 1;
        check(unsafe { sys::napi_set_element(self.env, self.array, index, value) })
    }
}

enum Value {
    None,
    Number(u32),
    Text(String),
}

fn check(status: sys::napi_status) -> Outcome<()> {
    match status {
        sys::Status::napi_ok => Ok(()),
        other => Err(Failure::failed(format!("Node-API status {other}"))),
    }
}
