import type { Lag } from '@dailies/bus';
import { busFields, field, libraryFields, loadConfig, pickFields, processFields, tableText } from '@dailies/service';
import { splitArguments } from '../arguments.ts';
import { type Command, EXIT } from '../command.ts';
import { commandLog } from '../command-log.ts';
import { withBus } from '../read-view.ts';

const fields = [
  ...pickFields(libraryFields, 'RECORDINGS_DIR'),
  ...busFields,
  ...processFields,
  field({
    env: 'LAG_JSON',
    flag: '--json',
    type: 'boolean',
    default: false,
    describe: 'Print a JSON array of topic, group, waiting and inFlight instead of text.',
    example: 'true',
  }),
] as const;

/** Where work waits. */
export const lag: Command = {
  name: 'lag',
  usage: 'lag',
  summary: 'Show where work waits: records by topic and service.',
  details: [
    'Many that wait on dailies.frame-batches: more filter-workers would help. On dailies.recordings: recordings wait for a frame-splitter. On dailies.graded: the assembler is behind, or waits for room on its disk (`dailies status`).',
  ],
  fields,
  positionals: 0,
  async run(context, argv) {
    const { flags } = splitArguments(argv, fields, 0);
    const config = loadConfig(fields, { env: context.env, argv: flags, cwd: context.cwd });
    const all = await withBus(config, context.openBus, commandLog(context, config), [], (bus) => bus.lag());
    context.stdout.write(config.lagJson ? `${JSON.stringify(all, null, 2)}\n` : lagText(all));
    return EXIT.ok;
  },
};

/** `topic  group  waiting  in flight`, aligned. */
export function lagText(all: readonly Lag[]): string {
  if (all.length === 0) return 'There is no bus yet; nothing waits.\n';
  const rows = all.map(({ topic, group, waiting, inFlight }) => [topic, group, String(waiting), String(inFlight)]);
  return tableText(['topic', 'service', 'waiting', 'in hand'], rows);
}
