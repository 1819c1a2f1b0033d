import { DailiesError, ERRORS, type ErrorCode, toDailiesError } from '@dailies/contracts';
import { safeText } from '@dailies/service';

/** What an operator does about the error of a recording; null for a code that this version does not know. */
export function todoOf(code: string | null, recordingId: string): string | null {
  if (code === null || !Object.hasOwn(ERRORS, code)) return null;
  return ERRORS[code as ErrorCode].todo.replaceAll('replay ID', `replay ${recordingId}`);
}

/**
 * An error as a command reports it: one line that says what happened, one that says what to do; the stack only when
 * someone debugs.
 */
export function errorLines(thrown: unknown, options: { withStack: boolean }): string[] {
  const error = toDailiesError(thrown);
  const lines = [`dailies: ${safeText(error.message)}`];
  const todo = todoFor(error);
  if (todo) lines.push(`  ${todo}`);
  if (options.withStack) lines.push(...stackOf(thrown).map((line) => `    ${safeText(line)}`));
  else if (error.code === 'INTERNAL') lines.push('  LOG_LEVEL=debug shows where it happened.');
  return lines;
}

/** An error of usage: what is wrong, and what to do instead. */
export function refusal(what: string, todo: string, code: ErrorCode = 'CONFIG_INVALID', cause?: unknown): DailiesError {
  return new DailiesError(code, what, { cause, details: { todo } });
}

/** The advice that comes with the error, or that of the table unless the message gives the very same. */
function todoFor(error: DailiesError): string | null {
  if (typeof error.details.todo === 'string') return safeText(error.details.todo);
  if (error.code === 'CONFIG_INVALID') return '`dailies COMMAND --help` lists the options of a command.';
  // A service goes on by itself when the way is free; a command has ended.
  const todo = ERRORS[error.code].todo.replace('; work goes on by itself.', ', then start again.');
  return error.message.includes(todo) ? null : todo;
}

function stackOf(thrown: unknown): string[] {
  if (!(thrown instanceof Error)) return [];
  const own = (thrown.stack ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
  return thrown.cause === undefined ? own : [...own, `caused by ${String(thrown.cause)}`, ...stackOf(thrown.cause)];
}
