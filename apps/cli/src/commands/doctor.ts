import { toDailiesError } from '@dailies/contracts';
import { type Library, openLibrary } from '@dailies/library';
import { loadConfig } from '@dailies/service';
import { splitArguments } from '../arguments.ts';
import { type Command, type Context, EXIT } from '../command.ts';
import { commandLog, mayColor } from '../command-log.ts';
import { CHECKS } from '../doctor/checks.ts';
import { examine } from '../doctor/examine.ts';
import { type DoctorConfig, doctorFields } from '../doctor/fields.ts';
import { type Finding, fail } from '../doctor/finding.ts';
import { thisHost } from '../doctor/host.ts';
import type { DoctorInput } from '../doctor/input.ts';
import { surveyOf } from '../doctor/survey.ts';
import { doctorText } from '../doctor/text.ts';

/** Looks for what goes wrong in practice, before it does. */
export const doctor: Command = {
  name: 'doctor',
  usage: 'doctor',
  summary: 'Check folders, disk, bus, ffmpeg, clock and Jibri, and say what to do.',
  details: [
    'Each line is ok, warn (it works, but worse than it could) or fail. Small files are written into the folders and removed again, and on Kafka two small records into a topic of its own, dailies.clock; nothing else is changed. The exit code is 1 when a line says fail. Give it the settings of the services.',
  ],
  fields: doctorFields,
  positionals: 0,
  async run(context, argv) {
    const { flags } = splitArguments(argv, doctorFields, 0);
    const config = loadConfig(doctorFields, { env: context.env, argv: flags, cwd: context.cwd });
    const findings = await findingsOf(context, config);
    context.stdout.write(
      config.doctorJson
        ? `${JSON.stringify(findings, null, 2)}\n`
        : doctorText(findings, { columns: context.stdout.columns(), color: mayColor(context, context.stdout) }),
    );
    return findings.some(({ level }) => level === 'fail') ? EXIT.failed : EXIT.ok;
  },
};

async function findingsOf(context: Context, config: DoctorConfig): Promise<Finding[]> {
  const folders = {
    recordings: config.recordingsDir,
    processed: config.processedDir,
    archived: config.archivedDir,
    work: config.workDir,
  };
  let library: Library | null = null;
  const mixUp: Finding[] = [];
  try {
    library = openLibrary(folders);
  } catch (error) {
    mixUp.push(fail('folders', toDailiesError(error).message, 'Name other folders.'));
  }
  const log = commandLog(context, config);
  const input: DoctorInput = {
    config,
    folders: library
      ? {
          recordings: library.recordings,
          processed: library.processed,
          archived: library.archived,
          work: library.work,
        }
      : folders,
    survey: library ? await surveyOf(library) : { candidates: [], findings: [], cut: false },
    host: thisHost(context.now),
    cwd: context.cwd,
    searchPath: context.env.PATH ?? '',
    openBus: () => context.openBus(config, { readOnly: true, log }),
    kafkaTopics: (kafkaBrokers) => context.kafkaTopics({ ...config, kafkaBrokers }, { create: false, log }),
    async brokerClock() {
      const { kafkaBrokers } = config;
      return kafkaBrokers === undefined ? null : context.brokerClock({ ...config, kafkaBrokers }, { log });
    },
  };
  return [...mixUp, ...(await examine(CHECKS, input))];
}
