//! The node and all that it started. This process is their subreaper: whoever loses its parent becomes its child, so
//! nobody of the family gets out of sight, by a new session or an emptied environment neither.

use crate::signals;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// To be called first: also lets go of the session that the daemon handed down, and of its descriptors from
/// `first_fd` on.
pub fn adopt_orphans(first_fd: u32) {
    // SAFETY: system calls on numbers; none touches memory of ours, and nothing that was opened here is closed.
    unsafe {
        libc::syscall(libc::SYS_close_range, first_fd, u32::MAX, 0_u32);
        libc::setsid();
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1_u64);
    }
}

pub fn parent() -> i32 {
    // SAFETY: cannot fail.
    unsafe { libc::getppid() }
}

/// This process gets `signal` when its parent is gone, however that died.
pub fn end_with_parent(signal: i32) {
    // SAFETY: a system call on numbers.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal as u64) };
}

/// A child does not get `fd`. An error where it is not open.
pub fn close_at_exec(fd: i32) -> io::Result<()> {
    // SAFETY: a system call on numbers.
    match unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

pub enum Output {
    Piped,
    /// Where this process's own goes.
    Inherited,
}

/// Starts the node in a process group of its own. It dies with this process, however that dies.
pub fn start(program: &std::ffi::OsStr, words: &[std::ffi::OsString], output: Output) -> io::Result<Child> {
    // SAFETY: cannot fail.
    let own_pid = unsafe { libc::getpid() };
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).process_group(0);
    if let Output::Piped = output {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
    }
    // SAFETY: only async-signal-safe calls between fork and exec.
    unsafe {
        command.pre_exec(move || {
            signals::unblock_all();
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as u64);
            if libc::getppid() != own_pid {
                return Err(io::Error::from_raw_os_error(libc::ECHILD));
            }
            Ok(())
        });
    }
    command.spawn()
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Exit {
    Code(i32),
    Signal(i32),
}

impl Exit {
    /// `exit 3`, `SIGKILL`.
    pub fn name(self) -> String {
        match self {
            Self::Code(code) => format!("exit {code}"),
            Self::Signal(number) => signal_name(number),
        }
    }
}

/// signal(7), those that end a process.
pub fn signal_name(number: i32) -> String {
    let name = match number {
        libc::SIGHUP => "SIGHUP",
        libc::SIGINT => "SIGINT",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGILL => "SIGILL",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL",
        libc::SIGUSR1 => "SIGUSR1",
        libc::SIGUSR2 => "SIGUSR2",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGALRM => "SIGALRM",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        libc::SIGSYS => "SIGSYS",
        _ => return format!("signal {number}"),
    };
    name.to_owned()
}

/// Takes one process that has ended; `Gone` when there is nobody left.
pub enum Reaped {
    Ended(i32, Exit),
    None,
    Gone,
}

pub fn reap() -> Reaped {
    let mut status = 0;
    // SAFETY: the status is ours.
    match unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) } {
        0 => Reaped::None,
        pid if pid > 0 && libc::WIFSIGNALED(status) => Reaped::Ended(pid, Exit::Signal(libc::WTERMSIG(status))),
        pid if pid > 0 => Reaped::Ended(pid, Exit::Code(libc::WEXITSTATUS(status))),
        _ if io::Error::last_os_error().raw_os_error() == Some(libc::EINTR) => Reaped::None,
        _ => Reaped::Gone,
    }
}

/// Sends a signal to everyone. Those that are born meanwhile get the next one.
pub fn signal_all(signal: i32) {
    for pid in descendants() {
        // SAFETY: the pid is a descendant that we have not reaped, so it names no stranger unless its parent reaped it
        // this very moment.
        unsafe { libc::kill(pid, signal) };
    }
}

fn descendants() -> Vec<i32> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Some(parent) = stat_field(pid, 1).and_then(|field| field.parse().ok()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    // SAFETY: cannot fail.
    let mut found = children.remove(&unsafe { libc::getpid() }).unwrap_or_default();
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        found.extend(children.remove(&pid).unwrap_or_default());
        next += 1;
    }
    found
}

/// Clock ticks from boot to the start of a process: with the pid they name it for good.
pub fn start_ticks(pid: i32) -> u64 {
    stat_field(pid, 19).and_then(|field| field.parse().ok()).unwrap_or(0)
}

/// A field of /proc/{pid}/stat, counted from the one after the name (proc(5)): 0 the state, 1 the parent.
fn stat_field(pid: i32, index: usize) -> Option<String> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&text);
    let rest = text.get(text.rfind(')')? + 2..)?;
    rest.split(' ').nth(index).map(str::to_owned)
}
