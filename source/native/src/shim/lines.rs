/// Cuts a stream of bytes into lines; of a line that is too long it keeps the beginning and counts the rest.
pub struct LineAssembler {
    kept: Vec<u8>,
    cut_bytes: usize,
    max_bytes: usize,
}

impl LineAssembler {
    pub fn new(max_bytes: usize) -> Self {
        Self { kept: Vec::new(), cut_bytes: 0, max_bytes }
    }

    /// Gives every line that ends in `chunk` to `take`.
    pub fn push(&mut self, chunk: &[u8], mut take: impl FnMut(String)) {
        let mut parts = chunk.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            self.keep(part);
            if parts.peek().is_some() {
                take(self.finish_line());
            }
        }
    }

    /// Of the lines that end in `chunk` only the last few matter: says how many there are before them, and the rest.
    pub fn skip<'a>(&mut self, chunk: &'a [u8], keep_count: usize) -> (usize, &'a [u8]) {
        let line_count = chunk.iter().filter(|byte| **byte == b'\n').count();
        if line_count <= keep_count {
            return (0, chunk);
        }
        let mut end = chunk.len();
        for _ in 0..=keep_count {
            end = chunk[..end].iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        }
        self.kept.clear();
        self.cut_bytes = 0;
        (line_count - keep_count, &chunk[end + 1..])
    }

    /// The stream has ended: an unfinished last line counts as one.
    pub fn finish(&mut self) -> Option<String> {
        (!self.kept.is_empty()).then(|| self.finish_line())
    }

    fn keep(&mut self, part: &[u8]) {
        let room = self.max_bytes - self.kept.len();
        self.kept.extend_from_slice(&part[..part.len().min(room)]);
        self.cut_bytes += part.len().saturating_sub(room);
    }

    fn finish_line(&mut self) -> String {
        let bytes = self.kept.strip_suffix(b"\r").unwrap_or(&self.kept);
        let mut line = String::from_utf8_lossy(bytes).into_owned();
        if self.cut_bytes > 0 {
            line.push_str(&format!(" … [{} more bytes of this line cut]", self.cut_bytes));
        }
        self.kept.clear();
        self.cut_bytes = 0;
        line
    }
}

#[cfg(test)]
mod tests {
    use super::LineAssembler;

    fn lines(assembler: &mut LineAssembler, chunk: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        assembler.push(chunk, |line| found.push(line));
        found
    }

    #[test]
    fn joins_what_chunks_tore_apart() {
        let mut assembler = LineAssembler::new(100);
        assert_eq!(lines(&mut assembler, b"a\nb"), ["a"]);
        assert_eq!(lines(&mut assembler, b"c\r\n\nlast"), ["bc", ""]);
        assert_eq!(assembler.finish().as_deref(), Some("last"));
        assert_eq!(assembler.finish(), None);
    }

    #[test]
    fn cuts_long_lines_and_counts_the_rest() {
        let mut assembler = LineAssembler::new(4);
        assert_eq!(lines(&mut assembler, b"abcdef"), [""; 0]);
        assert_eq!(lines(&mut assembler, b"gh\nxy\n"), ["abcd … [4 more bytes of this line cut]", "xy"]);
    }

    #[test]
    fn skips_all_but_the_last_lines() {
        let mut assembler = LineAssembler::new(100);
        assembler.push(b"old", |_| ());
        let (count, rest) = assembler.skip(b"1\n2\n3\n4\npart", 2);
        assert_eq!((count, rest), (2, b"3\n4\npart".as_slice()));
        assert_eq!(lines(&mut assembler, rest), ["3", "4"]);
        assert_eq!(assembler.skip(b"x\n", 2), (0, b"x\n".as_slice()));
    }
}
