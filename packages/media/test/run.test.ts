import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTools } from '../src/index.ts';
import { runFfmpeg } from '../src/run.ts';

const tools = await findTools({ ffmpegPath: undefined, ffprobePath: undefined }, process.env.PATH ?? '');

/** A second of silence, 176 kB: more than a pipe holds, less than our buffers do, so that ffmpeg does not wait for anybody. */
const silence = (target: Writable, signal?: AbortSignal) =>
  runFfmpeg({
    tools,
    inputs: [{ options: ['-f', 'lavfi', '-t', '1'], source: 'anullsrc=r=44100:cl=stereo' }],
    output: ['-f', 's16le'],
    target,
    timeoutMs: 60_000,
    signal,
    purpose: 'make silence',
  });

/** Takes the first bytes and answers long after ffmpeg has ended. */
function slow(answer: () => Promise<void>): Writable {
  return new Writable({
    autoDestroy: false,
    emitClose: false,
    highWaterMark: 1024 * 1024,
    write(_chunk, _encoding, done) {
      sleep(500)
        .then(answer)
        .then(() => done(), done);
    },
  });
}

// A stop, or a full disk, while the last batches of a short recording waited for room: ffmpeg had ended, the error of its
// target was lost, and the recording, cut off in the middle, "was changed while it was processed", and had failed.
test('an error of the target is heard also when ffmpeg has ended before', async () => {
  await assert.rejects(
    silence(
      slow(async () => {
        throw new Error('no room');
      }),
    ),
    /no room/,
  );
});

test('a stop is heard also when ffmpeg has ended before', async () => {
  const stop = new AbortController();
  const target = slow(async () => {
    stop.abort();
    stop.signal.throwIfAborted();
  });
  await assert.rejects(silence(target, stop.signal), { code: 'ABORTED' });
});

test('what comes before the error is taken, and without one all of it', async () => {
  let bytes = 0;
  const target = new Writable({
    autoDestroy: false,
    emitClose: false,
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done();
    },
  });
  await silence(target);
  assert.equal(bytes, 44_100 * 2 * 2);
});
