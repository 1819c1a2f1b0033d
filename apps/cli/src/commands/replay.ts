import { dirname, join } from 'node:path';
import type { BusSettings } from '@dailies/bus';
import type { EncodedMessage } from '@dailies/contracts';
import { type Library, openLibrary, quote } from '@dailies/library';
import { busFields, field, foldersOf, libraryFields, loadConfig, processFields } from '@dailies/service';
import { splitArguments } from '../arguments.ts';
import { type Command, EXIT, type OpenBus } from '../command.ts';
import { commandLog } from '../command-log.ts';
import { findRecording } from '../find-recording.ts';
import { isLocked } from '../lock.ts';
import { readRecordings, requireFolder } from '../read-view.ts';
import { type FileNow, replayMessages } from '../replay-messages.ts';
import { refusal } from '../report.ts';

const fields = [
  ...libraryFields,
  ...busFields,
  ...processFields,
  field({
    env: 'REPLAY_FORCE',
    flag: '--force',
    type: 'boolean',
    default: false,
    describe:
      'Also while it is being processed: what is under way is dropped. For a recording that stands still for good.',
    example: 'true',
  }),
] as const;

/** Sends a recording that has ended through the pipeline once more. */
export const replay: Command = {
  name: 'replay',
  usage: 'replay ID',
  summary: 'Process a failed, quarantined or finished recording again.',
  details: [
    'ID is the id of a recording, the beginning of it, or its path; `dailies status` tells them. The file must be in the recordings folder, unchanged. It is processed at once when `dailies run` or the services are at work, else by the next ones.',
  ],
  fields,
  positionals: 1,
  async run(context, argv) {
    const { flags, positionals } = splitArguments(argv, fields, 1);
    const [wanted] = positionals;
    if (!wanted)
      throw refusal('Which recording?', 'Give its id or its path: dailies replay ID. `dailies status` lists them.');
    const config = loadConfig(fields, { env: context.env, argv: flags, cwd: context.cwd });
    // On Kafka, too: the file is looked at before anything is sent.
    requireFolder(config.recordingsDir);
    const known = await readRecordings(config, context.openBus, commandLog(context, config));
    const recording = findRecording(known, wanted, { cwd: context.cwd, recordings: config.recordingsDir });
    const library = openLibrary(foldersOf(config));
    const file = await library.inside(recording.path);
    const archived = recording.archived === null ? null : join(library.archived, recording.archived);
    const at = new Date(context.now()).toISOString();
    await publish(
      context.openBus,
      config,
      replayMessages(recording, await lookAt(library, file), { file, archived }, at, config.replayForce),
    );
    const isAtWork = config.kafkaBrokers !== undefined || isLocked(join(dirname(config.busPath), 'run.lock'));
    const when = isAtWork ? '.' : ' as soon as `dailies run` or the services are at work.';
    context.stdout.write(
      `${quote(recording.path)} is processed again (recording ${recording.recordingId}, run ${recording.run + 1})${when}\n`,
    );
    return EXIT.ok;
  },
};

async function lookAt(library: Library, file: string): Promise<FileNow> {
  return library.describe(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
}

async function publish(openBus: OpenBus, settings: BusSettings, messages: readonly EncodedMessage[]): Promise<void> {
  const bus = await openBus(settings);
  try {
    await bus.publish(messages);
  } finally {
    await bus.close();
  }
}
