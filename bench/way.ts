import type { FfmpegTools } from '../packages/media/src/index.ts';
import type { Measured } from './measure.ts';

/** What all ways get: one clip, one ffmpeg, one folder. */
export interface Setting {
  readonly tools: FfmpegTools;
  readonly clip: string;
  /** For whatever a way leaves behind; removed at the end. */
  readonly folder: string;
}

/** One way from a recording to a film. To add one, write a function that returns this, and name it in bench/pipeline.ts. */
export interface Way {
  /** As it stands in the table. */
  readonly name: string;
  /** From the recording to the film, once. */
  run(): Promise<Measured>;
  /** The film of the last run. */
  film(): string;
}

/** The pipeline's own defaults, for all ways. */
export const X264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23'];
