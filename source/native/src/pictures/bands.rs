//! Sixels from palette indices; source/graphics/sixel-bands.ts says how, and writes the same bytes.

const MAX_GAP: usize = 10;
const BAND_BYTES_PER_COLUMN: usize = 6 * 16;
const NO_STRETCH: u32 = u32::MAX;

#[derive(Clone, Copy, Default)]
struct Stretch {
    start: u32,
    end: u32,
    colour: u8,
}

/// Writes sixels; keeps its buffers from one picture to the next.
pub struct BandWriter {
    pub out: Vec<u8>,
    /// One byte for each colour and column of the band: which of its six rows have that colour.
    columns: Vec<u8>,
    width: usize,
    /// From one colour to the next in `columns`: some room after each row, so that words can be read at its end.
    stride: usize,
    stretches: Vec<Stretch>,
    colour: Option<u8>,
}

impl BandWriter {
    pub fn new() -> Self {
        BandWriter { out: Vec::new(), columns: Vec::new(), width: 0, stride: 0, stretches: Vec::new(), colour: None }
    }

    pub fn begin(&mut self) {
        self.out.clear();
        self.colour = None;
    }

    pub fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    pub fn define(&mut self, colour: u8, percents: [u8; 3]) {
        self.out.push(b'#');
        number(&mut self.out, u32::from(colour));
        self.out.extend_from_slice(b";2");
        for value in percents {
            self.out.push(b';');
            number(&mut self.out, u32::from(value));
        }
        self.colour = None;
    }

    /// `indices` is one a pixel; `clear` is the index that is not drawn.
    #[inline(always)]
    pub fn bands(&mut self, indices: &[u8], width: usize, clear: Option<u8>) {
        if self.width != width {
            self.width = width;
            self.stride = width + 16;
            self.columns = vec![0; 256 * self.stride];
        }
        for (number, band) in indices.chunks(width * 6).enumerate() {
            if number > 0 {
                self.out.push(b'-');
            }
            self.out.reserve(width * BAND_BYTES_PER_COLUMN + 64);
            match clear {
                Some(clear) => self.gather(band, |colour| colour == clear),
                None => self.gather(band, |_| false),
            }
            self.write();
        }
    }

    /// Finds the stretches of a band, in the order of their first columns.
    #[inline(always)]
    fn gather(&mut self, band: &[u8], is_clear: impl Fn(u8) -> bool) {
        let width = self.width;
        let mut newest = [NO_STRETCH; 256];
        self.stretches.clear();
        let rows = band.len() / width;
        for x in 0..width {
            // Rows of one colour that follow each other are put down together.
            let mut colour = band[x];
            let mut bits = 1;
            for row in 1..rows {
                let next = band[row * width + x];
                if next == colour {
                    bits |= 1 << row;
                    continue;
                }
                if !is_clear(colour) {
                    self.put(&mut newest, colour, x, bits);
                }
                colour = next;
                bits = 1 << row;
            }
            if !is_clear(colour) {
                self.put(&mut newest, colour, x, bits);
            }
        }
    }

    #[inline(always)]
    fn put(&mut self, newest: &mut [u32; 256], colour: u8, x: usize, bits: u8) {
        let column = &mut self.columns[colour as usize * self.stride + x];
        let before = *column;
        *column = before | bits;
        if before != 0 {
            return;
        }
        let newest = &mut newest[colour as usize];
        if let Some(stretch) = self.stretches.get_mut(*newest as usize) {
            if x - stretch.end as usize <= MAX_GAP {
                stretch.end = x as u32;
                return;
            }
        }
        *newest = self.stretches.len() as u32;
        self.stretches.push(Stretch { start: x as u32, end: x as u32, colour });
    }

    #[inline(always)]
    fn write(&mut self) {
        let mut stretches = std::mem::take(&mut self.stretches);
        let mut left = stretches.len();
        let mut is_first = true;
        while left > 0 {
            if !is_first {
                self.out.push(b'$');
            }
            is_first = false;
            let mut column = 0;
            let mut kept = 0;
            for at in 0..left {
                let stretch = stretches[at];
                if stretch.start < column {
                    stretches[kept] = stretch;
                    kept += 1;
                    continue;
                }
                self.stretch(stretch, stretch.start - column);
                column = stretch.end + 1;
            }
            left = kept;
        }
        self.stretches = stretches;
    }

    #[inline(always)]
    fn stretch(&mut self, stretch: Stretch, gap: u32) {
        let out = &mut self.out;
        if self.colour != Some(stretch.colour) {
            self.colour = Some(stretch.colour);
            out.push(b'#');
            number(out, u32::from(stretch.colour));
        }
        run(out, b'?', gap);
        let first = stretch.colour as usize * self.stride + stretch.start as usize;
        let length = (stretch.end - stretch.start) as usize + 1;
        if length <= 8 {
            let columns: &mut [u8; 8] = (&mut self.columns[first..first + 8]).try_into().expect("eight");
            let word = u64::from_le_bytes(*columns);
            if !has_run(u128::from(word), length) {
                let signs = word + u64::from_le_bytes([b'?'; 8]);
                out.extend_from_slice(&signs.to_le_bytes());
                out.truncate(out.len() - 8 + length);
                // The colour's next stretch is further away than this.
                *columns = [0; 8];
                return;
            }
        } else if length <= 16 {
            let columns: &mut [u8; 16] = (&mut self.columns[first..first + 16]).try_into().expect("sixteen");
            let word = u128::from_le_bytes(*columns);
            if !has_run(word, length) {
                let signs = word + u128::from_le_bytes([b'?'; 16]);
                out.extend_from_slice(&signs.to_le_bytes());
                out.truncate(out.len() - 16 + length);
                *columns = [0; 16];
                return;
            }
        }
        let columns = &mut self.columns[first..first + length];
        let mut at = 0;
        while at < columns.len() {
            let bits = columns[at];
            let mut next = at + 1;
            while next < columns.len() && columns[next] == bits {
                next += 1;
            }
            run(out, bits + b'?', (next - at) as u32);
            at = next;
        }
        columns.fill(0);
    }
}

/// Whether four of the first `length` bytes that follow each other are the same. Bytes are under 64.
#[inline(always)]
fn has_run(word: u128, length: usize) -> bool {
    const HIGH_BITS: u128 = u128::from_le_bytes([0x80; 16]);
    // A byte is 0 where it is the same as the next one; only then its high bit stays.
    let pairs = (HIGH_BITS - (word ^ (word >> 8))) & HIGH_BITS & ((1 << ((length - 1) * 8)) - 1);
    pairs & (pairs >> 8) & (pairs >> 16) != 0
}

#[inline(always)]
fn run(out: &mut Vec<u8>, sign: u8, count: u32) {
    if count > 3 {
        out.push(b'!');
        number(out, count);
        out.push(sign);
        return;
    }
    for _ in 0..count {
        out.push(sign);
    }
}

#[inline(always)]
fn number(out: &mut Vec<u8>, value: u32) {
    if value >= 1000 {
        number_over_999(out, value);
        return;
    }
    if value >= 100 {
        out.push(b'0' + (value / 100) as u8);
    }
    if value >= 10 {
        out.push(b'0' + (value / 10 % 10) as u8);
    }
    out.push(b'0' + (value % 10) as u8);
}

#[cold]
fn number_over_999(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(value.to_string().as_bytes());
}
