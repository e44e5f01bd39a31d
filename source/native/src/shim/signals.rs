use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::RawFd;
use std::time::Duration;

/// Signals that this process takes from a descriptor, so that one poll waits for all there is.
pub struct Signals {
    pub fd: RawFd,
}

#[derive(Default)]
pub struct Received {
    pub is_stop: bool,
    pub is_child: bool,
}

impl Signals {
    pub fn block() -> io::Result<Self> {
        // SAFETY: a set of signals on the stack, initialised by sigemptyset.
        unsafe {
            let mut set = zeroed();
            libc::sigemptyset(&mut set);
            for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGCHLD] {
                libc::sigaddset(&mut set, signal);
            }
            if libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()) != 0 {
                return Err(io::Error::last_os_error());
            }
            let fd = libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
            if fd < 0 {
                Err(io::Error::last_os_error())
            } else {
                Ok(Self { fd })
            }
        }
    }

    /// Returns when there is something to take, or when the time is over.
    pub fn wait(&self, limit: Option<Duration>) {
        // A millisecond more: a timeout that is rounded down would find nothing due yet.
        let timeout_ms = limit.map_or(-1, |limit| limit.as_millis() as i32 + 1);
        let mut polled = libc::pollfd { fd: self.fd, events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry of ours.
        unsafe { libc::poll(&mut polled, 1, timeout_ms) };
    }

    /// Takes what has come; does not wait.
    pub fn take(&self) -> Received {
        let mut received = Received::default();
        loop {
            // SAFETY: plain numbers, and the kernel writes at most their size.
            let mut info: libc::signalfd_siginfo = unsafe { zeroed() };
            let size = size_of::<libc::signalfd_siginfo>();
            let count = unsafe { libc::read(self.fd, (&raw mut info).cast(), size) };
            if count != size as isize {
                return received;
            }
            if info.ssi_signo == libc::SIGCHLD as u32 {
                received.is_child = true;
            } else {
                received.is_stop = true;
            }
        }
    }
}

/// For the node, between fork and exec: it must not inherit what is blocked here.
pub fn unblock_all() {
    // SAFETY: async-signal-safe calls on a set on the stack.
    unsafe {
        let mut set = zeroed();
        libc::sigemptyset(&mut set);
        libc::sigprocmask(libc::SIG_SETMASK, &set, std::ptr::null_mut());
    }
}
