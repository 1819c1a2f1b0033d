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

/**
 * A log line for people: `08:15:02 warn  frame-splitter: splitting is tried again (code DISK_FULL, attempt 2)`. Facts
 * follow the message in brackets, an error comes last; nothing in it can repaint the terminal or forge a line.
 * @param color whether the severity is shown by colour too
 */
export function textLine(line: LogLine, color: boolean): string {
  const { level, time, service, msg, err, ...facts } = line;
  const paint = (code: string | undefined, text: string): string => (color && code ? `${code}${text}${PLAIN}` : text);
  const told = Object.entries(facts)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => `${safeText(key)} ${safeText(typeof value === 'string' ? value : JSON.stringify(value))}`);
  const head = `${paint(DIM, clock(time))} ${paint(COLORS[level], level.padEnd(5))} `;
  const who = service ? paint(DIM, `${safeText(service)}: `) : '';
  const bracket = told.length > 0 ? paint(DIM, ` (${told.join(', ')})`) : '';
  return `${head}${who}${safeText(msg ?? '')}${bracket}${errorText(err)}\n`;
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
