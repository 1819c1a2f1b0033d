import { stat } from 'node:fs/promises';
import { quote } from '@dailies/library';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Check } from './input.ts';
import { nearestFolder, withProbeFile } from './probe-file.ts';

/** File servers write times of their own clock; the rules of readiness compare times of files. */
const SKEW_MS = 2000;
const FUTURE_MS = 60_000;
/** When this check was written: a clock before that was never set. */
const NOT_BEFORE_MS = Date.UTC(2026, 0, 1);

/** Whether the clock was ever set, and whether the disk of the recordings has the same one. */
export const clockCheck: Check = {
  name: 'clock',
  async run({ folders, survey, host }) {
    const findings: Finding[] = [];
    const now = host.now();
    if (now < NOT_BEFORE_MS)
      findings.push(
        fail('clock', `it says ${new Date(now).toISOString()}.`, 'Set the clock: timedatectl set-ntp true'),
      );
    const folder = await nearestFolder(folders.recordings);
    // The disk may take its time: what counts is whether the file's time lies between the two looks at our clock.
    const beforeMs = host.now();
    const mtimeMs = await withProbeFile(folder, async (file) => (await stat(file)).mtimeMs);
    const skewMs = Math.min(0, mtimeMs - beforeMs) + Math.max(0, mtimeMs - host.now());
    if (Math.abs(skewMs) > SKEW_MS)
      findings.push(
        warn(
          'clock',
          `A file written now in ${quote(folder)} has a time ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} this machine’s clock.`,
          'Let both machines set their clocks by NTP: timedatectl set-ntp true',
        ),
      );
    const ahead = survey.candidates.filter(({ mtimeMs }) => mtimeMs > now + FUTURE_MS);
    if (ahead[0])
      findings.push(
        warn(
          'clock',
          `${ahead.length} recordings have a time in the future, such as ${quote(ahead[0].path)} (${new Date(ahead[0].mtimeMs).toISOString()}).`,
          'Let the machine that records set its clock by NTP, too.',
        ),
      );
    if (findings.length > 0) return findings;
    return [ok('clock', 'files get the time that this machine’s clock shows (whether that is right was not checked)')];
  },
};
