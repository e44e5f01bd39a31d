//! Gives back what a program mapped of its files and used once, at its start. The pages stay in the kernel's cache: one
//! that is used again is mapped again, without the disk.

use crate::error::{guard, Failure};

/// Lets go of the mapped pages of programs and libraries that nobody has written to; returns how many bytes they were.
#[napi]
pub fn release_file_pages() -> napi::Result<i64> {
    guard(|| release().map_err(|e| Failure::failed(e.to_string())))
}

#[cfg(target_os = "linux")]
fn release() -> std::io::Result<i64> {
    let mut released = 0;
    for mapping in clean_mappings(&std::fs::read_to_string("/proc/self/smaps")?) {
        // SAFETY: a mapping of a file that cannot be written to and holds no page of our own: the kernel reads it again
        // from the file when it is touched.
        let done = unsafe { libc::madvise(mapping.start as *mut _, mapping.len, libc::MADV_DONTNEED) } == 0;
        if done {
            released += mapping.resident_bytes as i64;
        }
    }
    Ok(released)
}

#[cfg(not(target_os = "linux"))]
fn release() -> std::io::Result<i64> {
    Ok(0)
}

#[derive(Debug, PartialEq)]
struct Mapping {
    start: usize,
    len: usize,
    resident_bytes: usize,
}

/// Those of proc_pid_smaps(5) that are read-only, private, of a file, and equal to it: no page of them is anonymous, as
/// one is that a relocation, a debugger or large pages for code have made, here or in swap.
fn clean_mappings(smaps: &str) -> Vec<Mapping> {
    let mut found = Vec::new();
    let mut current: Option<Mapping> = None;
    for line in smaps.lines() {
        let mut words = line.split_ascii_whitespace();
        let first = words.next().unwrap_or_default();
        match (first.strip_suffix(':'), &mut current) {
            (None, _) => {
                found.extend(current.take());
                current = file_mapping(first, words);
            }
            (Some("Rss"), Some(mapping)) => mapping.resident_bytes = kilobytes(words.next()).unwrap_or(0) * 1024,
            (Some("Anonymous" | "Swap"), Some(_)) if kilobytes(words.next()) != Some(0) => current = None,
            _ => {}
        }
    }
    found.extend(current);
    found.retain(|mapping| mapping.resident_bytes > 0);
    found
}

fn kilobytes(word: Option<&str>) -> Option<usize> {
    word?.parse().ok()
}

/// `START-END PERMISSIONS OFFSET DEVICE INODE PATH`.
fn file_mapping<'a>(range: &str, mut rest: impl Iterator<Item = &'a str>) -> Option<Mapping> {
    let (start, end) = range.split_once('-')?;
    let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    let is_code_or_constants = matches!(rest.next()?, "r-xp" | "r--p");
    let has_file = rest.nth(2)? != "0" && rest.next()?.starts_with('/');
    (is_code_or_constants && has_file).then(|| Mapping { start, len: end - start, resident_bytes: 0 })
}

#[cfg(test)]
mod tests {
    use super::{clean_mappings, Mapping};

    #[test]
    fn takes_only_what_equals_its_file() {
        let entry = |range: &str, permissions: &str, place: &str, anonymous: u32, swap: u32| {
            format!(
                "{range} {permissions} 00001000 {place}\nSize: 64 kB\nRss: 8 kB\nAnonymous: {anonymous} kB\nSwap: {swap} kB\nVmFlags: rd mr\n"
            )
        };
        let smaps = [
            entry("1000-3000", "r-xp", "fe:00 12 /usr/bin/a b", 0, 0),
            entry("3000-4000", "r--p", "fe:00 12 /usr/bin/a b", 4, 0),
            entry("4000-5000", "r--p", "fe:00 12 /usr/bin/a b", 0, 4),
            entry("5000-6000", "rw-p", "fe:00 12 /usr/bin/a b", 0, 0),
            entry("6000-7000", "r-xp", "00:00 0", 0, 0),
            entry("7000-8000", "r-xp", "00:00 0 [vdso]", 0, 0),
            entry("8000-9000", "r--s", "fe:00 13 /dev/shm/1.zenoh", 0, 0),
            entry("9000-a000", "r--p", "fe:00 14 /lib/c.so", 0, 0),
        ];
        let found = clean_mappings(&smaps.concat());
        let mapping = |start, len| Mapping { start, len, resident_bytes: 8192 };
        assert_eq!(found, [mapping(0x1000, 0x2000), mapping(0x9000, 0x1000)]);
    }
}
