use crate::budget::ReadBudget;
use crate::clock::{iso_time, now_ms};
use crate::lines::LineAssembler;
use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The rest of a longer line is cut and counted.
const LINE_BYTES: usize = 8 * 1024;
/// Lines beyond are dropped and counted, so that a flood cannot fill the disk's queue.
const WRITE_BYTES_PER_SECOND: u64 = 1024 * 1024;
const WINDOW: Duration = Duration::from_secs(1);
const LAST_LINES: usize = 5;
const LAST_LINE_CHARACTERS: usize = 500;

#[derive(Clone, Copy)]
pub enum Stream {
    Out,
    Err,
}

/// The log file of one node, the same as the daemon's own logs: a line is `{ISO time} {out|err|daemon} {text}`.
pub struct Log {
    path: PathBuf,
    file_bytes_limit: u64,
    file: Option<File>,
    file_bytes: u64,
    assemblers: [LineAssembler; 2],
    last_lines: VecDeque<String>,
    budget: ReadBudget,
    window_start: Instant,
    /// In this window.
    written_bytes: u64,
    dropped_lines: usize,
    /// The disk refused that many writes since the last one that it took.
    lost_writes: u64,
}

impl Log {
    pub fn new(path: &Path, file_bytes_limit: u64) -> Self {
        Self {
            path: path.to_owned(),
            file_bytes_limit,
            file: None,
            file_bytes: 0,
            assemblers: [LineAssembler::new(LINE_BYTES), LineAssembler::new(LINE_BYTES)],
            last_lines: VecDeque::new(),
            budget: ReadBudget::new(Instant::now()),
            window_start: Instant::now(),
            written_bytes: 0,
            dropped_lines: 0,
            lost_writes: 0,
        }
    }

    /// A line of ours between those of the node.
    pub fn note(&mut self, text: &str) {
        let line = format!("{} daemon {text}\n", iso_time(now_ms()));
        self.append(&line);
    }

    pub fn take(&mut self, stream: Stream, chunk: &[u8]) {
        self.turn_window();
        self.budget.spend(chunk.len(), Instant::now());
        let assembler = &mut self.assemblers[stream as usize];
        let mut rest = chunk;
        if self.written_bytes >= WRITE_BYTES_PER_SECOND {
            let (skipped, last) = assembler.skip(chunk, LAST_LINES);
            self.dropped_lines += skipped;
            rest = last;
        }
        let mut lines = Vec::new();
        assembler.push(rest, |line| lines.push(line));
        self.add(stream, lines);
    }

    /// Nothing is read for so long: the flood is enough for now.
    pub fn pause(&self) -> Option<Duration> {
        self.budget.pause(Instant::now())
    }

    /// How long until dropped lines are to be told.
    pub fn note_due(&mut self) -> Option<Duration> {
        self.turn_window();
        (self.dropped_lines > 0).then(|| WINDOW.saturating_sub(self.window_start.elapsed()))
    }

    /// Both streams have ended.
    pub fn finish(&mut self) {
        for stream in [Stream::Out, Stream::Err] {
            let line = self.assemblers[stream as usize].finish();
            self.add(stream, line.into_iter().collect());
        }
        self.tell_dropped();
    }

    /// The newest lines of the node, cut to 500 characters each, oldest first.
    pub fn last_lines(&self) -> impl Iterator<Item = &str> {
        self.last_lines.iter().map(String::as_str)
    }

    fn add(&mut self, stream: Stream, lines: Vec<String>) {
        let head = format!("{} {} ", iso_time(now_ms()), if let Stream::Out = stream { "out" } else { "err" });
        for line in lines.iter().skip(lines.len().saturating_sub(LAST_LINES)) {
            if self.last_lines.len() == LAST_LINES {
                self.last_lines.pop_front();
            }
            self.last_lines.push_back(line.chars().take(LAST_LINE_CHARACTERS).collect());
        }
        let mut text = String::new();
        for (index, line) in lines.iter().enumerate() {
            if self.written_bytes >= WRITE_BYTES_PER_SECOND {
                self.dropped_lines += lines.len() - index;
                break;
            }
            text.push_str(&head);
            text.push_str(line);
            text.push('\n');
            self.written_bytes += (head.len() + line.len()) as u64;
        }
        if !text.is_empty() {
            self.append(&text);
        }
    }

    fn turn_window(&mut self) {
        if self.window_start.elapsed() < WINDOW {
            return;
        }
        self.tell_dropped();
        self.window_start = Instant::now();
        self.written_bytes = 0;
    }

    fn tell_dropped(&mut self) {
        if self.dropped_lines == 0 {
            return;
        }
        let count = std::mem::take(&mut self.dropped_lines);
        self.note(&format!("dropped {count} lines: more than {WRITE_BYTES_PER_SECOND} bytes in a second"));
    }

    /// A full disk must not end the node: its lines are lost, and that is said when the disk works again.
    fn append(&mut self, text: &str) {
        if self.lost_writes > 0 {
            let count = self.lost_writes;
            let line = format!("{} daemon lost lines: {count} writes failed\n", iso_time(now_ms()));
            if self.store(&line).is_err() {
                self.lost_writes += 1;
                return;
            }
            self.lost_writes = 0;
        }
        if self.store(text).is_err() {
            self.lost_writes += 1;
        }
    }

    fn store(&mut self, text: &str) -> io::Result<()> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.open()?,
        };
        if self.file_bytes >= self.file_bytes_limit {
            let mut older = self.path.clone().into_os_string();
            older.push(".1");
            fs::rename(&self.path, older)?;
            file = self.open()?;
        }
        // Dropped where it fails: the next write opens it anew.
        file.write_all(text.as_bytes())?;
        self.file_bytes += text.len() as u64;
        self.file = Some(file);
        Ok(())
    }

    fn open(&mut self) -> io::Result<File> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
        self.file_bytes = file.metadata()?.len();
        Ok(file)
    }
}
