import type { Command } from '../command.ts';
import { gradeFile } from '../grade-file.ts';
import { deadLetters } from './dead-letters.ts';
import { doctor } from './doctor.ts';
import { gradeCommand } from './grade.ts';
import { lag } from './lag.ts';
import { looks } from './looks.ts';
import { replay } from './replay.ts';
import { retention } from './retention.ts';
import { run } from './run.ts';
import { status } from './status.ts';
import { topics } from './topics.ts';

/** All commands, in the order of `dailies --help`. */
export const commands: readonly Command[] = [
  run,
  status,
  replay,
  retention,
  deadLetters,
  lag,
  topics,
  doctor,
  looks,
  gradeCommand(gradeFile),
];
