import { toDailiesError } from '@dailies/contracts';
import { quote } from '@dailies/library';
import { type Finding, fail, warn } from './finding.ts';
import type { Check, DoctorInput } from './input.ts';

/** A check that hangs (a dead NFS server, a broker that does not answer) is given up, so that the others are seen. */
const CHECK_TIMEOUT_MS = 60_000;

/**
 * Runs all checks, one after the other, in their order. Never rejects: a check that fails at what it did not expect is a
 * line, too.
 */
export async function examine(
  checks: readonly Check[],
  input: DoctorInput,
  timeoutMs = CHECK_TIMEOUT_MS,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) findings.push(...(await runCheck(check, input, timeoutMs)));
  return findings;
}

async function runCheck(check: Check, input: DoctorInput, timeoutMs: number): Promise<Finding[]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${Math.round(timeoutMs / 1000)} s`)),
    timeoutMs,
  );
  try {
    return await Promise.race([check.run(input), late.promise]);
  } catch (thrown) {
    const { code, message } = toDailiesError(thrown);
    // The lines of the folders have said so, and what to do.
    if (code === 'PERMISSION_DENIED')
      return [warn(check.name, 'could not be tried without write access.', 'See the lines of the folders.')];
    const found = `could not be checked: ${message}${code === 'INTERNAL' ? '' : ` (${code})`}`;
    return [
      fail(
        check.name,
        found,
        `Look at what the message names; the folders are ${Object.values(input.folders).map(quote).join(', ')}.`,
      ),
    ];
  } finally {
    clearTimeout(timer);
  }
}
