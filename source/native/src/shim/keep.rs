use crate::arguments::Arguments;
use crate::family::{self, Exit, Reaped};
use crate::log::{Log, Stream};
use crate::signals::Signals;
use crate::state::StateFile;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

const READ_BYTES: usize = 64 * 1024;
const MAX_LAST_READS: usize = 32;
/// Of those who are born while their family is killed.
const KILL_AGAIN: Duration = Duration::from_millis(100);

/// Starts the node and stays until all its family is gone. An error is one of the state file.
pub fn keep(arguments: &Arguments, signals: Signals, state: &mut StateFile) -> io::Result<()> {
    let mut log = Log::new(&arguments.log_file, arguments.log_bytes);
    log.note(&format!("starting: {}", command_line(arguments)));
    let mut child = match family::start(&arguments.program, &arguments.words, family::Output::Piped) {
        Ok(child) => child,
        Err(error) => {
            let reason = start_problem(&error, arguments);
            log.note(&format!("not started: {reason}"));
            return state.write_failed(&reason);
        }
    };
    let pid = child.id() as i32;
    let pipes = [child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from)];
    let mut keeper = Keeper {
        node: pid,
        grace: arguments.grace,
        signals,
        log,
        pipes: pipes.map(|pipe| pipe.map(File::from)),
        buffer: vec![0; READ_BYTES].into_boxed_slice(),
        exit: None,
        was_asked: false,
        kill_at: None,
    };
    keeper.set_nonblocking();
    // A daemon that is not told of a process would start another one.
    if let Err(error) = state.write_running(pid) {
        keeper.begin_end();
        keeper.wait();
        return Err(error);
    }
    let exit = keeper.wait();
    keeper.log.finish();
    keeper.log.note(&format!("ended: {}", exit.name()));
    state.write_ended(exit, keeper.was_asked, keeper.log.last_lines())
}

struct Keeper {
    node: i32,
    grace: Duration,
    signals: Signals,
    log: Log,
    /// stdout and stderr, until they end.
    pipes: [Option<File>; 2],
    buffer: Box<[u8]>,
    exit: Option<Exit>,
    was_asked: bool,
    /// Set once the family has been told to end.
    kill_at: Option<Instant>,
}

impl Keeper {
    /// Resolves when everyone is gone and all that they wrote is in the log.
    fn wait(&mut self) -> Exit {
        loop {
            let readable = self.poll();
            let received = self.signals.take();
            if received.is_stop {
                self.was_asked = self.was_asked || self.exit.is_none();
                self.begin_end();
            }
            if received.is_child && self.reap() {
                self.read_rest();
                return self.exit.unwrap_or(Exit::Code(0));
            }
            self.kill_when_due();
            for (index, is_readable) in readable.into_iter().enumerate() {
                if is_readable {
                    self.read(index);
                }
            }
        }
    }

    fn poll(&mut self) -> [bool; 2] {
        let pause = self.log.pause();
        let kill = self.kill_at.map(|at| at.saturating_duration_since(Instant::now()));
        let limit = [pause, self.log.note_due(), kill].into_iter().flatten().min();
        // A millisecond more: a timeout that is rounded down would find nothing due yet.
        let timeout_ms = limit.map_or(-1, |limit| limit.as_millis() as i32 + 1);
        let fd_of = |pipe: &Option<File>| match (pipe, pause) {
            (Some(file), None) => file.as_raw_fd(),
            // Negative ones are passed over.
            _ => -1,
        };
        let fds = [self.signals.fd, fd_of(&self.pipes[0]), fd_of(&self.pipes[1])];
        let mut polled = fds.map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
        // SAFETY: three entries of ours.
        unsafe { libc::poll(polled.as_mut_ptr(), 3, timeout_ms) };
        [polled[1].revents != 0, polled[2].revents != 0]
    }

    fn begin_end(&mut self) {
        if self.kill_at.is_none() {
            self.kill_at = Some(Instant::now() + self.grace);
            family::signal_all(libc::SIGTERM);
        }
    }

    fn kill_when_due(&mut self) {
        if self.kill_at.is_some_and(|at| at <= Instant::now()) {
            family::signal_all(libc::SIGKILL);
            self.kill_at = Some(Instant::now() + KILL_AGAIN);
        }
    }

    /// Whether everyone is gone.
    fn reap(&mut self) -> bool {
        loop {
            match family::reap() {
                Reaped::Ended(pid, exit) if pid == self.node => {
                    self.exit = Some(exit);
                    // What is left of its family is told to end, and gets the time to do so.
                    self.begin_end();
                }
                Reaped::Ended(..) => {}
                Reaped::None => return false,
                Reaped::Gone => return true,
            }
        }
    }

    /// One chunk: the other stream and the signals get their turn. False where there is nothing more now.
    fn read(&mut self, index: usize) -> bool {
        let Some(pipe) = &mut self.pipes[index] else { return false };
        match pipe.read(&mut self.buffer) {
            Ok(count) if count > 0 => {
                let stream = if index == 0 { Stream::Out } else { Stream::Err };
                self.log.take(stream, &self.buffer[..count]);
                true
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => false,
            _ => {
                self.pipes[index] = None;
                false
            }
        }
    }

    /// What is in the pipes; a stranger who holds the other end of one is not waited for.
    fn read_rest(&mut self) {
        for index in 0..2 {
            // A pipe holds less than this: who still writes is such a stranger.
            for _ in 0..MAX_LAST_READS {
                if !self.read(index) {
                    break;
                }
            }
        }
    }

    fn set_nonblocking(&self) {
        for pipe in self.pipes.iter().flatten() {
            // SAFETY: a descriptor that is open.
            unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
        }
    }
}

fn command_line(arguments: &Arguments) -> String {
    let words = std::iter::once(&arguments.program).chain(&arguments.words);
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn start_problem(error: &io::Error, arguments: &Arguments) -> String {
    let program = Path::new(&arguments.program).display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            let folder = std::env::current_dir().unwrap_or_default();
            format!("{program} was not found (in {} or on PATH), or its interpreter is missing", folder.display())
        }
        io::ErrorKind::PermissionDenied => format!("{program} may not be executed"),
        _ => format!("{program}: {error}"),
    }
}
