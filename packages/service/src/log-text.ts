import { safeText } from './safe-text.ts';

/** One log line as pino hands it over, parsed. */
export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly service?: string;
  readonly msg?: string;
  readonly err?: unknown;
  readonly [key: string]: unknown;
}

const COLORS: Readonly<Record<string, string>> = {
  fatal: '\x1b[31m',
  error: '\x1b[31m',
  warn: '\x1b[33m',
  debug: '\x1b[2m',
  trace: '\x1b[2m',
};
const DIM = '\x1b[2m';
const PLAIN = '\x1b[0m';

export interface TextOptions {
  /** Whether the severity is shown by colour too. */
  readonly color: boolean;
  /** Whether ids are shown, which people seldom want. */
  readonly ids: boolean;
}

/**
 * A log line for people: `08:15:02 warn  frame-splitter: splitting is tried again: a.mp4 (code DISK_FULL, attempt 2)`.
 * A path follows the message, then other facts in brackets, an error comes last; nothing in it can repaint the terminal
 * or forge a line.
 */
export function textLine(line: LogLine, { color, ids }: TextOptions): string {
  const { level, time, service, msg = '', err, path, ...facts } = line;
  const paint = (code: string | undefined, text: string): string => (color && code ? `${code}${text}${PLAIN}` : text);
  const told = Object.entries(facts)
    .filter(([key, value]) => !isEmpty(value) && (ids || key !== 'recordingId'))
    .map(([key, value]) => `${safeText(key)} ${safeText(typeof value === 'string' ? value : JSON.stringify(value))}`);
  const head = `${paint(DIM, clock(time))} ${paint(COLORS[level], level.padEnd(5))} `;
  const who = service ? paint(DIM, `${safeText(service)}: `) : '';
  const where = typeof path === 'string' ? `: ${safeText(path)}` : '';
  const bracket = told.length > 0 ? paint(DIM, ` (${told.join(', ')})`) : '';
  return `${head}${who}${safeText(msg)}${where}${bracket}${errorText(err)}\n`;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** The local time of day of an ISO time. */
function clock(iso: string): string {
  const date = new Date(iso);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** `: CODE: message`; the stack, when there is one, on lines of its own, indented. */
function errorText(err: unknown): string {
  if (typeof err !== 'object' || err === null) return '';
  const { code, message, stack } = err as { code?: unknown; message?: unknown; stack?: unknown };
  const told = [code, message].filter((part) => typeof part === 'string').map((part) => safeText(part as string));
  const frames = typeof stack === 'string' ? stack.split('\n').map((frame) => `\n    ${safeText(frame.trim())}`) : [];
  return `: ${told.join(': ')}${frames.join('')}`;
}
