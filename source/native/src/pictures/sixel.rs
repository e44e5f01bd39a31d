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

/// A pixel on its way: its cell, the colour it gets if not its left neighbour's, and the error that it may have.
#[derive(Clone, Copy, Default)]
struct Choice {
    limit: u32,
    code: u16,
    colour: u8,
    is_clear: bool,
}

pub struct SixelCoder {
    pub is_fresh: bool,
    colours: usize,
    builder: PaletteBuilder,
    writer: BandWriter,
    /// What a terminal shows, or `NO_COLOUR`.
    shown: [[i32; 3]; 256],
    /// The same, channel by channel.
    channels: [[i32; 256]; 3],
    table: Box<[u32]>,
    indices: Vec<u8>,
    row: Vec<Choice>,
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
            channels: [[NO_COLOUR[0]; 256]; 3],
            table: vec![UNKNOWN; CELL_COUNT].into_boxed_slice(),
            indices: Vec::new(),
            row: Vec::new(),
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
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("bmi2") {
            // SAFETY: the processor has both.
            unsafe { self.encode_avx2(data, width, height, out) };
            return;
        }
        self.encode_plain(data, width, height, out);
    }

    /// The same, which the compiler makes wider instructions of; NEON on arm64 needs no asking.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2")]
    unsafe fn encode_avx2(&mut self, data: &[u8], width: usize, height: usize, out: &mut Vec<u8>) {
        self.encode_plain(data, width, height, out);
    }

    #[inline(always)]
    fn encode_plain(&mut self, data: &[u8], width: usize, height: usize, out: &mut Vec<u8>) {
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

    #[inline(always)]
    fn reuse(&mut self, data: &[u8], width: usize) -> bool {
        let Some(fresh_error) = self.fresh_error else { return false };
        let limit = fresh_error * MAX_GROWTH + SPARE_ERROR;
        self.new_cells = (self.made_from_cells as f64 * MAX_NEW_CELLS) as usize + SPARE_CELLS;
        match self.map(data, width) {
            Some(error) => error as f64 <= limit * self.indices.len() as f64,
            None => false,
        }
    }

    #[inline(always)]
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
        for (channel, values) in self.channels.iter_mut().enumerate() {
            for (value, shown) in values.iter_mut().zip(&self.shown) {
                *value = shown[channel];
            }
        }
        self.new_cells = CELL_COUNT;
        let error = self.map(data, width);
        let has_palette = !self.builder.boxes.is_empty();
        self.fresh_error = error.filter(|_| has_palette).map(|error| error as f64 / self.indices.len().max(1) as f64);
    }

    /// Fills in the pixels' colours; the result is the sum of squared errors, none where too many cells were new.
    #[inline(always)]
    fn map(&mut self, data: &[u8], width: usize) -> Option<u64> {
        if self.has_clear {
            self.map_rows::<true>(data, width)
        } else {
            self.map_rows::<false>(data, width)
        }
    }

    #[inline(always)]
    fn map_rows<const HAS_CLEAR: bool>(&mut self, data: &[u8], width: usize) -> Option<u64> {
        let table: &mut [u32; CELL_COUNT] = (&mut *self.table).try_into().expect("made with that size");
        let shown = &self.shown;
        let mut error = 0u64;
        let mut left = 0u8;
        self.row.resize(width, Choice::default());
        for (row, pixels) in data.chunks_exact(width * 4).enumerate() {
            let (done, to_do) = self.indices.split_at_mut(row * width);
            // The first row of a band has none above it that shares its sixels.
            let above = if row % 6 == 0 { None } else { done.get((row - 1) * width..) };
            for (x, (choice, pixel)) in self.row.iter_mut().zip(pixels.chunks_exact(4)).enumerate() {
                if HAS_CLEAR && pixel[3] < OPAQUE {
                    *choice = Choice { is_clear: true, ..Choice::default() };
                    continue;
                }
                let code = cell_of(pixel[0], pixel[1], pixel[2]);
                let mut entry = table[code as usize];
                if entry == UNKNOWN {
                    if self.new_cells == 0 {
                        return None;
                    }
                    self.new_cells -= 1;
                    entry = nearest(&self.channels, code);
                    table[code as usize] = entry;
                }
                error += u64::from(entry >> 8);
                let limit = (entry >> 8) + TOLERANCE;
                let above = above.map_or(entry as u8, |above| above[x]);
                let fits = error_of(code, shown[above as usize]) <= limit;
                let colour = if fits { above } else { entry as u8 };
                *choice = Choice { code, colour, is_clear: false, limit };
            }
            for (index, choice) in to_do[..width].iter_mut().zip(&self.row) {
                if HAS_CLEAR && choice.is_clear {
                    *index = CLEAR;
                    continue;
                }
                if error_of(choice.code, shown[left as usize]) > choice.limit {
                    left = choice.colour;
                }
                *index = left;
            }
        }
        Some(error)
    }

    #[inline(always)]
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

/// The first of the colours that are nearest. Channel by channel, for wide instructions.
#[inline(always)]
fn nearest([reds, greens, blues]: &[[i32; 256]; 3], code: u16) -> u32 {
    let mut best = i32::MAX;
    for colour in 0..256 {
        let error = error_of(code, [reds[colour], greens[colour], blues[colour]]).min(i32::MAX as u32 >> 8);
        // Error above, colour below: the least of both is the first of the nearest.
        best = best.min(((error << 8) as i32) | colour as i32);
    }
    best as u32
}

#[inline(always)]
fn has_clear_pixels(data: &[u8]) -> bool {
    data.chunks(1 << 12).any(|piece| piece.chunks_exact(4).fold(u8::MAX, |least, pixel| least.min(pixel[3])) < OPAQUE)
}
