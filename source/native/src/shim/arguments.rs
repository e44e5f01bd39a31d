use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// `STATE LOCK LOG DAEMON_PID RUN_ID GRACE_MS LOG_BYTES PROGRAM [WORD…]`, written by the daemon, never by people.
pub struct Arguments {
    pub state_file: PathBuf,
    pub lock_file: PathBuf,
    pub log_file: PathBuf,
    pub daemon_pid: i32,
    /// Names this start; hexadecimal digits and dashes.
    pub run_id: String,
    /// From SIGTERM to SIGKILL.
    pub grace: Duration,
    /// The log is moved to `….1` when it has grown to this.
    pub log_bytes: u64,
    pub program: OsString,
    pub words: Vec<OsString>,
}

impl Arguments {
    pub fn parse(mut given: impl Iterator<Item = OsString>) -> Option<Self> {
        let state_file = given.next()?.into();
        let lock_file = given.next()?.into();
        let log_file = given.next()?.into();
        let daemon_pid = number(given.next()?)?.try_into().ok()?;
        let run_id = given.next()?.into_string().ok()?;
        let grace = Duration::from_millis(number(given.next()?)?);
        let log_bytes = number(given.next()?)?;
        let program = given.next()?;
        if !run_id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
            return None;
        }
        let words = given.collect();
        Some(Self { state_file, lock_file, log_file, daemon_pid, run_id, grace, log_bytes, program, words })
    }
}

fn number(word: OsString) -> Option<u64> {
    word.into_string().ok()?.parse().ok()
}
