import type { Cursor } from './cursor.ts';
import { FLAG, type FrameCode, N } from './format.ts';

const INVALID: FrameCode = {
  flags: FLAG.invalid,
  stream: 0,
  ptsDelta: 0,
  sizeMul: 1,
  sizeLsb: 0,
  reservedCount: 0,
  headerIdx: 0,
};

/**
 * The table of 256 frame codes in a main header: rows with a count, whose fields keep the value of the row before when
 * they are left out (nut.txt, "main_header").
 */
export function readFrameCodes(input: Cursor): FrameCode[] {
  const codes: FrameCode[] = [];
  let [ptsDelta, sizeMul, stream, headerIdx] = [0, 1, 0, 0];
  while (codes.length < 256) {
    const flags = input.v();
    let fields = input.v();
    const field = (otherwise: number, read: () => number): number => (fields-- > 0 ? read() : otherwise);
    const unsigned = (): number => input.v();
    const signed = (): number => input.s();
    ptsDelta = field(ptsDelta, signed);
    sizeMul = field(sizeMul, unsigned);
    stream = field(stream, unsigned);
    const size = field(0, unsigned);
    const reservedCount = field(0, unsigned);
    const count = field(sizeMul - size, unsigned);
    field(0, signed); // match_time_delta
    headerIdx = field(headerIdx, unsigned);
    while (fields-- > 0) input.v();
    for (let j = 0; j < count && codes.length < 256; ) {
      if (codes.length === N) codes.push(INVALID);
      else codes.push({ flags, stream, ptsDelta, sizeMul, sizeLsb: size + j++, reservedCount, headerIdx });
    }
  }
  return codes;
}
