import { join } from 'node:path';
import { isFinal, type RecordingStatus } from '@dailies/contracts';
import { drawFault, type Fault } from './faults.ts';
import { inHandAt } from './gradings.ts';
import type { Place } from './processes.ts';
import type { Progress } from './progress.ts';
import { putIn } from './sources.ts';
import { SLOTS, type Stage } from './stage.ts';

export interface RoundOptions {
  readonly stage: Stage;
  readonly progress: Progress;
  readonly sources: readonly string[];
  readonly next: () => number;
  /** Number of the first fault, and how many there are. */
  readonly from: number;
  readonly faults: number;
  /** Nothing is hit any more after this moment of `performance.now()`. */
  readonly untilMs: number;
  /** Names of recordings begin with it. */
  readonly name: string;
  say(line: string): void;
}

export interface Round {
  /** The recordings that were put in: path → the file that each is a copy of. */
  readonly recordings: ReadonlyMap<string, string>;
  readonly faults: readonly Fault[];
  readonly inHand: number;
}

/** As many recordings are under way at once; when one ends, the next one comes in, until the faults are over. */
const UNDER_WAY = 3;
/** A frozen process may hold a lock of the embedded bus, and on a busy machine a broker needs more than a minute to come back. */
const PATIENCE_MS = 240_000;

/** Puts recordings in and hits what works on them, one fault after the other. Resolves when all processes run undisturbed. */
export async function runRound(options: RoundOptions): Promise<Round> {
  const { stage, progress, sources, next, from, faults, name, say } = options;
  const recordings = new Map<string, string>();
  const made: Fault[] = [];
  const pending = new Set<Promise<void>>();
  let inHand = 0;
  let feeding = Promise.resolve();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  const failed = (error: unknown): void => broken.reject(error);

  const open = (): RecordingStatus[] => stage.view.all().filter(({ state }) => !isFinal(state));
  const ended = (): number => [...recordings.keys()].filter((path) => isOver(stage.view.byPath(path))).length;
  const feed = async (): Promise<void> => {
    while (recordings.size - ended() < UNDER_WAY) {
      const source = sources[recordings.size % sources.length] as string;
      const path = join(name, `meeting-${recordings.size}.mp4`);
      recordings.set(path, source);
      await putIn(stage.recordings, source, path);
    }
  };
  const feedSoon = (): void => {
    feeding = feeding.then(feed).catch(failed);
  };
  const strike = async (fault: Fault): Promise<void> => {
    const hit = await choose(fault, stage);
    const splitting = open().filter(({ batches }) => batches === null).length;
    inHand += inHandAt(fault, { slots: SLOTS, workers: stage.fleet.members['filter-worker'], splitting });
    made.push(fault);
    say(
      told(
        fault,
        hit.map((each) => ('name' in each ? each.name : 'broker')),
        [
          `${recordings.size - ended()} recordings open`,
          `${progress.sent.size - progress.stored.size} batches under way`,
        ],
      ),
    );
    for (const each of hit) {
      const work = each.hit(fault.kind, fault).catch(failed);
      pending.add(work);
      void work.then(() => pending.delete(work));
    }
  };

  const unfollow = stage.view.onEvent((event) => {
    if (event.type === 'finished' || event.type === 'failed' || event.type === 'quarantined') feedSoon();
  });
  feedSoon();
  await feeding;
  for (let number = from; number < from + faults && performance.now() < options.untilMs; number++) {
    const fault = drawFault(next, number, stage.fleet);
    await Promise.race([progress.after(fault.moment.event, fault.moment.count, PATIENCE_MS), broken.promise]);
    await new Promise((resolve) => setTimeout(resolve, fault.moment.jitterMs));
    // A fault that finds nothing to disturb would prove nothing.
    while (recordings.size === ended()) {
      feedSoon();
      await feeding;
    }
    await Promise.race([strike(fault), broken.promise]);
  }
  unfollow();
  await feeding;
  await Promise.race([Promise.all(pending), broken.promise]);
  return { recordings, faults: made, inHand };
}

const isOver = (status: RecordingStatus | undefined): boolean => status !== undefined && isFinal(status.state);

/** What a fault hits: waits until it is up. */
async function choose({ target, member }: Fault, stage: Stage): Promise<(Place | NonNullable<Stage['broker']>)[]> {
  for (;;) {
    if (target === 'broker') {
      if (stage.broker?.up) return [stage.broker];
    } else {
      const places = stage.places.filter(({ service }) => service === target);
      const up = places.filter((place) => place.up);
      if (up.length > 0) {
        if (member === 'all') return up;
        const wanted = places[member];
        return [wanted?.up ? wanted : (up[0] as Place)];
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function told(
  { number, kind, forMs, moment, withChildren }: Fault,
  hit: readonly string[],
  facts: readonly string[],
): string {
  const { event, count, jitterMs } = moment;
  const when = `${jitterMs} ms after ${event === 'any' ? `${count} events` : `the next ${event}`}`;
  const how = kind === 'kill' ? (withChildren ? 'kill with children' : 'kill alone') : kind;
  return `#${number} ${how} ${hit.join(', ')} for ${forMs} ms, ${when}; ${facts.join(', ')}`;
}
