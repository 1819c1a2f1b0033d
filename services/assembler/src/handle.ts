import {
  type BatchFailed,
  DailiesError,
  type EncodedMessage,
  encodeEvent,
  encodeRecording,
  type GradedBatch,
  type GradedMessage,
  SplitComplete,
} from '@dailies/contracts';
import type { RunKey } from '@dailies/library';
import { decide, isWhole } from './decide.ts';
import { finishRecording } from './finish.ts';
import { beginAnew, EXPECTED, isLost, nameOf } from './lost.ts';
import type { AssemblerPorts } from './ports.ts';
import { storePart, storeWhole } from './store.ts';

/**
 * Takes one message of `graded`: stores a batch, or notes how many there will be; with the last one it makes the film.
 * Nothing that a second delivery would need is removed here; see finish.ts.
 * @returns the messages that follow, to be published with the acknowledgement
 */
export async function assemble(
  message: GradedMessage,
  payload: Uint8Array,
  ports: AssemblerPorts,
  signal: AbortSignal,
): Promise<EncodedMessage[]> {
  const key: RunKey = { recordingId: message.recordingId, run: message.run, cut: message.cut };
  const head = { v: 1, recordingId: message.recordingId, run: message.run } as const;
  const at = new Date(ports.now()).toISOString();
  const decision = decide(message, ports.view.get(message.recordingId));
  if (decision !== 'drop' && decision !== 'fail') await requireDisk(ports);
  if ((decision === 'store' || decision === 'expect') && (await isLost(key, ports)))
    return (await beginAnew(key, ports)) ?? [];
  switch (decision) {
    case 'drop':
      return [];
    case 'fail': {
      const { code, reason, index } = message as BatchFailed;
      const isImage = ports.view.get(message.recordingId)?.kind === 'image';
      return [
        encodeEvent({ ...head, type: 'batch-failed', at, cut: message.cut, index, code, reason }),
        encodeEvent({ ...head, type: 'failed', at, code, reason: isImage ? reason : `batch ${index}: ${reason}` }),
      ];
    }
    case 'cut-again':
      return cutAgain(message as BatchFailed, ports, at);
    case 'store': {
      const batch = message as GradedBatch;
      const bytes =
        batch.parts === 1 ? await storeWhole(batch, payload, key, ports) : await storePart(batch, payload, key, ports);
      // A part that others have to follow, or of a batch that is told by another message.
      if (bytes === null) return [];
      const stored = encodeEvent({
        ...head,
        type: 'batch-stored',
        at,
        cut: batch.cut,
        index: batch.index,
        frames: batch.ptsDeltas.length,
        bytes,
        worker: batch.worker,
        gradeMs: batch.gradeMs,
      });
      const expected = await readExpected(key, ports);
      return expected ? whenWhole(expected, key, ports, [stored], signal) : [stored];
    }
    case 'expect': {
      const expected = message as SplitComplete;
      if (expected.kind === 'video') ports.readAhead(expected.recordingId, expected.path);
      await ports.notes.write(key, EXPECTED, JSON.stringify(expected));
      ports.noted.set(expected.recordingId, nameOf(key));
      return whenWhole(expected, key, ports, [], signal);
    }
  }
}

/** Makes the film when the last batch is there. `before` goes out first, so that progress is seen while it is made. */
async function whenWhole(
  expected: SplitComplete,
  key: RunKey,
  ports: AssemblerPorts,
  before: EncodedMessage[],
  signal: AbortSignal,
): Promise<EncodedMessage[]> {
  if (!isWhole(expected, new Set(await ports.batches.list(key)))) return before;
  const at = new Date(ports.now()).toISOString();
  await ports.publish([
    ...before,
    encodeEvent({ v: 1, type: 'assembling', recordingId: key.recordingId, run: key.run, at }),
  ]);
  try {
    return await finishRecording(expected, key, ports, signal);
  } catch (thrown) {
    await requireDisk(ports);
    // Somebody has removed them meanwhile; whatever else is wrong shows again when the next run comes to this point.
    if (isWhole(expected, new Set(await ports.batches.list(key)))) throw thrown;
    return (await beginAnew(key, ports)) ?? [];
  }
}

/** Before anything is written, or held to be gone. @throws DailiesError FOLDER_ABSENT */
async function requireDisk(ports: AssemblerPorts): Promise<void> {
  const absent = await ports.absent();
  if (absent) throw absent;
}

async function readExpected(key: RunKey, ports: AssemblerPorts): Promise<SplitComplete | null> {
  const text = await ports.notes.read(key, EXPECTED);
  return text === null ? null : SplitComplete.parse(JSON.parse(text));
}

/** The packets of a `copy` run promised other frames than they decode to: the same run is cut again by decoding. */
async function cutAgain(message: BatchFailed, ports: AssemblerPorts, at: string): Promise<EncodedMessage[]> {
  const status = ports.view.get(message.recordingId);
  if (!status) throw new DailiesError('INTERNAL', `Recording ${message.recordingId} is not known yet.`);
  const { recordingId, run, index, code, reason } = message;
  // One is enough, however many of its batches say so.
  if (status.cutAgain) return [];
  // Not what is cut again: this message may come twice, the second time when batches of that are stored already.
  await ports.batches.removeRun({ recordingId, run, cut: 'copy' });
  // The work first: Kafka takes them one after the other, and who sees the event need not ask for the work again.
  return [
    encodeRecording(
      {
        v: 1,
        type: 'recording',
        recordingId,
        run,
        cut: 'rekey',
        kind: status.kind,
        path: status.path,
        sizeBytes: status.sizeBytes,
        fingerprint: status.fingerprint,
        foundAt: at,
      },
      // Behind the message that is split now: who takes it has seen that one end.
      status.partition ?? undefined,
    ),
    encodeEvent({ v: 1, type: 'batch-failed', recordingId, run, at, cut: 'copy', index, code, reason }),
  ];
}
