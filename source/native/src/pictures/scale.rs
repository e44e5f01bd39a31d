//! Pictures scaled by area: each pixel of the result is the mean of what it covers. Weights are whole 256ths, so that sums
//! stay whole; source/graphics/scale.ts is the same algorithm and gives the same bytes.

/// How pixels lie in a frame.
#[derive(Clone, Copy)]
pub enum Layout {
    Rgba8,
    Rgb8,
    Bgr8,
    Mono8,
}

impl Layout {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "rgba8" => Some(Layout::Rgba8),
            "rgb8" => Some(Layout::Rgb8),
            "bgr8" => Some(Layout::Bgr8),
            "mono8" => Some(Layout::Mono8),
            _ => None,
        }
    }

    pub fn bytes_per_pixel(self) -> usize {
        match self {
            Layout::Rgba8 => 4,
            Layout::Rgb8 | Layout::Bgr8 => 3,
            Layout::Mono8 => 1,
        }
    }
}

/// The frame, whose bounds the caller has checked: `data` holds `height` rows, `step` bytes apart.
pub struct Frame<'a> {
    pub data: &'a [u8],
    pub width: usize,
    pub height: usize,
    pub step: usize,
    pub layout: Layout,
}

/// Which of the source's rows or columns one of the result's covers, and how much of it each makes up.
struct Cover {
    first: usize,
    weights: Vec<u16>,
}

const WHOLE: u64 = 256;

fn covers(from: usize, to: usize) -> Vec<Cover> {
    let (from, to) = (from as u64, to as u64);
    (0..to)
        .map(|index| {
            // In parts of which a source pixel has `to`, and a pixel of the result `from`.
            let (start, end) = (index * from, (index + 1) * from);
            let (first, last) = (start / to, (end - 1) / to);
            // Weights are differences of rounded sums: they come to 256 whatever the ratio.
            let until = |place: u64| ((place.clamp(start, end) - start) * WHOLE + from / 2) / from;
            let weights = (first..=last).map(|place| (until((place + 1) * to) - until(place * to)) as u16).collect();
            Cover { first: first as usize, weights }
        })
        .collect()
}

/// `out` takes red, green, blue and an alpha of 255 for each of `out_width` times `out_height` pixels.
pub fn scale(frame: &Frame<'_>, out_width: usize, out_height: usize, out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        unsafe { scale_avx2(frame, out_width, out_height, out) };
        return;
    }
    scale_plain(frame, out_width, out_height, out);
}

/// The same, which the compiler makes AVX2 instructions of; NEON on arm64 needs no asking.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn scale_avx2(frame: &Frame<'_>, out_width: usize, out_height: usize, out: &mut [u8]) {
    scale_plain(frame, out_width, out_height, out);
}

#[inline(always)]
fn scale_plain(frame: &Frame<'_>, out_width: usize, out_height: usize, out: &mut [u8]) {
    let bytes = frame.layout.bytes_per_pixel();
    let row_bytes = frame.width * bytes;
    let columns = covers(frame.width, out_width);
    let rows = covers(frame.height, out_height);
    let mut sums = vec![0u16; row_bytes];
    for (cover, out) in rows.iter().zip(out.chunks_exact_mut(out_width * 4)) {
        sums.fill(0);
        let row_at = |number: usize| &frame.data[(cover.first + number) * frame.step..][..row_bytes];
        let mut number = 0;
        // Four at once: the sums then come from the cache and go there a quarter as often.
        while let Some(weights) = cover.weights[number..].first_chunk::<4>() {
            add_rows(&mut sums, [0, 1, 2, 3].map(|more| row_at(number + more)), *weights);
            number += 4;
        }
        for &weight in &cover.weights[number..] {
            add_rows(&mut sums, [row_at(number)], [weight]);
            number += 1;
        }
        match frame.layout {
            Layout::Rgba8 => reduce::<4>(&sums, &columns, out, [0, 1, 2]),
            Layout::Rgb8 => reduce::<3>(&sums, &columns, out, [0, 1, 2]),
            Layout::Bgr8 => reduce::<3>(&sums, &columns, out, [2, 1, 0]),
            Layout::Mono8 => reduce::<1>(&sums, &columns, out, [0, 0, 0]),
        }
    }
}

/// At most 255 times 256 in all, which 16 bits hold.
#[inline(always)]
fn add_rows<const ROWS: usize>(sums: &mut [u16], rows: [&[u8]; ROWS], weights: [u16; ROWS]) {
    let rows = rows.map(|row| &row[..sums.len()]);
    for at in 0..sums.len() {
        let mut sum = sums[at];
        for row in 0..ROWS {
            sum = sum.wrapping_add(u16::from(rows[row][at]).wrapping_mul(weights[row]));
        }
        sums[at] = sum;
    }
}

#[inline(always)]
fn reduce<const BYTES: usize>(sums: &[u16], columns: &[Cover], out: &mut [u8], channels: [usize; 3]) {
    for (cover, out) in columns.iter().zip(out.chunks_exact_mut(4)) {
        let mut means = [0u32; BYTES];
        let covered = &sums[cover.first * BYTES..(cover.first + cover.weights.len()) * BYTES];
        for (pixel, &weight) in covered.chunks_exact(BYTES).zip(&cover.weights) {
            for (mean, &value) in means.iter_mut().zip(pixel) {
                *mean += u32::from(value) * u32::from(weight);
            }
        }
        let byte = |channel: usize| ((means[channel] + (1 << 15)) >> 16) as u8;
        out.copy_from_slice(&[byte(channels[0]), byte(channels[1]), byte(channels[2]), u8::MAX]);
    }
}
