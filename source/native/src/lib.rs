#[macro_use]
extern crate napi_derive;

#[napi]
pub fn zenoh_version() -> String {
    zenoh::GIT_VERSION.to_string()
}
