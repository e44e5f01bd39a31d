//! Keeps one node of a daemon: starts it, writes its log, records how it ends, and ends it when told to. It is no child
//! of anything that may die: a daemon that is killed leaves it, and the next one finds it by the state file.
//!
//! SIGTERM ends the node: SIGTERM to all its family, SIGKILL when the grace is over. Exit codes: 0 the end is in the
//! state file, 64 wrong arguments, 69 the daemon was gone before the node was started, 73 the state cannot be written,
//! 75 an earlier start of the same node still runs.
//!
//! As `bubbaloop-shim tether …` it is the opposite: it runs a build, which ends with the daemon (tether.rs).

mod arguments;
mod budget;
mod clock;
mod family;
mod keep;
mod lines;
mod log;
mod signals;
mod state;
mod tether;

use arguments::Arguments;
use state::StateFile;
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const USAGE: u8 = 64;
const DAEMON_GONE: u8 = 69;
const STATE_UNWRITABLE: u8 = 73;
const STILL_RUNS: u8 = 75;

/// A restart may come while the earlier start still ends.
const LOCK_LIMIT: Duration = Duration::from_secs(10);
const LOCK_LOOK: Duration = Duration::from_millis(10);

fn main() -> ExitCode {
    let mut given = std::env::args_os().skip(1).peekable();
    if given.next_if(|word| word == tether::WORD).is_some() {
        let Some(arguments) = tether::Arguments::parse(given) else { return ExitCode::from(USAGE) };
        return match tether::run(&arguments) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::from(DAEMON_GONE),
            Err(_) => ExitCode::from(USAGE),
        };
    }
    let Some(arguments) = Arguments::parse(given) else { return ExitCode::from(USAGE) };
    family::adopt_orphans(3);
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => ExitCode::from(code),
    }
}

fn run(arguments: &Arguments) -> Result<(), u8> {
    let signals = signals::Signals::block().map_err(|_| USAGE)?;
    // Held until this process ends, however it ends: the kernel sees to it that a node runs once.
    let _lock = take_lock(&arguments.lock_file, arguments.daemon_pid)?;
    let mut state = StateFile::new(arguments);
    state.write_starting().map_err(|_| STATE_UNWRITABLE)?;
    // After the write: a daemon that comes later either sees this start, or this start sees that its daemon is gone.
    if family::parent() != arguments.daemon_pid {
        state.write_failed("its daemon was gone").map_err(|_| STATE_UNWRITABLE)?;
        return Err(DAEMON_GONE);
    }
    keep::keep(arguments, signals, &mut state).map_err(|_| STATE_UNWRITABLE)
}

fn take_lock(path: &Path, daemon_pid: i32) -> Result<File, u8> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(|_| STATE_UNWRITABLE)?;
    let limit = Instant::now() + LOCK_LIMIT;
    // SAFETY: flock on a descriptor that is open.
    while unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
        if family::parent() != daemon_pid {
            return Err(DAEMON_GONE);
        }
        if Instant::now() > limit {
            return Err(STILL_RUNS);
        }
        std::thread::sleep(LOCK_LOOK);
    }
    Ok(file)
}
