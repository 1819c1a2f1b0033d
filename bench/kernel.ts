import { pathToFileURL } from 'node:url';
import { createGrader, LOOKS } from '@dailies/grade';

/** What one frame costs on one core. */
export interface KernelCost {
  readonly width: number;
  readonly height: number;
  /** Median over the runs, for the default look: copied into the kernel's memory, graded, copied out. */
  readonly msPerFrame: number;
  /** The same for each look, and the grade alone. */
  readonly looks: Readonly<Record<string, { readonly msPerFrame: number; readonly gradeMs: number }>>;
}

/** Slots that are used in turn, as the workers use them: a frame is not in the cache when its turn comes again. */
const SLOTS = 4;

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number;

/**
 * Measures the grade at one size.
 * @param options.runs of `frames` frames each; the median run counts
 */
export async function measureKernel(
  options: { width?: number; height?: number; runs?: number; frames?: number } = {},
): Promise<KernelCost> {
  const { width = 1280, height = 720, runs = 25, frames = 40 } = options;
  const looks: Record<string, { msPerFrame: number; gradeMs: number }> = {};
  for (const look of LOOKS) {
    const grader = await createGrader({ width, height, look, slots: SLOTS });
    // Every byte value, in no order that a branch predictor could learn.
    const source = Uint8Array.from({ length: grader.frameBytes }, (_, i) => Math.imul(i, 2_654_435_761) >>> 24);
    const target = new Uint8Array(grader.frameBytes);
    const whole: number[] = [];
    const grade: number[] = [];
    // One more than counts: the first run is compiled on the way.
    for (let run = 0; run <= runs; run++) {
      const began = performance.now();
      for (let i = 0; i < frames; i++) {
        grader.frame(i % SLOTS).set(source);
        grader.grade(i % SLOTS);
        target.set(grader.frame(i % SLOTS));
      }
      const graded = performance.now();
      for (let i = 0; i < frames; i++) grader.grade(i % SLOTS);
      if (run > 0) {
        whole.push((graded - began) / frames);
        grade.push((performance.now() - graded) / frames);
      }
    }
    looks[look.name] = { msPerFrame: median(whole), gradeMs: median(grade) };
  }
  return { width, height, msPerFrame: looks.both?.msPerFrame ?? Number.NaN, looks };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [width, height] of [
    [1280, 720],
    [1920, 1080],
    [3840, 2160],
  ] as const) {
    const { looks } = await measureKernel({ width, height, runs: 11, frames: Math.ceil(4e7 / (width * height)) });
    for (const [name, { msPerFrame, gradeMs }] of Object.entries(looks)) {
      console.log(
        `${width}x${height}  ${name.padEnd(12)} ${msPerFrame.toFixed(3)} ms a frame with both copies, ${gradeMs.toFixed(3)} ms the grade alone`,
      );
    }
  }
}
