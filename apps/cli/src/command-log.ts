import { createLogger, type Logger, type LoggerOptions } from '@dailies/service';
import type { Context } from './command.ts';

/** The log of a short command: to stderr, for people. */
export function commandLog(
  context: Context,
  config: { logLevel: LoggerOptions['level']; logFormat: LoggerOptions['format'] },
): Logger {
  return createLogger({
    level: config.logLevel,
    format: config.logFormat,
    preferText: true,
    color: mayColor(context, context.stderr),
    write: (line) => context.stderr.write(line),
  });
}

/** Colour on terminals, unless NO_COLOR asks for none (https://no-color.org). */
export function mayColor(context: Context, output: { readonly isTerminal: boolean }): boolean {
  return output.isTerminal && !context.env.NO_COLOR && context.env.TERM !== 'dumb';
}
