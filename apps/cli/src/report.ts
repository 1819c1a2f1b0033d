import { DailiesError, type ErrorCode } from '@dailies/contracts';
import { errorLines as linesOf } from '@dailies/service';

/** An error as a command reports it; the stack only when someone debugs. */
export function errorLines(thrown: unknown, options: { withStack: boolean }): string[] {
  return linesOf(thrown, {
    program: 'dailies',
    configTodo: '`dailies COMMAND --help` lists the options of a command.',
    ...options,
  });
}

/** An error of usage: what is wrong, and what to do instead. */
export function refusal(what: string, todo: string, code: ErrorCode = 'CONFIG_INVALID', cause?: unknown): DailiesError {
  return new DailiesError(code, what, { cause, details: { todo } });
}
