/**
 * `npm run demo`: makes a recording as Jibri would, lays it down as Jibri does, runs the pipeline on it, and shows what
 * came out. Everything is below demo/, which is made anew each time.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findTools } from '@dailies/media';
import { recordingPath, writeMetadata } from './demo/lay-down.ts';
import { writeBeforeAfter } from './demo/picture.ts';
import { makeRecording } from './demo/recording.ts';

const SECONDS = 60;
/** The second that the picture shows: the third person speaks. */
const PICTURE_AT = 33;

const root = fileURLToPath(new URL('..', import.meta.url));
const dailies = join(root, 'apps/cli/src/main.ts');
const demo = join(root, 'demo');
const recordings = join(demo, 'recordings');

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

interface Entry {
  readonly film: string;
  readonly archived: string;
  readonly frames: number;
  readonly durationMs: number;
  readonly sizeBytes: number;
  readonly filmBytes: number;
  readonly startedAt: string;
  readonly endedAt: string;
}

async function main(): Promise<number> {
  await rm(demo, { recursive: true, force: true });
  const tools = await findTools(
    { ffmpegPath: process.env.FFMPEG_PATH, ffprobePath: process.env.FFPROBE_PATH },
    process.env.PATH ?? '',
  );
  const recording = recordingPath(recordings);
  console.log(`Making a meeting of ${SECONDS} s with the encoder settings of Jibri …`);
  await makeRecording(tools.ffmpeg, recording, SECONDS);
  await writeMetadata(recording);
  console.log(
    `${recording} (${megabytes((await stat(recording)).size)})\n\n$ dailies run --once --recordings demo/recordings`,
  );

  const run = spawn(process.execPath, [dailies, 'run', '--once', '--recordings', recordings], {
    cwd: root,
    stdio: 'inherit',
  });
  const [code] = (await once(run, 'exit')) as [number | null];
  if (code !== 0) {
    console.error(`\nThe demo made no film (exit code ${code}); the lines above tell why.`);
    return 1;
  }
  const { stdout } = await promisify(execFile)(process.execPath, [
    dailies,
    'status',
    '--json',
    '--recordings',
    recordings,
  ]);
  const [entry] = JSON.parse(stdout) as [Entry];
  const film = join(recordings, entry.film);
  const picture = join(demo, 'before-after.png');
  await writeBeforeAfter(tools.ffmpeg, join(recordings, entry.archived), film, PICTURE_AT, picture);
  const seconds = (Date.parse(entry.endedAt) - Date.parse(entry.startedAt)) / 1000;
  console.log(`
Film            ${film}
Original        ${join(recordings, entry.archived)}
Before/after    ${picture}
Frames          ${entry.frames}, each at its own time
Made in         ${seconds.toFixed(1)} s, ${(entry.durationMs / 1000 / seconds).toFixed(1)} times real time
Size            ${megabytes(entry.sizeBytes)} recording, ${megabytes(entry.filmBytes)} film`);
  return 0;
}

process.exitCode = await main();
