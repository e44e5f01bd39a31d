use crate::arguments::Arguments;
use crate::clock::now_ms;
use crate::family::{signal_name, start_ticks, Exit};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// What a daemon needs to find this start again: JSON, replaced as a whole. The boot id tells that ticks and process ids
/// are of another life of the machine.
pub struct StateFile {
    path: PathBuf,
    draft: PathBuf,
    /// `"runId":…,"bootId":…,"shim":…`, the same in every state.
    head: String,
    /// `,"node":…` once there is one.
    node: String,
}

impl StateFile {
    pub fn new(arguments: &Arguments) -> Self {
        let pid = std::process::id();
        let mut draft = arguments.state_file.clone().into_os_string();
        draft.push(".new");
        let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let folder = std::env::current_dir().unwrap_or_default();
        let head = format!(
            r#""runId":{},"bootId":{},"folder":{},"shim":{{"pid":{pid},"startTicks":{}}}"#,
            quote(&arguments.run_id),
            quote(boot_id.trim()),
            quote(&folder.to_string_lossy()),
            start_ticks(pid as i32),
        );
        Self { path: arguments.state_file.clone(), draft: draft.into(), head, node: String::new() }
    }

    pub fn write_starting(&self) -> io::Result<()> {
        self.write("starting", "")
    }

    pub fn write_failed(&self, reason: &str) -> io::Result<()> {
        self.write("failed", &format!(r#","reason":{}"#, quote(reason)))
    }

    pub fn write_running(&mut self, pid: i32) -> io::Result<()> {
        self.node = format!(r#","node":{{"pid":{pid},"startTicks":{}}},"startedAtMs":{}"#, start_ticks(pid), now_ms());
        self.write("running", "")
    }

    /// `was_asked`: it ended since it was told to.
    pub fn write_ended<'a>(
        &self,
        exit: Exit,
        was_asked: bool,
        last_lines: impl Iterator<Item = &'a str>,
    ) -> io::Result<()> {
        let exit = match exit {
            Exit::Code(code) => format!(r#"{{"code":{code}}}"#),
            Exit::Signal(number) => format!(r#"{{"signal":{}}}"#, quote(&signal_name(number))),
        };
        let lines: Vec<String> = last_lines.map(quote).collect();
        self.write("ended", &format!(r#","exit":{exit},"wasAsked":{was_asked},"lastLines":[{}]"#, lines.join(",")))
    }

    fn write(&self, phase: &str, more: &str) -> io::Result<()> {
        let text = format!("{{\"phase\":\"{phase}\",{}{}{more}}}\n", self.head, self.node);
        // Renamed, not synced: it has to outlive processes, and is of no use after a reboot.
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&self.draft)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&self.draft, &self.path)
    }
}

/// A JSON string.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if (control as u32) < 0x20 => quoted.push_str(&format!("\\u{:04x}", control as u32)),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn quotes_what_a_node_may_write() {
        assert_eq!(quote("a\"b\\c\n\u{1b}ü"), "\"a\\\"b\\\\c\\u000a\\u001bü\"");
    }
}
