/** Red, green, blue and alpha, a byte each, rows one after the other without gaps: `data.length` is `width * height * 4`. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
