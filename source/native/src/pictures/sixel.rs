//! One stream of pictures as sixels; source/graphics/quantiser.ts and sixel.ts say how, and give the same bytes.

use super::bands::BandWriter;
use super::palette::{cell_of, PaletteBuilder, BLUE_WEIGHT, CELL_COUNT, GREEN_WEIGHT, RED_WEIGHT};

const OPAQUE: u8 = 128;
const CLEAR: u8 = 255;
const UNKNOWN: u32 = u32::MAX;
const MAX_GROWTH: f64 = 1.5;
const SPARE_ERROR: f64 = 24.0;
const MAX_NEW_CELLS: f64 = 0.5;
const SPARE_CELLS: usize = 256;
const TOLERANCE: u32 = 120;
const NO_COLOUR: [i32; 3] = [10_000; 3];

pub struct SixelCoder {
    pub is_fresh: bool,
    colours: usize,
    builder: PaletteBuilder,
    writer: BandWriter,
    /// What a terminal shows, or `NO_COLOUR`.
    shown: [[i32; 3]; 256],
    table: Box<[u32]>,
    indices: Vec<u8>,
    fresh_error: Option<f64>,
    has_clear: bool,
    new_cells: usize,
    made_from_cells: usize,
}

impl SixelCoder {
    pub fn new(colours: usize) -> Self {
        SixelCoder {
            is_fresh: false,
            colours: colours.clamp(2, 256),
            builder: PaletteBuilder::new(),
            writer: BandWriter::new(),
            shown: [NO_COLOUR; 256],
            table: vec![UNKNOWN; CELL_COUNT].into_boxed_slice(),
            indices: Vec::new(),
            fresh_error: None,
            has_clear: false,
            new_cells: 0,
            made_from_cells: 0,
        }
    }

    /// Forgets the palette.
    pub fn reset(&mut self) {
        self.fresh_error = None;
    }

    /// `data` is red, green, blue and alpha of width times height pixels, both over 0.
    pub fn encode(&mut self, data: &[u8], width: usize, height: usize, out: &mut Vec<u8>) {
        let data = &data[..width * height * 4];
        self.indices.resize(width * height, 0);
        let has_clear = has_clear_pixels(data);
        if has_clear != self.has_clear {
            self.reset();
        }
        self.has_clear = has_clear;
        self.is_fresh = !self.reuse(data, width);
        if self.is_fresh {
            self.renew(data, width, height);
        }
        std::mem::swap(out, &mut self.writer.out);
        self.write(width, height);
        std::mem::swap(out, &mut self.writer.out);
    }

    fn reuse(&mut self, data: &[u8], width: usize) -> bool {
        let Some(fresh_error) = self.fresh_error else { return false };
        let limit = fresh_error * MAX_GROWTH + SPARE_ERROR;
        self.new_cells = (self.made_from_cells as f64 * MAX_NEW_CELLS) as usize + SPARE_CELLS;
        match self.map(data, width) {
            Some(error) => error as f64 <= limit * self.indices.len() as f64,
            None => false,
        }
    }

    fn renew(&mut self, data: &[u8], width: usize, height: usize) {
        let colours = if self.has_clear { self.colours.min(CLEAR as usize) } else { self.colours };
        self.builder.build(data, width, height, colours);
        self.made_from_cells = self.builder.cells.len();
        self.shown.fill(NO_COLOUR);
        self.table.fill(UNKNOWN);
        for (colour, colour_box) in self.builder.boxes.iter().enumerate() {
            let shown = self.builder.shown[colour].map(i32::from);
            self.shown[colour] = shown;
            for cell in &self.builder.cells[colour_box.start..colour_box.end] {
                self.table[cell.code as usize] = colour as u32 | (error_of(cell.code, shown) << 8);
            }
        }
        self.new_cells = CELL_COUNT;
        let error = self.map(data, width);
        let has_palette = !self.builder.boxes.is_empty();
        self.fresh_error = error.filter(|_| has_palette).map(|error| error as f64 / self.indices.len().max(1) as f64);
    }

    /// Fills in the pixels' colours; the result is the sum of squared errors, none where too many cells were new.
    fn map(&mut self, data: &[u8], width: usize) -> Option<u64> {
        if self.has_clear {
            self.map_rows::<true>(data, width)
        } else {
            self.map_rows::<false>(data, width)
        }
    }

    fn map_rows<const HAS_CLEAR: bool>(&mut self, data: &[u8], width: usize) -> Option<u64> {
        let table: &mut [u32; CELL_COUNT] = (&mut *self.table).try_into().expect("made with that size");
        let mut error = 0u64;
        let mut left = 0u8;
        for (row, pixels) in data.chunks_exact(width * 4).enumerate() {
            let (done, to_do) = self.indices.split_at_mut(row * width);
            let indices = &mut to_do[..width];
            // The first row of a band has none above it that shares its sixels.
            let above = if row % 6 == 0 { None } else { done.get((row - 1) * width..) };
            for (x, pixel) in pixels.chunks_exact(4).enumerate() {
                if HAS_CLEAR && pixel[3] < OPAQUE {
                    indices[x] = CLEAR;
                    continue;
                }
                let code = cell_of(pixel[0], pixel[1], pixel[2]);
                let mut entry = table[code as usize];
                if entry == UNKNOWN {
                    if self.new_cells == 0 {
                        return None;
                    }
                    self.new_cells -= 1;
                    entry = nearest(&self.shown[..self.builder.boxes.len()], code);
                    table[code as usize] = entry;
                }
                let own = entry as u8;
                error += u64::from(entry >> 8);
                let limit = (entry >> 8) + TOLERANCE;
                let above = above.map_or(own, |above| above[x]);
                if error_of(code, self.shown[left as usize]) > limit {
                    left = if error_of(code, self.shown[above as usize]) <= limit { above } else { own };
                }
                indices[x] = left;
            }
        }
        Some(error)
    }

    fn write(&mut self, width: usize, height: usize) {
        let writer = &mut self.writer;
        writer.begin();
        writer.text(&format!("\x1bP0;1;0q\"1;1;{width};{height}"));
        for (colour, &percents) in self.builder.percents.iter().enumerate() {
            writer.define(colour as u8, percents);
        }
        writer.bands(&self.indices, width, self.has_clear.then_some(CLEAR));
        writer.text("\x1b\\");
    }
}

#[inline(always)]
fn error_of(code: u16, shown: [i32; 3]) -> u32 {
    let code = i32::from(code);
    let red = ((code >> 11) << 3) + 4 - shown[0];
    let green = (((code >> 5) & 63) << 2) + 2 - shown[1];
    let blue = ((code & 31) << 3) + 4 - shown[2];
    RED_WEIGHT * (red * red) as u32 + GREEN_WEIGHT * (green * green) as u32 + BLUE_WEIGHT * (blue * blue) as u32
}

/// The first of the colours that are nearest.
fn nearest(shown: &[[i32; 3]], code: u16) -> u32 {
    let mut best = u32::MAX;
    for (colour, &of) in shown.iter().enumerate() {
        // Error above, colour below: the least of both is the first of the nearest.
        best = best.min((error_of(code, of) << 8) | colour as u32);
    }
    best
}

fn has_clear_pixels(data: &[u8]) -> bool {
    data.chunks(1 << 12).any(|piece| piece.chunks_exact(4).fold(u8::MAX, |least, pixel| least.min(pixel[3])) < OPAQUE)
}
