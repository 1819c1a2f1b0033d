import { type DailiesEvent, isFinal, type RecordingStatus, todoOf } from '@dailies/contracts';
import type { Logger, RecordingsReader } from '@dailies/service';
import { filmFacts } from './once-text.ts';
import { figures, isLineDue, observe, type Track } from './progress.ts';
import { progressLines, speedText } from './progress-lines.ts';
import type { Output, Screen } from './screen.ts';

export interface ReporterOptions {
  readonly view: RecordingsReader;
  readonly log: Logger;
  readonly screen: Screen;
  readonly output: Output;
  /** Live lines instead of progress lines in the log. */
  readonly live: boolean;
  /** A clock that only goes forward, ms. */
  readonly now: () => number;
  /** The path of a film as it is told. */
  readonly filmPath: (film: string) => string;
}

const MAX_ROWS = 8;

/** Tells what happens to recordings while `run` is at work. */
export interface Reporter {
  /** To be called a few times a second. */
  tick(): void;
  /** Ids of the recordings to which something happened. */
  readonly touched: ReadonlySet<string>;
  stop(): void;
}

export function startReporter(options: ReporterOptions): Reporter {
  const { view, log, screen, output, live, now } = options;
  const tracks = new Map<string, Track>();
  const told = new Map<string, { percent: number; atMs: number }>();
  const touched = new Set<string>();

  const onEvent = (event: DailiesEvent, status: RecordingStatus): void => {
    // Nothing happened to the recording itself.
    if (event.type === 'archive-removed') return;
    touched.add(status.recordingId);
    if (isFinal(status.state)) {
      tracks.delete(status.recordingId);
      told.delete(status.recordingId);
    } else {
      tracks.set(status.recordingId, observe(tracks.get(status.recordingId), status, now()));
    }
    tellEnd(event, status);
  };

  /** The services log what happens to a recording and why; here its end is told, and what an operator can do. */
  const tellEnd = (event: DailiesEvent, status: RecordingStatus): void => {
    const { recordingId, path, code } = status;
    if (event.type === 'finished' && event.run === status.finishedRun && isFinal(status.state)) {
      log.info({ recordingId }, `${path} is done: ${options.filmPath(event.film)} (${filmFacts(status)})`);
    } else if (event.type === 'failed' || event.type === 'quarantined') {
      const todo = todoOf(code, recordingId);
      if (todo) log.warn({ recordingId }, `what to do about ${path}: ${todo}`);
    }
  };

  const tellProgress = (): void => {
    for (const status of view.all()) {
      const track = tracks.get(status.recordingId);
      // Of a picture there is nothing to tell before it is done.
      if (!track || isFinal(status.state) || status.kind === 'image') continue;
      const known = figures(track, status, now());
      const last = told.get(status.recordingId) ?? { percent: 0, atMs: track.samples[0]?.atMs ?? now() };
      told.set(status.recordingId, last);
      if (!isLineDue(last, known.percent, now())) continue;
      told.set(status.recordingId, { percent: known.percent, atMs: now() });
      const speed = speedText(known);
      log.info({ recordingId: status.recordingId }, `${status.path}: ${known.percent} %${speed ? `, ${speed}` : ''}`);
    }
  };

  const draw = (): void => {
    const rows = view
      .all()
      .filter((status) => !isFinal(status.state))
      .map((status) => ({ status, figures: figures(tracks.get(status.recordingId), status, now()) }));
    const maxRows = Math.max(1, Math.min(MAX_ROWS, output.rows() - 3));
    // One column stays free: some terminals wrap a line that fills the last one.
    screen.live(rows.length === 0 ? [] : progressLines(rows, output.columns() - 1, maxRows));
  };

  for (const status of view.all())
    if (!isFinal(status.state)) tracks.set(status.recordingId, observe(undefined, status, now()));
  const unfollow = view.onEvent(onEvent);
  return {
    touched,
    tick: () => (live ? draw() : tellProgress()),
    stop() {
      unfollow();
      screen.end();
    },
  };
}
