/**
 * A colour as BT.709 Y'CbCr around black and grey: `t` = (Y' − 16) / 219 is luma from 0 (black) to 1 (white), `b` = Cb − 128
 * and `r` = Cr − 128 are chroma in 8-bit limited-range code values, ±112 for colours that RGB can hold.
 */
export interface Pixel {
  readonly t: number;
  readonly b: number;
  readonly r: number;
}

/** Red, green and blue, gamma encoded, 0 to 255. */
export type Rgb = readonly [number, number, number];

// ITU-R BT.709-6, item 3: the shares of red and blue in luma.
const KR = 0.2126;
const KB = 0.0722;
const KG = 1 - KR - KB;

export function pixelOf([red, green, blue]: Rgb): Pixel {
  const t = (KR * red + KG * green + KB * blue) / 255;
  return { t, b: (112 * (blue / 255 - t)) / (1 - KB), r: (112 * (red / 255 - t)) / (1 - KR) };
}

/** The inverse of `pixelOf`: neither rounded nor clipped. */
export function rgbOf({ t, b, r }: Pixel): [number, number, number] {
  const red = t + (r * (1 - KR)) / 112;
  const blue = t + (b * (1 - KB)) / 112;
  return [255 * red, (255 * (t - KR * red - KB * blue)) / KG, 255 * blue];
}
