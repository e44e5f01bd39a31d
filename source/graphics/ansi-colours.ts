/** Nearest colours of terminals that have only some. A colour is `red << 16 | green << 8 | blue`. */

/** xterm's first sixteen; other terminals differ a little. */
const SIXTEEN = [
  0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00,
  0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
] as const;

/** The steps of the 6x6x6 cube that begins at 16, and of the 24 greys that begin at 232. */
const CUBE_STEPS = [0, 95, 135, 175, 215, 255] as const;
const FIRST_CUBE = 16;
const FIRST_GREY = 232;

export function distanceOf(one: number, other: number): number {
  const red = (one >> 16) - (other >> 16);
  const green = ((one >> 8) & 255) - ((other >> 8) & 255);
  const blue = (one & 255) - (other & 255);
  return 2 * red * red + 4 * green * green + blue * blue;
}

/** Index of the nearest of 256 colours; never one of the first sixteen, which users change. */
export function nearestOf256(colour: number): number {
  const steps = [colour >> 16, (colour >> 8) & 255, colour & 255].map(nearestStep);
  const [red = 0, green = 0, blue = 0] = steps;
  const inCube = (CUBE_STEPS[red] ?? 0) * 0x10000 + (CUBE_STEPS[green] ?? 0) * 0x100 + (CUBE_STEPS[blue] ?? 0);
  const step = Math.min(23, Math.max(0, Math.round((luminanceOf(colour) - 8) / 10)));
  const grey = (8 + step * 10) * 0x10101;
  if (distanceOf(colour, grey) < distanceOf(colour, inCube)) return FIRST_GREY + step;
  return FIRST_CUBE + red * 36 + green * 6 + blue;
}

/** Index of the nearest of 16 colours. */
export function nearestOf16(colour: number): number {
  let best = 0;
  SIXTEEN.forEach((candidate, index) => {
    if (distanceOf(colour, candidate) < distanceOf(colour, SIXTEEN[best] ?? 0)) best = index;
  });
  return best;
}

/** 0 to 255. */
export function luminanceOf(colour: number): number {
  return Math.round((299 * (colour >> 16) + 587 * ((colour >> 8) & 255) + 114 * (colour & 255)) / 1000);
}

function nearestStep(value: number): number {
  let best = 0;
  CUBE_STEPS.forEach((step, index) => {
    if (Math.abs(step - value) < Math.abs((CUBE_STEPS[best] ?? 0) - value)) best = index;
  });
  return best;
}
