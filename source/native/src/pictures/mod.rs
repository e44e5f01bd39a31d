//! Pictures for terminals, the fast way. Knows nothing of zenoh; source/zenoh/native-pictures.ts is its other side. Sizes
//! that JavaScript gives are held against the bytes that it gives before a pixel is read.

mod bands;
mod palette;
mod scale;
mod sixel;

use napi::bindgen_prelude::Uint8Array;

use crate::error::{guard, Failure, Outcome};
use scale::{Frame, Layout};
use sixel::SixelCoder;

/// Longest side of a picture, as in source/wire/camera.ts.
const MAX_SIDE: f64 = 16_384.0;

/// One stream of pictures as sixels.
#[napi]
pub struct NativeSixel {
    coder: SixelCoder,
    out: Vec<u8>,
}

#[napi]
impl NativeSixel {
    /// Colours of the palette, 2 to 256.
    #[napi(constructor)]
    pub fn new(colours: u32) -> napi::Result<Self> {
        guard(|| Ok(NativeSixel { coder: SixelCoder::new(colours as usize), out: Vec::new() }))
    }

    /// Encodes red, green, blue and alpha; the result is the number of bytes, which `take` copies.
    #[napi]
    pub fn encode(&mut self, data: &[u8], width: f64, height: f64) -> napi::Result<u32> {
        guard(|| {
            let (width, height) = (side(width)?, side(height)?);
            fits(data.len(), width, height, width * 4, 4)?;
            self.coder.encode(data, width, height, &mut self.out);
            u32::try_from(self.out.len()).map_err(Failure::failed)
        })
    }

    /// Copies what `encode` made into `target`, as much of it as has room.
    #[napi]
    pub fn take(&self, mut target: Uint8Array) -> napi::Result<()> {
        guard(|| {
            // SAFETY: this call is JavaScript's only thread, and nothing else reads `target` meanwhile.
            let target = unsafe { target.as_mut() };
            let length = target.len().min(self.out.len());
            target[..length].copy_from_slice(&self.out[..length]);
            Ok(())
        })
    }

    /// Whether the last picture got a palette of its own.
    #[napi(getter)]
    pub fn is_fresh(&self) -> bool {
        self.coder.is_fresh
    }

    /// Forgets the palette.
    #[napi]
    pub fn reset(&mut self) {
        self.coder.reset();
    }
}

/// Scales a frame where it lies into `out`: `out_width * out_height * 4` bytes of red, green, blue and alpha.
#[napi]
#[allow(clippy::too_many_arguments)]
pub fn scale_frame(
    data: &[u8],
    width: f64,
    height: f64,
    step: f64,
    encoding: String,
    out_width: f64,
    out_height: f64,
    mut out: Uint8Array,
) -> napi::Result<()> {
    guard(|| {
        let layout = Layout::named(&encoding).ok_or_else(|| Failure::invalid("this pixel encoding is not known"))?;
        let (width, height) = (side(width)?, side(height)?);
        let (out_width, out_height) = (side(out_width)?, side(out_height)?);
        let step = whole(step, MAX_SIDE * MAX_SIDE)?;
        fits(data.len(), width, height, step, layout.bytes_per_pixel())?;
        // SAFETY: this call is JavaScript's only thread, and nothing else reads `out` meanwhile.
        let out = unsafe { out.as_mut() };
        if out.len() != out_width * out_height * 4 {
            return Err(Failure::invalid("the room for the picture is not of its size"));
        }
        scale::scale(&Frame { data, width, height, step, layout }, out_width, out_height, out);
        Ok(())
    })
}

fn side(value: f64) -> Outcome<usize> {
    whole(value, MAX_SIDE)
}

fn whole(value: f64, most: f64) -> Outcome<usize> {
    if value >= 1.0 && value <= most && value.fract() == 0.0 {
        Ok(value as usize)
    } else {
        Err(Failure::invalid(format!("a picture's size is a whole number from 1 to {most}, not {value}")))
    }
}

/// None of these products can overflow 64 bits: each factor is bounded above.
fn fits(length: usize, width: usize, height: usize, step: usize, bytes_per_pixel: usize) -> Outcome<()> {
    let row = width * bytes_per_pixel;
    let needed = (height as u64 - 1) * step as u64 + row as u64;
    if step < row {
        return Err(Failure::invalid(format!("rows of {row} bytes do not fit a step of {step}")));
    }
    if needed > length as u64 {
        return Err(Failure::invalid(format!("the picture needs {needed} bytes, there are {length}")));
    }
    Ok(())
}
