import { openLibrary } from '@dailies/library';
import { busFields, field, foldersOf, libraryFields, loadConfig, processFields } from '@dailies/service';
import { splitArguments } from '../arguments.ts';
import { type Command, EXIT } from '../command.ts';
import { commandLog } from '../command-log.ts';
import { courtesyLines } from '../courtesy-text.ts';
import { readTold } from '../read-view.ts';
import { statusEntry } from '../status-model.ts';
import { statusText } from '../status-text.ts';

const fields = [
  ...libraryFields,
  ...busFields,
  ...processFields,
  field({
    env: 'STATUS_JSON',
    flag: '--json',
    type: 'boolean',
    default: false,
    describe: 'Print a JSON array, one object per recording, instead of text.',
    example: 'true',
  }),
] as const;

/** What is known of all recordings, from their events and nothing else. */
export const status: Command = {
  name: 'status',
  usage: 'status',
  summary: 'List all recordings: state, progress, reason, film.',
  details: [
    'The list is built from the events on the bus and nothing else; a running `dailies run` is not disturbed. The JSON objects have id, path, kind, state, progress (0 to 1), code, reason, todo, film, archived, archiveRemovedAt, room, sessionId, meetingId, look, run, frames, durationMs, sizeBytes, filmBytes, foundAt, startedAt, endedAt, updatedAt. Paths are relative to the recordings folder when inside it, else absolute.',
  ],
  fields,
  positionals: 0,
  async run(context, argv) {
    const { flags } = splitArguments(argv, fields, 0);
    const config = loadConfig(fields, { env: context.env, argv: flags, cwd: context.cwd });
    const folders = openLibrary(foldersOf(config));
    const told = await readTold(config, context.openBus, commandLog(context, config), context.now());
    const entries = told.recordings.map((recording) => statusEntry(recording, folders));
    context.stdout.write(
      config.statusJson
        ? `${JSON.stringify(entries, null, 2)}\n`
        : statusText(entries, context.stdout.columns(), courtesyLines(told.recording, told.slowed)),
    );
    return EXIT.ok;
  },
};
