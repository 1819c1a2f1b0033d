import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { measure } from './measure.ts';
import { type Setting, X264 } from './way.ts';
import { dailies } from './ways/dailies.ts';
import { usual, usualFilters } from './ways/usual.ts';

const run = promisify(execFile);

/** Size and quality of a film, against the same graded frames before they were encoded. */
export interface Quality {
  readonly name: string;
  readonly bytes: number;
  /** Mean over all frames and planes, dB. */
  readonly psnr: number;
}

/** A part of the clip: the frames before encoding are large. */
const SECONDS = 20;
const LOSSLESS = ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '0', '-an'];
/** Neighbours of the default CRF, for the size at another PSNR. */
const CRFS = [22, 23, 24] as const;

export interface Comparison {
  readonly films: readonly Quality[];
  /** What (b)'s frames take at our PSNR. */
  readonly usualBytes: number;
  /** What our own frames take at our PSNR when one ffmpeg encodes all of them: the price of batches and of keyframes every 4 s. */
  readonly wholeBytes: number;
  /**
   * The same of our own frames after one way through RGB and back, as (b)'s take for their LUT: what that smooths away in
   * the colour planes need not be encoded.
   */
  readonly throughRgbBytes: number;
}

/**
 * Compares sizes at equal PSNR: our film, and (b). Each way's picture differs a little, so each film is measured against
 * that way's own frames; and since equal settings give another PSNR, frames are encoded at three CRFs.
 */
export async function compareQuality(setting: Setting): Promise<Comparison> {
  const { tools, folder } = setting;
  const clip = join(folder, 'quality.mp4');
  const ffmpeg = [tools.ffmpeg, '-nostdin', '-v', 'error', '-y'];
  await measure([...ffmpeg, '-i', setting.clip, '-t', String(SECONDS), '-c', 'copy', clip]);
  const short = { ...setting, clip };

  const ours = dailies(short, 'quality');
  await ours.run();
  const oursRaw = join(folder, 'ours-raw.mp4');
  await gradeLossless(short, oursRaw);
  const our = await qualityOf(short, 'Dailies', ours.film(), oursRaw);

  const usualRaw = join(folder, 'usual-raw.mp4');
  await measure([...ffmpeg, '-i', clip, '-vf', usualFilters(folder), ...LOSSLESS, usualRaw]);
  const theirs = await encodings(short, usual(short).name, usualRaw);
  const whole = await encodings(short, 'one ffmpeg', oursRaw);
  const rgbRaw = join(folder, 'rgb-raw.mp4');
  await measure([...ffmpeg, '-i', oursRaw, '-vf', 'format=gbrp,format=yuv420p', ...LOSSLESS, rgbRaw]);
  const throughRgb = await encodings(short, 'one ffmpeg, through RGB', rgbRaw);
  return {
    films: [our, theirs[1] as Quality],
    usualBytes: bytesAt(our.psnr, theirs),
    wholeBytes: bytesAt(our.psnr, whole),
    throughRgbBytes: bytesAt(our.psnr, throughRgb),
  };
}

/** The same frames encoded by one ffmpeg at each of `CRFS`. */
async function encodings(setting: Setting, name: string, raw: string): Promise<Quality[]> {
  const films: Quality[] = [];
  for (const crf of CRFS) {
    const film = `${raw}-${crf}.mp4`;
    const input = [setting.tools.ffmpeg, '-nostdin', '-v', 'error', '-y', '-i', raw];
    await measure([...input, ...X264, '-crf', String(crf), '-an', film]);
    films.push(await qualityOf(setting, name, film, raw));
  }
  return films;
}

/** The pipeline's frames as they are given to the encoder: the same command, with a lossless one. */
async function gradeLossless({ tools, clip }: Setting, film: string): Promise<void> {
  const main = new URL('../apps/cli/src/main.ts', import.meta.url).pathname;
  await measure([process.execPath, main, 'grade', clip, film], {
    ...process.env,
    LOSSLESS: 'true',
    PRESET: 'ultrafast',
    FFMPEG_PATH: tools.ffmpeg,
    FFPROBE_PATH: tools.ffprobe,
  });
}

async function qualityOf({ tools }: Setting, name: string, film: string, raw: string): Promise<Quality> {
  const { stderr } = await run(tools.ffmpeg, [
    ...['-nostdin', '-hide_banner', '-i', film, '-i', raw],
    ...['-lavfi', '[0:v]setpts=N[a];[1:v]setpts=N[b];[a][b]psnr', '-f', 'null', '-'],
  ]);
  const psnr = Number(/PSNR .* average:([\d.]+)/.exec(stderr)?.[1]);
  return { name, bytes: await pictureBytes(tools.ffprobe, film), psnr };
}

/** Bytes of the picture track alone. */
async function pictureBytes(ffprobe: string, film: string): Promise<number> {
  const { stdout } = await run(
    ffprobe,
    ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=size', '-of', 'csv=p=0', film],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  const sum = stdout.split('\n').reduce((bytes, line) => bytes + (Number.parseInt(line, 10) || 0), 0);
  return sum || (await stat(film)).size;
}

/** The size at a PSNR, on the line through the two points next to it: log(size) is nearly linear in PSNR. */
function bytesAt(psnr: number, points: readonly Quality[]): number {
  const [low, middle, high] = [...points].sort((a, b) => a.psnr - b.psnr) as [Quality, Quality, Quality];
  const [from, to] = psnr < middle.psnr ? [low, middle] : [middle, high];
  const share = (psnr - from.psnr) / (to.psnr - from.psnr);
  return Math.exp(Math.log(from.bytes) + share * (Math.log(to.bytes) - Math.log(from.bytes)));
}
