import type { KernelCost } from './kernel.ts';
import { type Measured, median } from './measure.ts';
import type { Comparison } from './quality.ts';

export interface Row {
  readonly name: string;
  /** One per round; the first row is what the others are compared with. */
  readonly runs: readonly Measured[];
}

/** Times, memory, and how fast the first way is against each other one: the median of the rounds' own ratios. */
export function speedLines(rows: readonly Row[]): string[] {
  const own = rows[0]?.runs ?? [];
  const of = (runs: readonly Measured[], pick: (run: Measured) => number): number => median(runs.map(pick));
  return [
    '| way | wall s | processor s | of that not ffmpeg | peak memory MB | speed of the first row against it |',
    '|---|---|---|---|---|---|',
    ...rows.map(({ name, runs }, i) => {
      const share = name.includes('ffmpeg') ? 0 : of(runs, (run) => run.ownCpuS / run.cpuS);
      const broker = of(runs, (run) => run.brokerCpuS ?? 0);
      const ratio = median(runs.map((run, round) => run.wallS / (own[round]?.wallS ?? Number.NaN)));
      const cells = [
        name,
        of(runs, (run) => run.wallS).toFixed(1),
        of(runs, (run) => run.cpuS).toFixed(1) + (broker > 0 ? `, broker ${broker.toFixed(1)}` : ''),
        `${(share * 100).toFixed(0)} %`,
        (of(runs, (run) => run.peakBytes) / 1e6).toFixed(0),
        i === 0 ? '' : `${ratio.toFixed(2)}x`,
      ];
      return `| ${cells.join(' | ')} |`;
    }),
    '',
  ];
}

export function qualityLines({ films, usualBytes, wholeBytes, throughRgbBytes }: Comparison): string[] {
  const ours = films[0]?.bytes ?? Number.NaN;
  return [
    '| film at equal settings (veryfast, crf 23; 20 s, picture alone) | MB | PSNR to its own frames before encoding |',
    '|---|---|---|',
    ...films.map(({ name, bytes, psnr }) => `| ${name} | ${(bytes / 1e6).toFixed(2)} | ${psnr.toFixed(2)} dB |`),
    '',
    `At equal PSNR (b) has ${(usualBytes / 1e6).toFixed(2)} MB: Dailies' film is ${percent(ours / usualBytes)}.`,
    `Its own frames, encoded by one ffmpeg to the same PSNR, have ${(wholeBytes / 1e6).toFixed(2)} MB: the film is ${percent(ours / wholeBytes)}.`,
    `After one way through RGB and back, as (b)'s frames have made it, its own frames have ${(throughRgbBytes / 1e6).toFixed(2)} MB at that PSNR: ${percent(throughRgbBytes / usualBytes)} than (b)'s.`,
    '',
  ];
}

export function kernelLines({ width, height, looks }: KernelCost): string[] {
  const costs = Object.entries(looks).map(([name, { msPerFrame }]) => `${name} ${msPerFrame.toFixed(2)} ms`);
  return [`The kernel on a frame of ${width}x${height}, both copies included: ${costs.join(', ')}.`];
}

const percent = (ratio: number): string =>
  ratio > 1 ? `${((ratio - 1) * 100).toFixed(1)} % larger` : `${((1 - ratio) * 100).toFixed(1)} % smaller`;
