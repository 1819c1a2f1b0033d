import { apply, isRetaining, planned, retentionFields, retentionPorts } from '@dailies/assembler';
import { openLibrary } from '@dailies/library';
import { busFields, field, foldersOf, libraryFields, loadConfig, processFields } from '@dailies/service';
import { splitArguments } from '../arguments.ts';
import { type Command, EXIT } from '../command.ts';
import { commandLog } from '../command-log.ts';
import { readRecordings } from '../read-view.ts';
import { refusal } from '../report.ts';
import { appliedText, planText } from '../retention-text.ts';

const fields = [
  ...libraryFields,
  ...retentionFields,
  field({
    env: 'RETENTION_APPLY',
    flag: '--apply',
    type: 'boolean',
    default: false,
    describe: 'Really delete; without it, it is only told what would be deleted.',
    example: 'true',
  }),
  ...busFields,
  ...processFields,
] as const;

/** Deletes archived originals whose film is verified and still there. */
export const retention: Command = {
  name: 'retention',
  usage: 'retention',
  summary: 'Tell which archived originals may be deleted, and delete them with --apply.',
  details: [
    'Only originals whose film was verified, is still there with the size that it had, and is whole; and only the very file that was archived. Oldest first. Everything else is kept, and it says why.',
  ],
  fields,
  positionals: 0,
  async run(context, argv) {
    const { flags } = splitArguments(argv, fields, 0);
    const config = loadConfig(fields, { env: context.env, argv: flags, cwd: context.cwd });
    if (!isRetaining(config))
      throw refusal(
        'There is no rule by which originals may go.',
        'Give --retention-days DAYS, --retention-min-free-bytes BYTES, or both.',
      );
    const library = openLibrary(foldersOf(config));
    const log = commandLog(context, config);
    const recordings = await readRecordings(config, context.openBus, log);
    if (!config.retentionApply) {
      const readOnly = { publish: () => Promise.reject(new Error('nothing is told in a dry run')) };
      context.stdout.write(planText(await planned(recordings, config, retentionPorts(readOnly, library, context.now))));
      return EXIT.ok;
    }
    const bus = await context.openBus(config, { log });
    try {
      const ports = retentionPorts(bus, library, context.now);
      const plan = await planned(recordings, config, ports);
      context.stdout.write(appliedText(plan, await apply(plan, ports)));
      return EXIT.ok;
    } finally {
      await bus.close();
    }
  },
};
