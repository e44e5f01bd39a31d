use std::any::Any;
use std::fmt::Display;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// An error's code, one of `SessionErrorCode` in source/zenoh/session.ts, and zenoh's message. JavaScript gets both as
/// `code|message`, since an error built on another thread can carry no more than its text.
#[derive(Debug)]
pub struct Failure {
    code: &'static str,
    message: String,
}

impl Failure {
    pub fn failed(message: impl Display) -> Self {
        Failure { code: "failed", message: tidy(&message.to_string()) }
    }

    pub fn invalid(message: impl Display) -> Self {
        Failure { code: "invalid-argument", message: tidy(&message.to_string()) }
    }

    pub fn link_lost(message: impl Display) -> Self {
        Failure { code: "link-lost", message: tidy(&message.to_string()) }
    }

    pub fn timeout(message: impl Display) -> Self {
        Failure { code: "timeout", message: tidy(&message.to_string()) }
    }

    fn panicked(cause: Box<dyn Any + Send>) -> Self {
        let text = cause
            .downcast_ref::<&str>()
            .map(|s| s.to_string())
            .or_else(|| cause.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_string());
        Failure::failed(format!("internal error: {text}"))
    }

    pub fn to_text(&self) -> String {
        format!("{}|{}", self.code, self.message)
    }
}

impl From<Failure> for napi::Error {
    fn from(failure: Failure) -> Self {
        napi::Error::from_reason(failure.to_text())
    }
}

impl From<napi::Error> for Failure {
    fn from(error: napi::Error) -> Self {
        Failure::failed(&error.reason)
    }
}

pub type Outcome<T> = Result<T, Failure>;

/// Zenoh ends its messages with the place in its own source.
fn tidy(message: &str) -> String {
    let text = message.trim();
    match text.rfind(" at /").filter(|_| text.ends_with(|c: char| c == '.' || c.is_ascii_digit())) {
        Some(end) => text[..end].trim_end().to_string(),
        None => text.to_string(),
    }
}

/// Every entry from JavaScript goes through this: a panic that left an `extern "C"` function would abort the process.
pub fn guard<T>(body: impl FnOnce() -> Outcome<T>) -> napi::Result<T> {
    caught(body).map_err(napi::Error::from)
}

/// As [`guard`], for threads of our own and callbacks on zenoh's.
pub fn caught<T>(body: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|cause| Err(Failure::panicked(cause)))
}

/// A panic becomes an error where it is caught, so the default report to stderr, which would tear a full-screen
/// program's picture, is kept for people who ask with RUST_LOG.
pub fn quiet_panics() {
    if std::env::var_os("RUST_LOG").is_none() {
        std::panic::set_hook(Box::new(|_| {}));
    }
}
