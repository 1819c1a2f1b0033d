import {
  type BatchFailed,
  type GradedMessage,
  isFinal,
  type RecordingStatus,
  type SplitComplete,
} from '@dailies/contracts';

/**
 * What a message on `graded` asks for. Pure.
 * `drop`: it belongs to a run that is over, or to a way to cut that was abandoned; `store`: a batch to keep;
 * `expect`: now the number of batches is known; `cut-again`: the recording has to be cut by decoding; `fail`: its end.
 */
export type Decision = 'drop' | 'store' | 'expect' | 'cut-again' | 'fail';

export function decide(message: GradedMessage, status: RecordingStatus | undefined): Decision {
  if (status) {
    if (status.run > message.run) return 'drop';
    if (status.run === message.run) {
      if (isFinal(status.state)) return 'drop';
      if (status.cut === 'rekey' && message.cut === 'copy') return 'drop';
    }
  }
  switch (message.type) {
    case 'graded-batch':
      return 'store';
    case 'split-complete':
      return 'expect';
    case 'batch-failed':
      return isCutAgain(message) ? 'cut-again' : 'fail';
  }
}

function isCutAgain(message: BatchFailed): boolean {
  return message.code === 'FRAMES_MISMATCH' && message.cut === 'copy';
}

/** Whether exactly the batches 0 … n−1 are stored. */
export function isWhole(expected: SplitComplete, stored: ReadonlySet<number>): boolean {
  if (stored.size < expected.batches) return false;
  for (let index = 0; index < expected.batches; index++) if (!stored.has(index)) return false;
  return true;
}
