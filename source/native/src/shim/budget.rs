use std::time::{Duration, Instant};

/// 64 MiB a second, which costs a twentieth of a PC's core: more than any node has to say, and all but the first MiB of it
/// is dropped. A node that is held up at its pipe may miss what its robot does; a lost line is told. Beyond, it waits, a
/// few milliseconds at a time, so that a flood cannot take a core.
const BYTES_PER_MS: u64 = 64 * 1024 * 1024 / 1_000;
/// A burst, or what was missed while others had the processor.
const MOST_SAVED: Duration = Duration::from_millis(100);
/// Shorter pauses would cost more than they save.
const PAUSE: Duration = Duration::from_millis(10);

/// How much of a node's output may be read.
pub struct ReadBudget {
    /// Up to when the budget is spent: before now where there is some left, after it where too much was read.
    spent_until: Instant,
}

impl ReadBudget {
    pub fn new(now: Instant) -> Self {
        Self { spent_until: now }
    }

    pub fn spend(&mut self, bytes: usize, now: Instant) {
        let oldest = now.checked_sub(MOST_SAVED).unwrap_or(now);
        let worth = Duration::from_micros(bytes as u64 * 1_000 / BYTES_PER_MS);
        self.spent_until = self.spent_until.max(oldest) + worth;
    }

    /// Nothing is to be read for so long.
    pub fn pause(&self, now: Instant) -> Option<Duration> {
        (self.spent_until > now).then(|| self.spent_until + PAUSE - now)
    }
}

#[cfg(test)]
mod tests {
    use super::ReadBudget;
    use std::time::{Duration, Instant};

    const CHUNK: usize = 64 * 1024;

    /// Bytes taken in a time by a reader who gets the processor every `step`, and then takes all that he may.
    fn taken(step: Duration, time: Duration) -> u64 {
        let start = Instant::now();
        let (mut now, mut bytes) = (start, 0);
        let mut budget = ReadBudget::new(start);
        while now - start < time {
            while budget.pause(now).is_none() {
                budget.spend(CHUNK, now);
                bytes += CHUNK as u64;
            }
            now += step.max(budget.pause(now).unwrap_or_default());
        }
        bytes
    }

    #[test]
    fn bounds_a_flood_and_makes_up_for_what_was_missed() {
        for step_ms in [1, 15, 80] {
            let mib = taken(Duration::from_millis(step_ms), Duration::from_secs(10)) >> 20;
            assert!((600..=650).contains(&mib), "{mib} MiB in 10 s, every {step_ms} ms");
        }
    }

    #[test]
    fn saves_no_more_than_a_burst() {
        let start = Instant::now();
        let mut budget = ReadBudget::new(start);
        let later = start + Duration::from_secs(60);
        let mut bytes = 0;
        while budget.pause(later).is_none() {
            budget.spend(CHUNK, later);
            bytes += CHUNK;
        }
        assert!(bytes <= 7 * 1024 * 1024, "{bytes} bytes at once");
        assert!(budget.pause(later).is_some_and(|pause| pause < Duration::from_millis(12)));
    }
}
