/**
 * The pipeline against ffmpeg on one clip: `npm run bench`. All figures come from one run on one machine, as ratios; times
 * are medians. Clip: 720p30 with Jibri's encoding parameters.
 */
import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findLook, toCube } from '../packages/grade/src/index.ts';
import { findTools } from '../packages/media/src/index.ts';
import { measureKernel } from './kernel.ts';

const RUNS = Number(process.env.BENCH_RUNS ?? 5);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 60);
const MAIN = fileURLToPath(new URL('../apps/cli/src/main.ts', import.meta.url));

interface Measured {
  readonly wallS: number;
  readonly cpuS: number;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/** Runs a program to its end; processor time is that of the whole process tree, as the shell's `times` counts it. */
function measure(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    // `times` prints the shell's own and its children's user and system time.
    const child = spawn(
      'bash',
      ['-c', '"$@" >/dev/null 2>"$BENCH_LOG"; code=$?; times; exit $code', 'bench', ...command],
      { env: { ...env, BENCH_LOG: join(tmpdir(), 'dailies-bench.log') }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.once('close', (code) => {
      const wallS = (performance.now() - began) / 1000;
      if (code !== 0)
        return reject(
          new Error(
            `${command.slice(0, 3).join(' ')} … ended with ${code}; see ${join(tmpdir(), 'dailies-bench.log')}`,
          ),
        );
      const [user = 0, system = 0] = [...(out.trim().split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(
        (part) => Number(part[1]) * 60 + Number(part[2]),
      );
      resolve({ wallS, cpuS: user + system });
    });
  });
}

async function main(): Promise<void> {
  const tools = await findTools(
    { ffmpegPath: process.env.FFMPEG_PATH, ffprobePath: process.env.FFPROBE_PATH },
    process.env.PATH ?? '',
  );
  const folder = await mkdtemp(join(tmpdir(), 'dailies-bench-'));
  const clip = join(folder, 'clip.mp4');
  const cube = join(folder, 'both.cube');
  await writeFile(cube, toCube(findLook('both')));
  await measure([
    tools.ffmpeg,
    '-y',
    '-f',
    'lavfi',
    '-i',
    `testsrc2=s=1280x720:r=30:d=${SECONDS}`,
    '-f',
    'lavfi',
    '-i',
    `sine=frequency=440:duration=${SECONDS}`,
    '-c:v',
    'libx264',
    '-profile:v',
    'main',
    '-level',
    '3.1',
    '-pix_fmt',
    'yuv420p',
    '-crf',
    '25',
    '-preset',
    'ultrafast',
    '-x264-params',
    'keyint=250:scenecut=0',
    '-c:a',
    'aac',
    '-b:a',
    '128k',
    '-ar',
    '44100',
    clip,
  ]);
  const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-c:a', 'copy'];
  const plain = [tools.ffmpeg, '-y', '-i', clip, ...x264, join(folder, 'plain.mp4')];
  const usual = [
    tools.ffmpeg,
    '-y',
    '-i',
    clip,
    '-vf',
    `lut3d=${cube},vignette,drawbox=0:0:iw:ih*0.12:black:fill,drawbox=0:ih*0.88:iw:ih*0.12:black:fill,format=yuv420p`,
    ...x264,
    join(folder, 'usual.mp4'),
  ];
  const room = join(folder, 'room');
  const pipeline = async (): Promise<Measured> => {
    await rm(room, { recursive: true, force: true });
    await mkdir(room);
    await copyFile(clip, join(room, 'clip.mp4'));
    const old = new Date(Date.now() - 3_600_000);
    await utimes(join(room, 'clip.mp4'), old, old);
    return measure([process.execPath, MAIN, 'run', '--once'], {
      ...process.env,
      RECORDINGS_DIR: room,
      STABLE_MS: '0',
      QUIET_MS: '0',
      FFMPEG_PATH: tools.ffmpeg,
      FFPROBE_PATH: tools.ffprobe,
    });
  };
  const all: Record<'pipeline' | 'plain' | 'usual', Measured[]> = { pipeline: [], plain: [], usual: [] };
  // In turn, so that a machine that slows down slows all of them down.
  for (let run = 0; run <= RUNS; run++) {
    const once = { pipeline: await pipeline(), plain: await measure(plain), usual: await measure(usual) };
    // The first round warms the caches up.
    if (run > 0) for (const name of ['pipeline', 'plain', 'usual'] as const) all[name].push(once[name]);
  }
  const ratio = (other: 'plain' | 'usual'): number =>
    median(all.pipeline.map((own, i) => (all[other][i] as Measured).wallS / own.wallS));
  const row = (name: string, of: readonly Measured[]): string =>
    `| ${name} | ${median(of.map((m) => m.wallS)).toFixed(1)} | ${median(of.map((m) => m.cpuS)).toFixed(1)} |`;
  const kernel = await measureKernel();
  console.log(
    `ffmpeg ${tools.version}, ${cpus().length} cores, ${SECONDS} s of 1280x720 at 30 frames/s, medians of ${RUNS}\n`,
  );
  console.log('| way | wall s | processor s |\n|---|---|---|');
  console.log(row('Dailies, start to end, look `both`', all.pipeline));
  console.log(row('(a) ffmpeg, decode and encode, no filter', all.plain));
  console.log(row('(b) ffmpeg with lut3d, vignette, drawbox', all.usual));
  console.log(`\nspeed against (a): ${ratio('plain').toFixed(2)}x, against (b): ${ratio('usual').toFixed(2)}x`);
  console.log(
    `film ${((await stat(join(room, 'processed', 'clip.mp4'))).size / 1e6).toFixed(1)} MB, (b) ${((await stat(join(folder, 'usual.mp4'))).size / 1e6).toFixed(1)} MB`,
  );
  console.log(`kernel: ${JSON.stringify(kernel)}`);
  await rm(folder, { recursive: true, force: true });
}

await main();
