import type { BusLog } from '../settings.ts';
import { alterSetting } from './alter-setting.ts';
import type { Connection } from './connection.ts';
import { kafkaError } from './errors.ts';

/**
 * Whose clock the times of records are from. Brokers refuse records whose time is more than an hour ahead of their own
 * (`message.timestamp.after.max.ms`), and take old ones for old: retention may delete them at once. So a topic has to stamp
 * its records by itself. Nothing of ours reads a record's time as that of its sender.
 */
export const APPEND_TIME = { name: 'message.timestamp.type', value: 'LogAppendTime' } as const;

/** What an operator types to have a topic stamp its records. */
export const appendTimeCommand = (topic: string, brokers: string): string =>
  `kafka-configs.sh --bootstrap-server ${brokers.replaceAll(' ', '')} --alter --topic ${topic} --add-config ${APPEND_TIME.name}=${APPEND_TIME.value}`;

/** Topics that take the times of those who send. */
export function withCreateTime(settings: ReadonlyMap<string, Readonly<Record<string, string>>> | null): string[] {
  return [...(settings ?? [])].flatMap(([topic, of]) => {
    const type = of[APPEND_TIME.name];
    return type === undefined || type === APPEND_TIME.value ? [] : [topic];
  });
}

/**
 * Lets topics stamp their records. It is no reason not to start when that is refused (it takes the right AlterConfigs):
 * the topics are as they were, and each is told with the command.
 * @returns whether it was done
 */
export async function setAppendTime(
  connection: Connection,
  topics: readonly string[],
  log: BusLog | undefined,
): Promise<boolean> {
  try {
    await alterSetting(connection, topics, APPEND_TIME);
  } catch (thrown) {
    const reason = kafkaError(thrown, connection.brokers, `setting ${APPEND_TIME.name}`).message;
    log?.debug({ topics, reason }, 'kafka: topics keep the times of those who send');
    return false;
  }
  log?.info({ topics }, `kafka: these topics stamp their records from now on (${APPEND_TIME.name})`);
  return true;
}
