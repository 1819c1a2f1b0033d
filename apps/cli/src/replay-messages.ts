import { type EncodedMessage, isFinal, nextRunMessages, type RecordingStatus } from '@dailies/contracts';
import { quote } from '@dailies/library';
import { refusal } from './report.ts';

/** What a look at the file of a recording gives; null when it is not there. */
export type FileNow = { readonly sizeBytes: number; readonly fingerprint: string } | null;

/** Where the file of a recording belongs, and where its original was moved to when it was finished; absolute. */
export interface Places {
  readonly file: string;
  readonly archived: string | null;
}

/**
 * The messages that send a recording through the pipeline once more. Pure.
 * @param force also while it is being processed: the new run makes the one under way void
 * @throws DailiesError CONFIG_INVALID while it is being processed; RECORDING_GONE, RECORDING_CHANGED
 */
export function replayMessages(
  status: RecordingStatus,
  now: FileNow,
  places: Places,
  at: string,
  force = false,
): EncodedMessage[] {
  const { recordingId, path, sizeBytes, fingerprint } = status;
  const name = quote(path);
  if (!isFinal(status.state) && !force) throw inWork(status);
  if (!now && status.archiveRemovedAt !== null) {
    const film = status.film === null ? 'Its film' : `Its film ${quote(status.film)}`;
    throw refusal(
      `The original of ${name} was deleted by retention on ${status.archiveRemovedAt.slice(0, 10)}, so there is nothing to process again.`,
      `${film} is all that there is. A copy of the original, put back to ${quote(places.file)}, can be replayed.`,
      'RECORDING_GONE',
    );
  }
  if (!now) {
    const todo =
      places.archived === null
        ? `Put it back: ${quote(places.file)}`
        : `Its original is archived. Put it back first: mv -n ${quote(places.archived)} ${quote(places.file)}`;
    throw refusal(`${name} is not in the recordings folder any more.`, todo, 'RECORDING_GONE');
  }
  if (now.sizeBytes !== sizeBytes || now.fingerprint !== fingerprint) {
    const todo = 'Nothing: the new content is a recording of its own, and is found by itself.';
    throw refusal(`${name} has another content than recording ${recordingId}.`, todo, 'RECORDING_CHANGED');
  }
  return nextRunMessages(status, at);
}

/** A recording that has not ended needs no replay: what it does, or what it waits for. */
function inWork({ path, state, code, reason }: RecordingStatus): Error {
  const anew =
    'When it stands still for good, as after a broker has lost messages, `--force` begins it anew; what is done of it is dropped.';
  if (code !== null)
    return refusal(
      `${quote(path)} is in work (${state}) and held up: ${code}: ${reason}`,
      `It goes on by itself when that is mended. ${anew}`,
    );
  if (state === 'found')
    return refusal(
      `${quote(path)} waits for its turn already.`,
      `It is processed as soon as \`dailies run\` or the services are at work. ${anew}`,
    );
  return refusal(
    `${quote(path)} is being processed (${state}).`,
    `There is nothing to replay: \`dailies status\` shows how far it is, and after a stop it goes on by itself. ${anew}`,
  );
}
