import type { RecordingStatus } from '@dailies/contracts';
import { isFinal, todoOf } from '@dailies/contracts';
import { safeText } from '@dailies/service';
import { count, duration, rate, size } from './figures.ts';
import type { Outcome } from './once.ts';

/** `1800 frames, 1:00, 12.3 MB, in 2.1 s, 28x real time`. */
export function filmFacts(status: RecordingStatus): string {
  const facts: string[] = [];
  if (status.kind === 'video' && status.frames !== null) facts.push(count(status.frames, 'frame'));
  if (status.durationMs) facts.push(duration(status.durationMs));
  if (status.filmBytes !== null) facts.push(size(status.filmBytes));
  const tookMs = status.endedAt && status.splittingAt ? Date.parse(status.endedAt) - Date.parse(status.splittingAt) : 0;
  if (tookMs > 0)
    facts.push(
      `in ${(tookMs / 1000).toFixed(1)} s${status.durationMs ? `, ${rate(status.durationMs / tookMs)}x real time` : ''}`,
    );
  return facts.join(', ');
}

/** The summary at the end of `--once`: how many films, and each recording that is none with its reason and what to do. */
export function outcomeText(outcome: Outcome, problems: readonly { readonly message: string }[]): string {
  const { films, failed, unfinished } = outcome;
  const sums = [
    `${count(films.length, 'film')} made`,
    failed.length > 0 ? `${failed.length} failed` : null,
    unfinished.length > 0 ? `${unfinished.length} not done` : null,
  ].filter((sum) => sum !== null);
  const isNothing = films.length + failed.length + unfinished.length + problems.length === 0;
  const lines = [isNothing ? 'There was nothing to do.' : `${sums.join(', ')}.`];
  for (const status of failed) {
    lines.push(`${safeText(status.path)}: ${status.state}: ${status.code}: ${safeText(status.reason ?? '')}`);
    const todo = todoOf(status.code, status.recordingId);
    if (todo) lines.push(`  ${todo}`);
    if (!todo?.includes('dailies replay')) lines.push(`  Again: dailies replay ${status.recordingId}`);
  }
  for (const status of unfinished)
    lines.push(`${safeText(status.path)}: ${status.state}; it goes on with the next run.`);
  for (const problem of problems) lines.push(safeText(problem.message));
  return `${lines.join('\n')}\n`;
}

/** The last line of a pipeline that was stopped: whether anything is left. */
export function stoppedText(recordings: readonly RecordingStatus[]): string {
  const open = recordings.filter(({ state }) => !isFinal(state)).length;
  return open === 0 ? 'stopped' : `stopped; ${count(open, 'recording')} not done, starting again goes on there`;
}
