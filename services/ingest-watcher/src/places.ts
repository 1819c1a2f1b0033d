import { isFinal, PARTITIONS, type RecordingStatus, TOPICS } from '@dailies/contracts';
import type { RecordingsReader } from '@dailies/service';

const COUNT = PARTITIONS[TOPICS.recordings];

/**
 * Where the message of a new recording goes: the partition of `recordings` with the fewest that are not split yet. On Kafka
 * a partition is held up while its first recording is split, which takes as long as the grading; two that share one would
 * go one after the other. Pure.
 * @param taken partitions of the recordings that are not split yet
 */
export function freePlace(recordingId: string, taken: readonly number[]): number {
  const load = Array.from({ length: COUNT }, (_, partition) => taken.filter((each) => each === partition).length);
  // Where it begins to look comes from the id: announced again by a watcher that died, it goes to the same place.
  const start = Number.parseInt(recordingId.slice(0, 8), 16) % COUNT;
  const order = Array.from({ length: COUNT }, (_, i) => (start + i) % COUNT);
  return order.reduce((best, each) => ((load[each] as number) < (load[best] as number) ? each : best));
}

/** Gives places to recordings as they are found. What was given and is not in the view yet counts, too. */
export function createPlaces(
  view: Pick<RecordingsReader, 'all' | 'get'>,
): (recordingId: string, run: number) => number {
  const given = new Map<string, { readonly run: number; readonly place: number }>();
  return (recordingId, run) => {
    for (const [id, { run: ofRun }] of given) if ((view.get(id)?.run ?? -1) >= ofRun) given.delete(id);
    given.delete(recordingId);
    const taken = [
      ...view
        .all()
        .filter(isWaiting)
        .flatMap(({ partition }) => partition ?? []),
      ...[...given.values()].map(({ place }) => place),
    ];
    const place = freePlace(recordingId, taken);
    given.set(recordingId, { run, place });
    return place;
  };
}

/** Whether its message still lies in its partition, as far as events tell. */
function isWaiting({ state, batches }: RecordingStatus): boolean {
  return !isFinal(state) && batches === null;
}
