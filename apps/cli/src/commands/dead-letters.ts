import { readDeadLetter } from '@dailies/bus';
import { TOPICS } from '@dailies/contracts';
import {
  busFields,
  field,
  followRecordings,
  libraryFields,
  loadConfig,
  pickFields,
  processFields,
} from '@dailies/service';
import { splitArguments } from '../arguments.ts';
import { type Command, EXIT } from '../command.ts';
import { commandLog } from '../command-log.ts';
import { type DeadLetterEntry, deadLetterEntry } from '../dead-letter-model.ts';
import { deadLettersText } from '../dead-letter-text.ts';
import { withBus } from '../read-view.ts';

const fields = [
  ...pickFields(libraryFields, 'RECORDINGS_DIR'),
  ...busFields,
  ...processFields,
  field({
    env: 'DEAD_LETTERS_JSON',
    flag: '--json',
    type: 'boolean',
    default: false,
    describe: 'Print a JSON array, one object per dead letter, instead of text.',
    example: 'true',
  }),
  field({
    env: 'DEAD_LETTERS_ALL',
    flag: '--all',
    type: 'boolean',
    default: false,
    describe: 'Show also those whose recording has its film by now.',
    example: 'true',
  }),
] as const;

/** What could not be handled, and why. */
export const deadLetters: Command = {
  name: 'dead-letters',
  usage: 'dead-letters',
  summary: 'List what was given up: recording, batch, reason, who, what ffmpeg said.',
  details: [
    '`dailies replay ID` sends the recording of a dead letter again. When it has its film, its dead letters are settled and are shown with --all only; they stay on the bus until their time is over. The JSON objects have id, path, run, batch, state (open, replayed, settled), code, reason, todo, worker, attempts, at, stderr, topic, partition, offset, group, bytes.',
  ],
  fields,
  positionals: 0,
  async run(context, argv) {
    const { flags } = splitArguments(argv, fields, 0);
    const config = loadConfig(fields, { env: context.env, argv: flags, cwd: context.cwd });
    const log = commandLog(context, config);
    const all = await withBus(config, context.openBus, log, [], async (bus) => {
      const view = await followRecordings(bus, log, { follow: false });
      const entries: DeadLetterEntry[] = [];
      // Their bytes are let go at once: there may be many.
      const tail = await bus.tail(
        TOPICS.deadLetters,
        (record) => void entries.push(deadLetterEntry(readDeadLetter(record), view.get)),
      );
      await tail.close();
      return entries.sort((a, b) => a.at.localeCompare(b.at));
    });
    const shown = config.deadLettersAll ? all : all.filter(({ state }) => state !== 'settled');
    context.stdout.write(
      config.deadLettersJson
        ? `${JSON.stringify(shown, null, 2)}\n`
        : deadLettersText(shown, all.length - shown.length, context.stdout.columns()),
    );
    return EXIT.ok;
  },
};
