use napi::bindgen_prelude::Uint8Array;
use zenoh::bytes::{Encoding, ZBytes};

/// Copies: the caller may write to its array again after the call.
pub fn bytes_of(array: &[u8]) -> ZBytes {
    ZBytes::from(array.to_vec())
}

pub fn optional_bytes_of(array: Option<&Uint8Array>) -> Option<ZBytes> {
    array.map(|array| bytes_of(array))
}

pub fn encoding_of(text: Option<String>) -> Encoding {
    text.map(Encoding::from).unwrap_or_default()
}
