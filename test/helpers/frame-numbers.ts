import { STRIP, stripTop } from '../fixtures/sources.ts';
import { type Build, mustRun, passthroughArguments } from './builds.ts';
import { describe, streamsOf } from './probe.ts';

/**
 * Reads the frame numbers that fixtures carry in their picture (the strip of test/fixtures/sources.ts) from each frame of
 * a recording or film, in the order of showing. They survive every look and tell which frame is lost, doubled or swapped.
 */
export async function readFrameNumbers(build: Build, path: string): Promise<number[]> {
  const [video] = streamsOf(await describe(build, path), 'video');
  if (!video?.height) throw new Error(`${path} has no picture`);
  const { x, blocks, block } = STRIP;
  const width = blocks * block;
  const crop = `format=gray,crop=${width}:${block}:${x}:${stripTop(video.height)}:exact=1`;
  const input = ['-nostdin', '-v', 'error', '-noautorotate', '-i', path, '-map', '0:v:0'];
  const passthrough = await passthroughArguments(build.ffmpeg);
  const output = ['-vf', crop, ...passthrough, '-f', 'rawvideo', '-pix_fmt', 'gray', '-'];
  const samples = await mustRun(build.ffmpeg, [...input, ...output]);
  const numbers: number[] = [];
  for (let at = 0; at < samples.length; at += width * block) {
    numbers.push(numberIn(samples.subarray(at, at + width * block), width));
  }
  return numbers;
}

function numberIn(strip: Buffer, width: number): number {
  const { blocks, block } = STRIP;
  // The middle of each block; its edges are blurred by the encoder.
  const level = (k: number) => {
    let sum = 0;
    for (let y = 2; y < block - 2; y++) {
      for (let x = 2; x < block - 2; x++) sum += strip[y * width + k * block + x] as number;
    }
    return sum;
  };
  const middle = (level(0) + level(blocks - 1)) / 2;
  let number = 0;
  for (let k = 1; k < blocks - 1; k++) number = number * 2 + (level(k) > middle ? 1 : 0);
  return number;
}
