import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { drawPerson, drawWall, PEOPLE } from './people.ts';

const run = promisify(execFile);

// All of it lies between the bars of the default look: rows 86 to 633 of 720.
const SCREEN = { width: 912, height: 512, x: 24, y: 104 };
const TILE = { width: 304, height: 164, x: 952, y: 104, pitch: 174 };
const FPS = 30;

/** Jibri's own encoder arguments (jitsi/jibri, FfmpegCapturer): no `-g`, so x264 puts a keyframe every 250 frames. */
const JIBRI = [
  ...[
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-crf',
    '25',
    '-pix_fmt',
    'yuv420p',
    '-profile:v',
    'main',
    '-level',
    '3.1',
  ],
  ...['-r', String(FPS), '-sc_threshold', '0'],
  ...['-c:a', 'aac', '-b:a', '128k', '-ar', '44100'],
];

/**
 * Makes a recording as Jibri would make it of a meeting: somebody shares a screen, three people move, the frame number
 * is burnt in, a beep sounds each second. Filters of 2018, no fonts.
 */
export async function makeRecording(ffmpeg: string, file: string, seconds: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dailies-demo-'));
  try {
    const images: string[] = [];
    for (const [i, person] of PEOPLE.entries()) {
      const wall = join(folder, `wall${i}.pam`);
      const head = join(folder, `person${i}.pam`);
      await writeFile(wall, drawWall(person, TILE.width, TILE.height));
      await writeFile(head, drawPerson(person, TILE.width, TILE.height));
      images.push(wall, head);
    }
    await mkdir(dirname(file), { recursive: true });
    const inputs = images.flatMap((image) => ['-loop', '1', '-framerate', String(FPS), '-i', image]);
    await run(
      ffmpeg,
      [
        '-nostdin',
        '-v',
        'error',
        '-y',
        ...inputs,
        '-filter_complex',
        `${pictureGraph()};${SOUND}`,
        '-map',
        '[picture]',
        '-map',
        '[sound]',
        '-t',
        String(seconds),
        ...JIBRI,
        file,
      ],
      { maxBuffer: 1 << 20 },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A beep of a tenth of a second at each full second, and two voices' hum below it. */
const SOUND = [
  'aevalsrc=',
  "'0.35*sin(2*PI*880*t)*lt(mod(t,1),0.1)+0.03*sin(2*PI*170*t)*sin(2*PI*2.3*t)",
  "|0.35*sin(2*PI*880*t)*lt(mod(t,1),0.1)+0.03*sin(2*PI*120*t)*sin(2*PI*1.7*t)'",
  ':s=44100,aresample=async=1[sound]',
].join('');

/** Filters for input pairs (wall, person) 0 … 2n−1. Jitsi's layout: the shared screen, and a strip of tiles beside it. */
function pictureGraph(): string {
  const tiles = PEOPLE.map((_, i) => {
    // Each sways at a pace of its own; who speaks nods.
    const x = `${3 + i}*sin(2*PI*t/${5 + 2 * i})`;
    const y = `4+3*sin(2*PI*t/${3 + i})+2*sin(2*PI*t*1.5)*${speaks(i)}`;
    const frame = `drawbox=x=0:y=0:w=iw:h=ih:color=0x3d8bfd:t=4:enable='${speaks(i)}'`;
    return `[${2 * i}][${2 * i + 1}]overlay=x='${x}':y='${y}',${frame}[tile${i}]`;
  });
  const placed = PEOPLE.map(
    (_, i) => `[stage${i}][tile${i}]overlay=${TILE.x}:${TILE.y + i * TILE.pitch}[stage${i + 1}]`,
  );
  return [
    `color=0x1b1e24:s=1280x720:r=${FPS}[ground]`,
    // A fractal that is zoomed into: fine detail that moves, the hard case for an encoder.
    `mandelbrot=s=${SCREEN.width / 2}x${SCREEN.height / 2}:r=${FPS}:start_scale=1:end_scale=0.05:end_pts=1800:maxiter=150,scale=${SCREEN.width}:${SCREEN.height},hue=h=200:s=0.4[screen]`,
    // testsrc2 writes time and frame number with letters of its own; that corner alone is used, enlarged.
    `testsrc2=s=320x240:r=${FPS},crop=104:40:0:0,scale=208:80:flags=neighbor,hue=s=0[number]`,
    `[ground][screen]overlay=${SCREEN.x}:${SCREEN.y}[shared]`,
    `[shared][number]overlay=${SCREEN.x + 12}:${SCREEN.y + 12}[stage0]`,
    ...tiles,
    ...placed,
    `[stage${PEOPLE.length}]null[picture]`,
  ].join(';');
}

/** An expression that is 1 while person `i` speaks: they take turns of 4 s. */
function speaks(i: number): string {
  return `between(mod(t,${4 * PEOPLE.length}),${4 * i},${4 * i + 3.9})`;
}
