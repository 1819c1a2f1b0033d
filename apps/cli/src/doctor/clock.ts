import { stat } from 'node:fs/promises';
import { toDailiesError } from '@dailies/contracts';
import { explained, quote } from '@dailies/library';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Check, DoctorInput } from './input.ts';
import { nearestFolder, withProbeFile } from './probe-file.ts';

/** File servers write times of their own clock; the rules of readiness compare times of files. */
const SKEW_MS = 2000;
const FUTURE_MS = 60_000;
/** When this check was written: a clock before that was never set. */
const NOT_BEFORE_MS = Date.UTC(2026, 0, 1);

const NTP = 'Let both machines set their clocks by NTP: timedatectl set-ntp true';

/** Whether the clock was ever set, and whether the disk of the recordings and the brokers have the same one. */
export const clockCheck: Check = {
  name: 'clock',
  async run(input) {
    const { survey, host } = input;
    const findings: Finding[] = [];
    const now = host.now();
    if (now < NOT_BEFORE_MS)
      findings.push(
        fail('clock', `it says ${new Date(now).toISOString()}.`, 'Set the clock: timedatectl set-ntp true'),
      );
    const files = await filesFinding(input);
    if (files.level !== 'ok') findings.push(files);
    const ahead = survey.candidates.filter(({ mtimeMs }) => mtimeMs > now + FUTURE_MS);
    if (ahead[0])
      findings.push(
        warn(
          'clock',
          `${ahead.length} recordings have a time in the future, such as ${quote(ahead[0].path)} (${new Date(ahead[0].mtimeMs).toISOString()}).`,
          'Let the machine that records set its clock by NTP, too.',
        ),
      );
    const broker = await brokerFinding(input);
    if (broker && broker.level !== 'ok') findings.push(broker);
    return findings.length > 0 ? findings : [files, broker].filter((finding) => finding !== null);
  },
};

/** Whether files get the time of our clock. That one cannot be written says nothing of clocks, and keeps nothing else from being asked. */
async function filesFinding({ folders, host }: DoctorInput): Promise<Finding> {
  try {
    const folder = await nearestFolder(folders.recordings);
    // The disk may take its time: what counts is whether the file's time lies between the two looks at our clock.
    const beforeMs = host.now();
    const mtimeMs = await withProbeFile(folder, async (file) => (await stat(file)).mtimeMs);
    const skewMs = Math.min(0, mtimeMs - beforeMs) + Math.max(0, mtimeMs - host.now());
    if (Math.abs(skewMs) <= SKEW_MS)
      return ok('clock', 'files get the time that this machine’s clock shows (whether that is right was not checked)');
    return warn(
      'clock',
      `A file written now in ${quote(folder)} has a time ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} this machine’s clock.`,
      NTP,
    );
  } catch (thrown) {
    // The lines of the folders say what is wrong with that.
    return ok(
      'clock',
      `that of the files could not be asked: ${explained(thrown, 'write', folders.recordings).message}`,
    );
  }
}

/** Times travel in messages: until when a meeting is being recorded, how old an event is, since when a recording waits. */
async function brokerFinding({ config, brokerClock }: DoctorInput): Promise<Finding | null> {
  if (config.kafkaBrokers === undefined) return null;
  try {
    const found = await brokerClock();
    if (!found) return ok('clock', 'that of the brokers could not be asked: dailies.clock does not stamp its records');
    const { beforeMs, brokerMs, afterMs } = found;
    const skewMs = Math.min(0, brokerMs - beforeMs) + Math.max(0, brokerMs - afterMs);
    if (Math.abs(skewMs) <= SKEW_MS) return ok('clock', 'that of the broker shows the same time');
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    return warn(
      'clock',
      `That of the broker is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} this machine’s.`,
      NTP,
    );
  } catch (thrown) {
    // The lines of the bus say what is wrong with that; a right that is missing for this alone does no harm.
    return ok('clock', `that of the brokers could not be asked: ${toDailiesError(thrown).message}`);
  }
}
