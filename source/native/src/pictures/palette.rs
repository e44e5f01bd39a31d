//! Palettes for pictures; source/graphics/palette.ts says how, and is the same algorithm operation by operation.

pub const CELL_COUNT: usize = 1 << 16;
pub const RED_WEIGHT: u32 = 2;
pub const GREEN_WEIGHT: u32 = 4;
pub const BLUE_WEIGHT: u32 = 1;
const MAX_SAMPLES: f64 = (1 << 16) as f64;
const AXIS_SHIFT: [u32; 3] = [11, 5, 0];
const AXIS_MASK: [u16; 3] = [31, 63, 31];

#[inline(always)]
pub fn cell_of(red: u8, green: u8, blue: u8) -> u16 {
    (u16::from(red >> 3) << 11) | (u16::from(green >> 2) << 5) | u16::from(blue >> 3)
}

fn percent_of(sum: u32, count: u32) -> u8 {
    let (sum, count) = (u64::from(sum), u64::from(count));
    ((sum * 200 + count * 255) / (count * 510)) as u8
}

fn shown_of(percent: u8) -> u8 {
    ((u32::from(percent) * 255 + 50) / 100) as u8
}

/// Pixels, and their sums of red, green and blue.
type Sums = [u32; 4];

/// A colour that occurs. Lies in the box of its colour after `build`.
#[derive(Clone, Copy)]
pub struct Cell {
    pub code: u16,
    sums: Sums,
}

#[derive(Clone, Copy, Default)]
pub struct ColourBox {
    pub start: usize,
    pub end: usize,
    gain: f64,
    cut_axis: usize,
    cut_after: u16,
}

pub struct PaletteBuilder {
    pub cells: Vec<Cell>,
    pub boxes: Vec<ColourBox>,
    /// Of each box: red, green and blue in percents, and what a terminal makes of them.
    pub percents: Vec<[u8; 3]>,
    pub shown: Vec<[u8; 3]>,
    histogram: Box<[Sums]>,
    codes: Vec<u16>,
}

impl PaletteBuilder {
    pub fn new() -> Self {
        PaletteBuilder {
            cells: Vec::new(),
            boxes: Vec::new(),
            percents: Vec::new(),
            shown: Vec::new(),
            histogram: vec![[0; 4]; CELL_COUNT].into_boxed_slice(),
            codes: Vec::new(),
        }
    }

    /// Takes opaque pixels (alpha from 128) only. The palette is empty where there is none.
    pub fn build(&mut self, data: &[u8], width: usize, height: usize, colours: usize) {
        self.count(data, width, height);
        self.boxes.clear();
        if !self.cells.is_empty() {
            let whole = make_box(&self.cells, 0, self.cells.len());
            self.boxes.push(whole);
            while self.boxes.len() < colours && self.split_best() {}
        }
        self.percents.clear();
        self.shown.clear();
        for colour_box in &self.boxes {
            let sums = total(&self.cells[colour_box.start..colour_box.end]);
            let percents = [1, 2, 3].map(|channel| percent_of(sums[channel], sums[0]));
            self.percents.push(percents);
            self.shown.push(percents.map(shown_of));
        }
    }

    fn count(&mut self, data: &[u8], width: usize, height: usize) {
        let step = (((width * height) as f64 / MAX_SAMPLES).sqrt().ceil() as usize).max(1);
        let histogram: &mut [Sums; CELL_COUNT] = (&mut *self.histogram).try_into().expect("made with that size");
        self.codes.clear();
        for row in data.chunks_exact(width * 4).take(height).step_by(step) {
            for pixel in row.chunks_exact(4).step_by(step) {
                if pixel[3] < 128 {
                    continue;
                }
                let code = cell_of(pixel[0], pixel[1], pixel[2]);
                let sums = &mut histogram[code as usize];
                if sums[0] == 0 {
                    self.codes.push(code);
                }
                let add = [1, u32::from(pixel[0]), u32::from(pixel[1]), u32::from(pixel[2])];
                for (sum, value) in sums.iter_mut().zip(add) {
                    *sum += value;
                }
            }
        }
        self.cells.clear();
        for &code in &self.codes {
            let sums = std::mem::take(&mut histogram[code as usize]);
            self.cells.push(Cell { code, sums });
        }
    }

    /// False where no box is worth a cut.
    fn split_best(&mut self) -> bool {
        let mut best = None;
        let mut best_gain = 0.0;
        for (index, colour_box) in self.boxes.iter().enumerate() {
            if colour_box.gain > best_gain {
                best = Some(index);
                best_gain = colour_box.gain;
            }
        }
        let Some(best) = best else { return false };
        let ColourBox { start, end, cut_axis, cut_after, .. } = self.boxes[best];
        let mut middle = start;
        for at in start..end {
            if place_of(self.cells[at].code, cut_axis) <= cut_after {
                self.cells.swap(at, middle);
                middle += 1;
            }
        }
        self.boxes[best] = make_box(&self.cells, start, middle);
        let right = make_box(&self.cells, middle, end);
        self.boxes.push(right);
        true
    }
}

#[inline(always)]
fn place_of(code: u16, axis: usize) -> u16 {
    (code >> AXIS_SHIFT[axis]) & AXIS_MASK[axis]
}

fn total(cells: &[Cell]) -> Sums {
    let mut sums = [0; 4];
    for cell in cells {
        add(&mut sums, &cell.sums);
    }
    sums
}

#[inline(always)]
fn add(sums: &mut Sums, more: &Sums) {
    for (sum, value) in sums.iter_mut().zip(more) {
        *sum += value;
    }
}

/// Also finds where to cut it best.
fn make_box(cells: &[Cell], start: usize, end: usize) -> ColourBox {
    let mut made = ColourBox { start, end, ..ColourBox::default() };
    let cells = &cells[start..end];
    if cells.len() < 2 {
        return made;
    }
    let mut bins = [[[0u32; 4]; 64]; 3];
    let mut lowest = [63u16; 3];
    let mut highest = [0u16; 3];
    for cell in cells {
        for axis in 0..3 {
            let place = place_of(cell.code, axis);
            lowest[axis] = lowest[axis].min(place);
            highest[axis] = highest[axis].max(place);
            add(&mut bins[axis][(place & 63) as usize], &cell.sums);
        }
    }
    let sums = total(cells).map(f64::from);
    let whole = moment(sums);
    for axis in 0..3 {
        let mut left = [0.0; 4];
        for place in lowest[axis]..highest[axis] {
            let bin = &bins[axis][(place & 63) as usize];
            if bin[0] == 0 {
                continue;
            }
            for (sum, &value) in left.iter_mut().zip(bin) {
                *sum += f64::from(value);
            }
            let right = [sums[0] - left[0], sums[1] - left[1], sums[2] - left[2], sums[3] - left[3]];
            let gain = moment(left) + moment(right) - whole;
            if gain > made.gain {
                made.gain = gain;
                made.cut_axis = axis;
                made.cut_after = place;
            }
        }
    }
    made
}

/// Squared length of the sum over the count: what a box's centre takes off the squared error.
#[inline(always)]
fn moment([count, red, green, blue]: [f64; 4]) -> f64 {
    (f64::from(RED_WEIGHT) * red * red + f64::from(GREEN_WEIGHT) * green * green + f64::from(BLUE_WEIGHT) * blue * blue)
        / count
}
