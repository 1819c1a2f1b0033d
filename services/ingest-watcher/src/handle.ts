import { DailiesError, type EncodedMessage, toDailiesError } from '@dailies/contracts';
import type { Finding, Structure } from '@dailies/library';
import type { Logger, RecordingsReader } from '@dailies/service';
import { type Announcement, type AnnouncePorts, examine, type Verdict } from './announce.ts';
import { type Candidates, inTurn, sameState, type Tracked } from './candidates.ts';
import type { Clock } from './clock.ts';
import type { WatcherConfig } from './config.ts';
import type { Part } from './meetings.ts';
import { cameAfter, type Found, foundMessages, ofFinding, quarantinedMessage, unreadable } from './messages.ts';
import { createOrdered } from './ordered.ts';

export interface HandlingOptions {
  readonly ports: AnnouncePorts;
  readonly view: Pick<RecordingsReader, 'get'>;
  readonly candidates: () => Candidates;
  readonly config: WatcherConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  publish(messages: readonly EncodedMessage[]): Promise<void>;
  structureOf(file: string): Promise<Structure>;
  /** The id of the meeting that a recording is a part of. */
  meetingIdOf(part: Part): string;
  /** Which partition of `recordings` a new recording goes to. */
  placeOf(recordingId: string, run: number): number;
  /** A file has changed while it was examined. */
  onChanged(path: string): void;
  /** Something was done: look what is next. */
  onDone(): void;
}

export interface Handling {
  /** Hands all files that are ready to the announcer, oldest first. @returns when the next one may be ready */
  handleReady(): Promise<number>;
  /** Puts an entry that can never be processed into quarantine, once. */
  handleFinding(finding: Finding): Promise<void>;
  /** The structure of a file, for the ready rule. */
  readStructure(tracked: Tracked): Promise<Structure>;
  /** Whether all files are settled and the view shows all that was published. */
  isSettled(): boolean;
  /** Resolves when nothing is in hand any more. */
  idle(): Promise<void>;
}

const INSPECTIONS = 2;
/** After a file has changed under our hands, before it is looked at again. */
const CHANGED_PAUSE_MS = 100;

/** Takes files that are ready to their announcement or into quarantine. */
export function createHandling(options: HandlingOptions): Handling {
  const { ports, view, config, clock, log, signal } = options;
  const ordered = createOrdered(INSPECTIONS);
  /** What was published by this process, by id, run and type: the view learns of it a little later. */
  const published = new Set<string>();
  /** Of these, what the view does not show yet. */
  const unseen = new Map<string, Announcement>();
  /** Things that are said once. */
  const said = new Set<string>();

  function sayOnce(key: string, say: () => void): void {
    if (said.has(key)) return;
    said.add(key);
    say();
  }

  /** @throws DailiesError when the bus does */
  async function publishOnce(announcement: Announcement): Promise<void> {
    const { found, is } = announcement;
    const key = `${found.recordingId}:${found.run}:${is}`;
    if (published.has(key)) return;
    await options.publish(messagesOf(announcement));
    published.add(key);
    unseen.set(key, announcement);
    const { recordingId, path, kind, sizeBytes } = found;
    if (is === 'found') {
      log.info({ recordingId, path, kind, sizeBytes }, 'recording found');
      return;
    }
    const { code, message: reason } = announcement.why;
    log.warn({ recordingId, path, code, reason }, 'file quarantined; it stays where it is');
  }

  /** Made when they are published, which happens oldest first: so the first part of a meeting names it. */
  function messagesOf(announcement: Announcement): EncodedMessage[] {
    const { found } = announcement;
    const meetingId = meetingOf(found);
    if (announcement.is === 'found')
      return foundMessages(found, clock.wallMs(), meetingId, options.placeOf(found.recordingId, found.run));
    const { code, message: reason } = announcement.why;
    return [quarantinedMessage(found, { code, reason }, clock.wallMs(), meetingId)];
  }

  function meetingOf({ recordingId, meeting }: Found): string | null {
    if (!meeting || meeting.meetingKey === null) return null;
    const { meetingKey, fromMs, toMs } = meeting;
    return options.meetingIdOf({ recordingId, meetingKey, fromMs, toMs });
  }

  function backoffMs(attempt: number): number {
    return Math.min(config.backoffMaxMs, config.backoffMs * 2 ** Math.max(0, attempt - 1));
  }

  /** The file cannot be read. Rights are often mended soon; when not, `status` shall show it. */
  async function denied(tracked: Tracked, why: DailiesError): Promise<boolean> {
    const { candidate } = tracked;
    const nowSteadyMs = clock.steadyMs();
    tracked.deniedSinceSteadyMs ??= nowSteadyMs;
    sayOnce(`denied:${candidate.path}`, () => log.warn({ path: candidate.path, code: why.code }, why.message));
    const found = unreadable(candidate.path, candidate.kind, candidate.sizeBytes);
    const { recordingId } = found;
    const dueSteadyMs = tracked.deniedSinceSteadyMs + config.quietMs;
    if (nowSteadyMs < dueSteadyMs && !view.get(recordingId)) {
      tracked.notBeforeSteadyMs = dueSteadyMs;
      return false;
    }
    if (!view.get(recordingId)) await publishOnce({ is: 'quarantined', found, why });
    tracked.deniedId = recordingId;
    return true;
  }

  /** Acts on a verdict. @returns whether this state of the file is settled */
  async function act(tracked: Tracked, verdict: Verdict): Promise<boolean> {
    const { path } = tracked.candidate;
    if (verdict.is !== 'denied' && verdict.is !== 'again') {
      tracked.deniedSinceSteadyMs = null;
      said.delete(`denied:${path}`);
    }
    switch (verdict.is) {
      case 'found':
      case 'quarantined':
        await publishOnce(verdict);
        return true;
      case 'known': {
        const { status } = verdict;
        if (status.state === 'finished' && cameAfter(status, tracked.seenSinceWallMs)) {
          const { recordingId } = status;
          sayOnce(`finished:${recordingId}`, () =>
            log.info(
              { path, recordingId, film: status.film },
              `already finished; \`dailies replay ${recordingId}\` grades it again`,
            ),
          );
        }
        return true;
      }
      case 'changed':
        tracked.notBeforeSteadyMs = clock.steadyMs() + CHANGED_PAUSE_MS;
        options.onChanged(path);
        return false;
      case 'gone':
        if (options.candidates().get(path) === tracked) options.candidates().forget(path);
        return false;
      case 'denied':
        return denied(tracked, verdict.why);
      case 'again':
        tracked.attempts += 1;
        tracked.notBeforeSteadyMs = clock.steadyMs() + backoffMs(tracked.attempts);
        log.warn(
          { path, code: verdict.why.code, reason: verdict.why.message, attempt: tracked.attempts },
          'a file could not be inspected; it is tried again',
        );
        return false;
    }
  }

  function submit(tracked: Tracked): void {
    const { candidate, observation, sameSinceWallMs, deniedId } = tracked;
    const asked = { candidate, sameSinceWallMs, deniedId, lastAttempt: tracked.attempts + 1 >= config.attempts };
    tracked.busy = true;
    ordered
      .add(
        () => examine(asked, ports, signal),
        async (verdict) => {
          const settled = await act(tracked, verdict);
          // A look that came meanwhile has shown another state: that one is not settled.
          tracked.settled = settled && sameState(tracked.observation, observation);
        },
      )
      .catch((thrown: unknown) => {
        const error = toDailiesError(thrown);
        if (signal.aborted) return;
        tracked.notBeforeSteadyMs = clock.steadyMs() + config.backoffMaxMs;
        log.error({ path: candidate.path, err: error }, 'a recording could not be announced; it is tried again');
      })
      .finally(() => {
        tracked.busy = false;
        options.onDone();
      });
  }

  return {
    async handleReady() {
      const ready: Tracked[] = [];
      const pending: { tracked: Tracked; untilSteadyMs: number }[] = [];
      for (const tracked of options.candidates().all()) {
        if (tracked.settled || tracked.busy) continue;
        const verdict = await options.candidates().verdict(tracked);
        if (verdict.ready) {
          tracked.readySinceSteadyMs ??= clock.steadyMs();
          ready.push(tracked);
        } else {
          pending.push({ tracked, untilSteadyMs: verdict.untilSteadyMs });
        }
      }
      for (const tracked of inTurn(ready, pending, config.stableMs)) submit(tracked);
      return Math.min(...pending.map(({ untilSteadyMs }) => untilSteadyMs), Number.POSITIVE_INFINITY);
    },
    async handleFinding(finding) {
      const found = ofFinding(finding);
      if (view.get(found.recordingId)) return;
      await publishOnce({ is: 'quarantined', found, why: new DailiesError(finding.code, finding.reason) });
    },
    async readStructure(tracked) {
      try {
        return await options.structureOf(tracked.candidate.file);
      } catch (thrown) {
        const error = toDailiesError(thrown);
        if (error.code === 'PERMISSION_DENIED') {
          tracked.deniedSinceSteadyMs ??= clock.steadyMs();
          sayOnce(`denied:${tracked.candidate.path}`, () =>
            log.warn({ path: tracked.candidate.path, code: error.code }, error.message),
          );
        }
        // Whatever it is, the examination meets it again and has an answer.
        return 'unknown';
      }
    },
    isSettled() {
      for (const [key, { is, found }] of unseen) {
        const status = view.get(found.recordingId);
        if (status && status.run >= found.run && (is === 'quarantined' || status.state !== 'quarantined'))
          unseen.delete(key);
      }
      return (
        unseen.size === 0 &&
        options
          .candidates()
          .all()
          .every((tracked) => tracked.settled && !tracked.busy)
      );
    },
    idle: () => ordered.idle(),
  };
}
