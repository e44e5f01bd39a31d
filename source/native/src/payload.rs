use napi::bindgen_prelude::Uint8Array;
use zenoh::bytes::{Encoding, ZBytes};

/// Copies: the caller may write to its array again after the call.
pub fn bytes_of(array: &Uint8Array) -> ZBytes {
    ZBytes::from(array.as_ref().to_vec())
}

pub fn optional_bytes_of(array: Option<&Uint8Array>) -> Option<ZBytes> {
    array.map(bytes_of)
}

pub fn encoding_of(text: Option<String>) -> Encoding {
    text.map(Encoding::from).unwrap_or_default()
}
