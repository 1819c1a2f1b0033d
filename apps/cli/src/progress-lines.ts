import type { RecordingStatus } from '@dailies/contracts';
import { fitEnd, fitMiddle, padEnd, safeText, widthOf } from '@dailies/service';
import { duration, rate } from './figures.ts';
import type { Figures } from './progress.ts';

export interface ProgressRow {
  readonly status: RecordingStatus;
  readonly figures: Figures;
}

const BAR_COLUMNS = 16;
const BLOCKS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** `▕██████▍   ▏`: `share` from 0 to 1. */
export function bar(share: number, columns: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * columns * 8);
  const filled = '█'.repeat(Math.floor(eighths / 8)) + (BLOCKS[eighths % 8] ?? '');
  return `▕${padEnd(filled, columns)}▏`;
}

/** `1234 frames/s  41x  ETA 0:12`; what is not known yet is left out. */
export function speedText({ framesPerSecond, timesRealTime, etaMs }: Figures): string {
  return [
    framesPerSecond === null ? null : `${rate(framesPerSecond)} frames/s`,
    timesRealTime === null ? null : `${rate(timesRealTime)}x real time`,
    etaMs === null ? null : `ETA ${duration(etaMs)}`,
  ]
    .filter((part) => part !== null)
    .join(', ');
}

/** What a recording is doing, in words. */
export function doing({ status, figures }: ProgressRow): string {
  if (status.code) return `waiting: ${safeText(status.reason ?? status.code)}`;
  switch (status.state) {
    case 'found':
      return 'waiting for its turn';
    case 'splitting':
    case 'grading':
      // A single picture has no speed, and no time to come that is worth telling.
      if (status.kind === 'image') return 'grading the picture';
      return speedText(figures) || 'splitting';
    case 'assembling':
      return status.kind === 'image' ? 'writing the picture' : 'putting the film together';
    default:
      return status.state;
  }
}

/** Recordings that are worked on come first, then those that wait; each in the order in which they were found. */
const URGENCY: Readonly<Record<string, number>> = { assembling: 0, grading: 0, splitting: 0, found: 1 };

/**
 * The live display: one line for each recording that is not done, at most `maxRows` and then a line that counts the
 * others. Every line fits into `columns`; the name gives way first, then what it is doing.
 */
export function progressLines(rows: readonly ProgressRow[], columns: number, maxRows: number): string[] {
  const sorted = rows.toSorted((a, b) => (URGENCY[a.status.state] ?? 2) - (URGENCY[b.status.state] ?? 2));
  const shown = sorted.slice(0, maxRows);
  const nameColumns = Math.max(
    10,
    Math.min(40, Math.max(...shown.map((row) => widthOf(safeText(row.status.path)))), Math.floor(columns / 3)),
  );
  const lines = shown.map((row) => progressLine(row, columns, nameColumns));
  const others = sorted.slice(maxRows);
  if (others.length === 0) return lines;
  const waiting = others.filter((row) => row.status.state === 'found').length;
  return [
    ...lines,
    fitEnd(`and ${others.length} more${waiting > 0 ? `, ${waiting} of them waiting for their turn` : ''}`, columns),
  ];
}

function progressLine(row: ProgressRow, columns: number, nameColumns: number): string {
  const name = padEnd(fitMiddle(safeText(row.status.path), nameColumns), nameColumns);
  const share = `${bar(row.figures.percent / 100, BAR_COLUMNS)} ${String(row.figures.percent).padStart(3)} %`;
  return fitEnd(`${name} ${columns >= 60 ? share : `${row.figures.percent} %`}  ${doing(row)}`, columns);
}
