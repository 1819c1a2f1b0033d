/**
 * What src/grader.ts writes and the kernel reads; both compile this file. All numbers are 16-bit integers, offsets are
 * bytes. "Q7" is a value times 128, "Q15" times 32768. Luma is counted in code values above black (Y' − 16), chroma around
 * grey (C − 128).
 */

// Constants of a look.
/** Luma, slope at mid grey: (1−a)·(1 + k/2)/2, Q15. */
export const LUMA_SLOPE = 0;
/** Luma, cubic part: (1−a)·k·CURVE, Q15. */
export const LUMA_CURVE = 2;
/** The same two for the luma that weights chroma, which no tint has changed: a = 0. */
export const TONE_SLOPE = 4;
export const TONE_CURVE = 6;
/** The offset of chroma as a polynomial of luma after contrast, around mid grey: Q7, see grader.ts. */
export const CB_OFFSET = 8;
export const CR_OFFSET = 14;
/** Half of saturation·(1−a), Q15. */
export const GAIN = 20;
/** 1 − strength of the vignette, Q15. */
export const THROUGH = 22;
export const LOOK_BYTES = 24;

// Columns: a record for each 16 columns of luma and their 8 of chroma.
/** 16 × what is added to luma: the tint, and the mid grey that the curve counts from, Q7. */
export const TINT = 0;
/** 16 × horizontal falloff, Q15. */
export const FALLOFF = 32;
/** 8 × the same for chroma. */
export const CHROMA_FALLOFF = 64;
/** 8 × tint of Cb, then of Cr, times 64. */
export const CB_TINT = 80;
export const CR_TINT = 96;
export const COLUMN_BYTES = 112;

// Rows: a record for each two rows of luma and their row of chroma. Strength · vertical falloff, Q15.
export const UPPER = 0;
export const LOWER = 2;
export const CHROMA = 4;
export const ROW_BYTES = 8;
