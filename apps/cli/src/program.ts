import { asksForHelp } from '@dailies/service';
import type { Command, Context } from './command.ts';
import { EXIT } from './command.ts';
import { commandHelp, programHelp } from './help.ts';
import { errorLines, refusal } from './report.ts';

/** Finds the command, runs it, and reports what it throws. @returns the exit code */
export async function program(
  commands: readonly Command[],
  context: Context,
  argv: readonly string[],
): Promise<number> {
  const code = await runCommand(commands, context, argv);
  const command = commands.find((candidate) => candidate.name === argv[0]);
  // What it says is its result, and that is lost.
  return code === EXIT.ok && context.stdout.isLost() && !command?.makesFilms ? EXIT.failed : code;
}

async function runCommand(
  commands: readonly Command[],
  context: Context,
  [name, ...rest]: readonly string[],
): Promise<number> {
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      context.stdout.write(programHelp(commands, context.version));
      return name === undefined ? EXIT.failed : EXIT.ok;
    }
    if (name === '--version' || name === '-v') {
      context.stdout.write(`${context.version}\n`);
      return EXIT.ok;
    }
    const command = commands.find((candidate) => candidate.name === name);
    if (!command) {
      const names = commands.map((candidate) => candidate.name).join(', ');
      throw refusal(
        `There is no command ${JSON.stringify(name)}.`,
        `There are: ${names}; \`dailies --help\` tells what they do.`,
      );
    }
    if (asksForHelp(rest)) {
      context.stdout.write(commandHelp(command, context.stdout.columns()));
      return EXIT.ok;
    }
    return await command.run(context, rest);
  } catch (error) {
    const withStack = ['debug', 'trace'].includes(context.env.LOG_LEVEL ?? '');
    context.stderr.write(`${errorLines(error, { withStack }).join('\n')}\n`);
    return EXIT.failed;
  }
}
