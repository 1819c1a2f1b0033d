import { type Logger, pino } from 'pino';
import { type LogLine, textLine } from './log-text.ts';
import { redactor } from './redact.ts';
import { safeJson } from './safe-text.ts';
import type { LOG_FORMATS, LOG_LEVELS } from './shared-fields.ts';

export interface LoggerOptions {
  readonly level: (typeof LOG_LEVELS)[number];
  readonly format: (typeof LOG_FORMATS)[number];
  /** What `auto` means here: text when true, which is right for a terminal. */
  readonly preferText: boolean;
  /** Whether text lines may be coloured. */
  readonly color: boolean;
  /** Takes one whole line, with its newline. */
  readonly write: (line: string) => void;
  /** Values that must not appear in any line. */
  readonly secrets?: readonly string[];
  /** The service that speaks. Services of one process take `log.child({ service })`. */
  readonly service?: string;
}

/**
 * The logger of a process. JSON: one object a line with `level`, ISO `time`, `service`, `msg` and facts. Text: for people.
 * In either form nothing in a message or a fact can start a new line or move the cursor, and secrets are removed.
 */
export function createLogger(options: LoggerOptions): Logger {
  const asText = options.format === 'text' || (options.format === 'auto' && options.preferText);
  const redact = redactor(options.secrets ?? []);
  const isVerbose = options.level === 'debug' || options.level === 'trace';
  const toLine = (raw: string): string => {
    const clean = redact(JSON.parse(raw)) as LogLine;
    return asText ? textLine(clean, { color: options.color, ids: isVerbose }) : `${safeJson(JSON.stringify(clean))}\n`;
  };
  return pino(
    {
      level: options.level,
      base: options.service ? { service: options.service } : {},
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => describeError(error, isVerbose) },
    },
    { write: (raw: string) => options.write(toLine(raw)) },
  );
}

/** An error as it is logged: code, message, facts, what caused it; the stack only where someone debugs. */
export function describeError(error: unknown, withStack: boolean): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, details } = error as { code?: unknown; details?: unknown };
  return {
    ...(typeof code === 'string' ? { code } : { name: error.name }),
    message: error.message,
    ...(typeof details === 'object' && details !== null && Object.keys(details).length > 0 ? { details } : {}),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause, false) }),
    ...(withStack ? { stack: error.stack } : {}),
  };
}
