import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import {
  type Cut,
  DailiesError,
  type EncodedMessage,
  type EncodeSettings,
  type ImageBatch,
  isFinal,
  type Look,
  MAX_IMAGE_BYTES,
  type RecordingMessage,
  type RecordingStatus,
  sha256,
  toDailiesError,
} from '@dailies/contracts';
import { type FfmpegTools, type Limits, prepareSplit, readSource } from '@dailies/media';
import type { RecordingsReader } from '@dailies/service';
import {
  anewMessages,
  completeMessages,
  imageMessages,
  type Run,
  splittingEvent,
  videoBatchMessages,
} from './messages.ts';
import { publishAndSee } from './see.ts';
import { Abandoned, waitForRoom } from './window.ts';

export interface SplitPorts {
  readonly view: RecordingsReader;
  readonly tools: FfmpegTools;
  readonly look: Look;
  readonly limits: Limits;
  readonly encode: EncodeSettings;
  readonly batchSeconds: number;
  readonly windowBatches: number;
  readonly timeoutMs: number;
  /** How long our own view is waited for. */
  readonly seeMs: number;
  /** Absolute path of a recording's file. @throws DailiesError when it would leave the recordings folder */
  resolve(path: string): Promise<string>;
  /** Why the folder of all recordings is not there; null when it is. */
  absent(): Promise<DailiesError | null>;
  /** Size and fingerprint of the file now. @throws system errors */
  describe(file: string): Promise<{ sizeBytes: number; fingerprint: string }>;
  publish(messages: readonly EncodedMessage[]): Promise<void>;
  now(): number;
  say(
    fact: { recordingId: string; path: string; cut: string; frames: number; notes: readonly string[] },
    text: string,
  ): void;
}

const IMAGE_FORMATS: Readonly<Record<string, ImageBatch['format']>> = {
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.png': 'png',
  '.webp': 'webp',
};

/**
 * Cuts one recording into batches and sends them, no more than the window allows. Batches that were sent before a
 * restart are not sent again.
 * @returns the messages that end the split, to be published with the acknowledgement; none when there is nothing to do
 * @throws DailiesError; Abandoned never leaves this function
 */
export async function splitRecording(
  message: RecordingMessage,
  ports: SplitPorts,
  signal: AbortSignal,
): Promise<EncodedMessage[]> {
  if (isOver(ports.view.get(message.recordingId), message)) return [];
  const file = await ports.resolve(message.path);
  try {
    await checkUnchanged(file, message, ports);
    return message.kind === 'image'
      ? await splitImage(file, message, ports)
      : await splitVideo(file, message, ports, signal);
  } catch (thrown) {
    if (thrown instanceof Abandoned) return [];
    if (toDailiesError(thrown).code !== 'RECORDING_GONE') throw thrown;
    // A disk that is not mounted has lost no recording.
    throw (await ports.absent()) ?? thrown;
  }
}

/** Whether there is nothing (more) to split for a message, as far as the view knows. Pure. */
export function isOver(status: RecordingStatus | undefined, { run, cut }: RecordingMessage): boolean {
  if (!status || status.run < run) return false;
  if (status.run > run || isFinal(status.state)) return true;
  // What cannot be cut at its keyframes is cut by decoding also when nobody asked for it.
  if (status.batches !== null && (status.cut === cut || status.cut === 'rekey')) return true;
  return cut === 'copy' && status.cutAgain;
}

/**
 * Names all that the batches of a run depend on. A process that was stopped in the middle may come back with another look,
 * or another length of batches: what is stored then does not go with what would be sent. Where the splitter encodes, so it
 * is with another ffmpeg.
 */
export function recipeOf(
  { look, encode, batchSeconds, tools }: Pick<SplitPorts, 'look' | 'encode' | 'batchSeconds' | 'tools'>,
  cut: Cut,
): string {
  const encoder = cut === 'rekey' ? { ffmpeg: tools.version } : {};
  return sha256(Buffer.from(JSON.stringify({ look, encode, batchSeconds, ...encoder }))).slice(0, 16);
}

/** @throws DailiesError RECORDING_GONE, RECORDING_CHANGED */
async function checkUnchanged(file: string, message: RecordingMessage, ports: SplitPorts): Promise<void> {
  const now = await ports.describe(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT')
      throw new DailiesError('RECORDING_GONE', `${message.path} is not there any more.`, { cause });
    throw cause;
  });
  if (now.sizeBytes !== message.sizeBytes || now.fingerprint !== message.fingerprint) {
    throw new DailiesError(
      'RECORDING_CHANGED',
      `${message.path} was replaced or changed after it was found; the new content is a recording of its own.`,
    );
  }
}

async function splitImage(file: string, message: RecordingMessage, ports: SplitPorts): Promise<EncodedMessage[]> {
  const format = IMAGE_FORMATS[extname(message.path).toLowerCase()];
  if (!format)
    throw new DailiesError('IMAGE_FAILED', `${message.path} is no image that Dailies knows (jpg, png, webp).`);
  if (message.sizeBytes > MAX_IMAGE_BYTES)
    throw new DailiesError(
      'BATCH_TOO_LARGE',
      `The image has ${message.sizeBytes} bytes; an image travels whole, and a message holds ${MAX_IMAGE_BYTES}.`,
    );
  const run: Run = { message, cut: 'copy', look: ports.look };
  const now = ports.now();
  return [
    ...imageMessages(run, format, await readFile(file), now),
    ...completeMessages(run, { batches: 1, frames: 1 }, { timeBase: { num: 1, den: 1 }, picture: null }, now),
  ];
}

async function splitVideo(
  file: string,
  message: RecordingMessage,
  ports: SplitPorts,
  signal: AbortSignal,
): Promise<EncodedMessage[]> {
  const options = { batchSeconds: ports.batchSeconds, timeoutMs: ports.timeoutMs, signal };
  const source = await readSource(ports.tools, file, ports.limits, signal);
  const split = await prepareSplit(ports.tools, source, options, message.cut);
  const run: Run = { message, cut: split.cut, look: ports.look };
  const { notes } = split;
  const recipe = recipeOf(ports, split.cut);
  const begun = { frames: split.frames, durationMs: split.durationMs, recipe, note: notes.join('; ') || undefined };
  await publishAndSee(splittingEvent(run, begun, ports.now()), ports, signal);
  // Now the view knows what another process did with this recording before us.
  const status = ports.view.get(message.recordingId);
  if (isOver(status, message)) return [];
  const fact = { recordingId: message.recordingId, path: message.path, cut: split.cut, frames: split.frames, notes };
  if (status?.run === message.run && status.recipe !== null && status.recipe !== recipe) {
    ports.say(fact, 'begun anew: the look or other settings have changed since it was begun');
    return anewMessages(message, ports.now());
  }
  ports.say(fact, 'splitting');

  const facts = { timeBase: split.timeBase, picture: split.picture, encode: ports.encode };
  const sentNow = new Set<number>();
  const known = (index: number): boolean => {
    const status = ports.view.get(message.recordingId);
    return (
      status?.run === message.run && status.cut === split.cut && (status.sent.has(index) || status.stored.has(index))
    );
  };
  const total = await split.run({
    wants: (index) => !known(index),
    async batch(batch) {
      const of = { recordingId: message.recordingId, run: message.run, cut: split.cut };
      // Events come back a little later than batches go out; what the view has not seen yet counts too.
      const unseen = (): number => {
        for (const index of sentNow) if (known(index)) sentNow.delete(index);
        return sentNow.size;
      };
      await waitForRoom(ports.view, of, ports.windowBatches, unseen, signal);
      await ports.publish(videoBatchMessages(run, batch, facts, ports.now()));
      sentNow.add(batch.index);
    },
  });
  await checkUnchanged(file, message, ports);
  return completeMessages(run, total, facts, ports.now());
}
