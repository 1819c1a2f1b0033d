import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FINALIZED_MARKER, quote } from '@dailies/library';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Check, DoctorInput } from './input.ts';
import { checkoutOf } from './jitsi.ts';

/** How many archived sessions are looked at for a marker. */
const MAX_SESSIONS = 200;

/** Whether Jibri can run its finalize script, and whether the script has ever left its marker. */
export const finalizeCheck: Check = {
  name: 'finalize script',
  async run(input) {
    const script = input.config.finalizeScript ?? (await checkoutOf(input))?.finalizeScript ?? null;
    const problem = script === null ? null : await scriptProblem(script, input);
    if (problem) return [problem];
    if (await markerSeen(input)) return [ok('finalize script', 'has left its marker: recordings are taken at once')];
    if (script !== null) return [ok('finalize script', `${quote(script)} can be run; no marker has been seen yet`)];
    return [
      ok(
        'finalize script',
        'no marker seen, which is no mistake: metadata.json or a complete file tells that a recording has ended',
      ),
    ];
  },
};

async function scriptProblem(script: string, { host }: DoctorInput): Promise<Finding | null> {
  const check = 'finalize script';
  const found = await stat(script).catch(() => null);
  if (!found?.isFile())
    return fail(check, `${quote(script)} is not there.`, 'Copy deploy/jitsi/finalize to it, or name another one.');
  // Jibri runs it as a user of its own: what the owner alone may run does not help.
  if ((found.mode & 0o005) !== 0o005)
    return fail(check, `${quote(script)} cannot be run by everybody.`, `chmod 0755 ${quote(script)}`);
  const first = (await host.readText(script))?.split('\n')[0] ?? '';
  if (first.endsWith('\r'))
    return fail(check, `${quote(script)} has line ends of Windows.`, `sed -i 's/\\r$//' ${quote(script)}`);
  if (!first.startsWith('#!'))
    return warn(check, `${quote(script)} does not begin with #!.`, 'Let its first line be: #!/bin/sh');
  return null;
}

async function markerSeen({ survey, folders }: DoctorInput): Promise<boolean> {
  if (survey.candidates.some(({ markerMtimeMs }) => markerMtimeMs !== null)) return true;
  const sessions = await readdir(folders.archived, { withFileTypes: true }).catch(() => []);
  for (const session of sessions.filter((entry) => entry.isDirectory()).slice(-MAX_SESSIONS)) {
    const marker = join(folders.archived, session.name, FINALIZED_MARKER);
    if (await stat(marker).catch(() => null)) return true;
  }
  return false;
}
