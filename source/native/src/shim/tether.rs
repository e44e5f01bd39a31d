//! Runs what must not outlive the daemon: a build. Its output goes where the daemon wants it, its end to the descriptor
//! below, in one line: `exit 3`, `SIGSEGV`, or `error ` and why there was no start.
//!
//! SIGTERM, from the daemon or because the daemon is gone, ends it and all that it started: SIGKILL when the grace is
//! over. Nobody of them is left behind when this process ends by itself.

use crate::family::{self, Exit, Reaped};
use crate::signals::Signals;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::FromRawFd;
use std::time::{Duration, Instant};

/// The first word of the command line: no path of a state file, which are absolute.
pub const WORD: &str = "tether";
const END_FD: i32 = 3;
/// Of those who are born while their family is killed.
const KILL_AGAIN: Duration = Duration::from_millis(100);

/// `tether DAEMON_PID GRACE_MS PROGRAM [WORD…]`
pub struct Arguments {
    daemon_pid: i32,
    grace: Duration,
    program: OsString,
    words: Vec<OsString>,
}

impl Arguments {
    /// What comes after `tether`.
    pub fn parse(mut given: impl Iterator<Item = OsString>) -> Option<Self> {
        let daemon_pid = given.next()?.into_string().ok()?.parse().ok()?;
        let grace = Duration::from_millis(given.next()?.into_string().ok()?.parse().ok()?);
        let program = given.next()?;
        Some(Self { daemon_pid, grace, program, words: given.collect() })
    }
}

/// False where the daemon was gone before there was anything to do.
pub fn run(arguments: &Arguments) -> io::Result<bool> {
    family::adopt_orphans(END_FD as u32 + 1);
    let signals = Signals::block()?;
    family::end_with_parent(libc::SIGTERM);
    if family::parent() != arguments.daemon_pid {
        return Ok(false);
    }
    family::close_at_exec(END_FD)?;
    // SAFETY: it is open, and ours by agreement with whoever started this program.
    let mut end = unsafe { File::from_raw_fd(END_FD) };
    let line = match family::start(&arguments.program, &arguments.words, family::Output::Inherited) {
        Ok(child) => wait(child.id() as i32, arguments.grace, &signals).name(),
        Err(error) => format!("error {}", reason(&error)),
    };
    // A daemon that is gone does not read it.
    let _ = writeln!(end, "{line}");
    Ok(true)
}

/// Resolves when everyone is gone.
fn wait(pid: i32, grace: Duration, signals: &Signals) -> Exit {
    let mut exit = None;
    let mut kill_at: Option<Instant> = None;
    loop {
        signals.wait(kill_at.map(|at| at.saturating_duration_since(Instant::now())));
        let received = signals.take();
        let mut is_over = received.is_stop;
        if received.is_child {
            loop {
                match family::reap() {
                    Reaped::Ended(ended, how) if ended == pid => {
                        exit = Some(how);
                        is_over = true;
                    }
                    Reaped::Ended(..) => {}
                    Reaped::None => break,
                    Reaped::Gone => return exit.unwrap_or(Exit::Code(0)),
                }
            }
        }
        if is_over && kill_at.is_none() {
            kill_at = Some(Instant::now() + grace);
            family::signal_all(libc::SIGTERM);
        }
        if kill_at.is_some_and(|at| at <= Instant::now()) {
            family::signal_all(libc::SIGKILL);
            kill_at = Some(Instant::now() + KILL_AGAIN);
        }
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "ENOENT".to_owned(),
        io::ErrorKind::PermissionDenied => "EACCES".to_owned(),
        _ => error.to_string(),
    }
}
