import { type DailiesError, ERRORS, toDailiesError } from '@dailies/contracts';
import { safeText } from './safe-text.ts';

export interface ErrorLineOptions {
  /** Who speaks: the name of the command or of the service. */
  readonly program: string;
  /** What helps with a wrong setting when the error does not say it. */
  readonly configTodo: string;
  /** Whether the code is told too, for processes whose output is searched by machines. */
  readonly withCode?: boolean;
  /** With the stack and the stacks of the causes, for who debugs. */
  readonly withStack: boolean;
}

/** An error as a process that ends reports it: one line that says what happened, one that says what to do. */
export function errorLines(thrown: unknown, options: ErrorLineOptions): string[] {
  const error = toDailiesError(thrown);
  const lines = [`${options.program}: ${options.withCode ? `${error.code}: ` : ''}${safeText(error.message)}`];
  const todo = todoFor(error, options.configTodo);
  if (todo) lines.push(`  ${todo}`);
  if (options.withStack) lines.push(...stackOf(thrown).map((line) => `    ${safeText(line)}`));
  else if (error.code === 'INTERNAL') lines.push('  LOG_LEVEL=debug shows where it happened.');
  return lines;
}

/** The advice that comes with the error, or that of the table unless the message gives the very same. */
function todoFor(error: DailiesError, configTodo: string): string | null {
  if (typeof error.details.todo === 'string') return safeText(error.details.todo);
  if (error.code === 'CONFIG_INVALID') return configTodo;
  // Work goes on by itself when the way is free; a process that could not start has ended.
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
