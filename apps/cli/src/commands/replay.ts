import { dirname, join } from 'node:path';
import { DAILIES_TOPICS, openSqliteBus } from '@dailies/bus';
import { DailiesError } from '@dailies/contracts';
import { openLibrary, quote } from '@dailies/library';
import { busFields, libraryFields, loadConfig, processFields } from '@dailies/service';
import { splitArguments } from '../arguments.ts';
import { type Command, EXIT } from '../command.ts';
import { commandLog } from '../command-log.ts';
import { findRecording } from '../find-recording.ts';
import { isLocked } from '../lock.ts';
import { readRecordings } from '../read-view.ts';
import { type FileNow, replayMessages } from '../replay-messages.ts';

const fields = [...libraryFields, ...busFields, ...processFields] as const;

/** Sends a recording that has ended through the pipeline once more. */
export const replay: Command = {
  name: 'replay',
  usage: 'replay ID',
  summary: 'Process a failed, quarantined or finished recording again.',
  details: [
    'ID is the id of a recording, the beginning of it, or its path; `dailies status` tells them. The file must be in the recordings folder, unchanged. It is processed at once when `dailies run` is at work, else by the next one.',
  ],
  fields,
  positionals: 1,
  async run(context, argv) {
    const { flags, positionals } = splitArguments(argv, fields, 1);
    const [wanted] = positionals;
    if (!wanted)
      throw new DailiesError('CONFIG_INVALID', 'Which recording? Give its id or its path: dailies replay ID.');
    const config = loadConfig(fields, { env: context.env, argv: flags, cwd: context.cwd });
    const library = openLibrary({
      recordings: config.recordingsDir,
      processed: config.processedDir,
      archived: config.archivedDir,
      work: config.workDir,
    });
    const recording = findRecording(await readRecordings(config, commandLog(context, config)), wanted);
    const file: FileNow = await library.inside(recording.path).then((path) =>
      library.describe(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
        throw error;
      }),
    );
    const archivedAt = recording.archived === null ? null : join(library.archived, recording.archived);
    const messages = replayMessages(recording, file, archivedAt, context.now());
    const bus = openSqliteBus({ path: config.busPath, topics: DAILIES_TOPICS });
    try {
      await bus.publish(messages);
    } finally {
      await bus.close();
    }
    const isAtWork = isLocked(join(dirname(config.busPath), 'run.lock'));
    context.stdout.write(
      `${quote(recording.path)} is processed again (recording ${recording.recordingId}, run ${recording.run + 1})${isAtWork ? '.' : ' as soon as `dailies run` is started.'}\n`,
    );
    return EXIT.ok;
  },
};
