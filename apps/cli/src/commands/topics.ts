import type { TopicState } from '@dailies/bus';
import {
  busFields,
  field,
  libraryFields,
  loadConfig,
  pickFields,
  processFields,
  safeText,
  tableText,
} from '@dailies/service';
import { splitArguments } from '../arguments.ts';
import { type Command, EXIT } from '../command.ts';
import { commandLog } from '../command-log.ts';

const fields = [
  ...pickFields(libraryFields, 'RECORDINGS_DIR'),
  ...busFields,
  ...processFields,
  field({
    env: 'TOPICS_CREATE',
    flag: '--create',
    type: 'boolean',
    default: false,
    describe:
      'Make the topics that are missing, with the right settings, and let those of before stamp their records (message.timestamp.type).',
    example: 'true',
  }),
  field({
    env: 'TOPICS_JSON',
    flag: '--json',
    type: 'boolean',
    default: false,
    describe: 'Print a JSON array, one object per topic, instead of text.',
    example: 'true',
  }),
] as const;

/** Shows the topics on Kafka, and makes those that are missing. */
export const topics: Command = {
  name: 'topics',
  usage: 'topics',
  summary: 'Show the topics on Kafka and what is wrong with them, or create them.',
  details: [
    'Services make topics that are missing when they start, unless KAFKA_CREATE_TOPICS is off. One setting of what exists they change, as --create does: message.timestamp.type becomes LogAppendTime, for brokers refuse what a machine sends whose clock is an hour ahead. Where another one would lose work, the line says which and what it has to be. Exit code 1 when a topic is missing or would lose work. The JSON objects have name, created, partitions, replicas, settings, problems, notes.',
  ],
  fields,
  positionals: 0,
  async run(context, argv) {
    const { flags } = splitArguments(argv, fields, 0);
    const config = loadConfig(fields, { env: context.env, argv: flags, cwd: context.cwd });
    if (config.kafkaBrokers === undefined) {
      context.stdout.write(
        config.topicsJson
          ? '[]\n'
          : 'The embedded bus is in use, which has nothing to set up. KAFKA_BROKERS names a Kafka.\n',
      );
      return EXIT.ok;
    }
    const log = commandLog(context, config);
    const found = await context.kafkaTopics(
      { ...config, kafkaBrokers: config.kafkaBrokers },
      { create: config.topicsCreate, log },
    );
    context.stdout.write(config.topicsJson ? `${JSON.stringify(found, null, 2)}\n` : topicsText(found));
    return found.some(({ problems }) => problems.length > 0) ? EXIT.failed : EXIT.ok;
  },
};

/** The topics for people: a table, then what is wrong with each and what could be better. */
export function topicsText(found: readonly TopicState[]): string {
  const rows = found.map(({ name, created, partitions, replicas, problems, notes }) => [
    name,
    String(partitions),
    String(replicas),
    partitions === 0
      ? 'missing'
      : problems.length > 0
        ? 'NOT USABLE'
        : created
          ? 'created'
          : notes.length > 0
            ? 'ok, see below'
            : 'ok',
  ]);
  const remarks = found.flatMap(({ name, problems, notes }) =>
    [...problems, ...notes].map((remark) => `${name}: ${safeText(remark)}\n`),
  );
  return `${tableText(['topic', 'partitions', 'replicas', 'state'], rows)}${remarks.length > 0 ? '\n' : ''}${remarks.join('')}`;
}
