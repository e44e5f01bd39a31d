//! Shared memory that this router made and nobody else uses. Zenoh's own clean-up at exit meets the lock that the router
//! still holds on such a segment, takes it for one in use, and leaves it behind.

use std::fs::{read_dir, read_link, remove_file};
use std::path::Path;

const FOLDER: &str = "/dev/shm";

/// Removes the segments that this process alone holds. To be called last, once nothing reads or writes them any more.
pub fn remove_lone_segments() {
    let Ok(descriptors) = read_dir("/proc/self/fd") else { return };
    for descriptor in descriptors.flatten() {
        let Ok(file) = read_link(descriptor.path()) else { continue };
        let Some(number) = descriptor.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let is_segment = file.parent() == Some(Path::new(FOLDER)) && file.extension().is_some_and(|end| end == "zenoh");
        if !is_segment {
            continue;
        }
        // Another process that uses it holds a shared lock, and then this one cannot become exclusive.
        // SAFETY: plain call on a descriptor of this process, which stays open until it ends.
        if unsafe { libc::flock(number, libc::LOCK_EX | libc::LOCK_NB) } == 0 {
            let _ = remove_file(&file);
        }
    }
}
