import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs `docker ARGS`, in at most ten minutes by itself. @returns its standard output @throws with what it said */
export async function docker(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  timeout = 600_000,
): Promise<string> {
  const options = { env: { ...process.env, ...env }, maxBuffer: 1 << 28, timeout };
  try {
    return (await run('docker', [...args], options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`docker ${args.join(' ')}\n${stdout.slice(-4000)}${stderr.slice(-4000)}`, { cause: error });
  }
}

/** Why containers cannot be started here, or null. In CI they have to be. */
export async function noDocker(): Promise<string | null> {
  try {
    await docker(['compose', 'version']);
    await docker(['info']);
    return null;
  } catch (error) {
    if (process.env.CI) throw error;
    return 'no Docker engine with Compose v2 is reachable';
  }
}

/** A question is a process of its own, in a container even. */
const POLL_MS = 2000;

/**
 * Asks until there is an answer other than null or false.
 * @throws after `timeoutMs` with the last thing that `ask` threw, if it did
 */
export async function until<Answer>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<Answer | null | false>,
): Promise<Answer> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== null && answer !== false) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  } while (performance.now() < deadline);
  throw new Error(`not within ${timeoutMs / 1000} s: ${what}`, { cause: last });
}
