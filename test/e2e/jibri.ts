import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { docker } from './docker.ts';
import { IMAGE } from './stack.ts';

// As in test/helpers/kafka.ts: there may be no image of the sweeper, and what is started here is removed by hooks.
process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export interface Recorder {
  /** Resolves when the recording has ended and the finalize script has returned. */
  ended(): Promise<void>;
  /** SIGKILL, while it records. */
  kill(): Promise<void>;
}

/** A stand-in of the rootless Jibri that begins to record now: user 1000, read-only root, /tmp without exec. */
export async function startRecording(
  t: TestContext,
  recordings: string,
  { session, call, seconds, older = false }: { session: string; call: string; seconds: number; older?: boolean },
): Promise<Recorder> {
  const container: StartedTestContainer = await new GenericContainer(IMAGE)
    .withUser('1000:1000')
    .withTmpFs({ '/tmp': 'size=64m,mode=1777,noexec' })
    .withBindMounts([
      { source: recordings, target: '/storage/recordings', mode: 'rw' },
      { source: at('jibri-stand-in'), target: '/opt/jibri-stand-in', mode: 'ro' },
      { source: at('../../deploy/jitsi/finalize'), target: '/opt/dailies/finalize', mode: 'ro' },
    ])
    .withEnvironment({
      JIBRI_RECORDING_DIR: '/storage/recordings',
      JIBRI_FINALIZE_RECORDING_SCRIPT_PATH: '/opt/dailies/finalize',
    })
    .withEntrypoint(['/opt/jibri-stand-in'])
    .withCommand([session, call, String(seconds), ...(older ? ['older'] : [])])
    .withWaitStrategy(Wait.forSuccessfulCommand(`ls /storage/recordings/${session}/*.mp4`))
    .start();
  const id = container.getId();
  t.after(async () => {
    await docker(['rm', '--force', id]).catch(() => {});
  });
  return {
    async ended() {
      const code = (await docker(['wait', id])).trim();
      if (code !== '0') throw new Error(`Jibri's stand-in ended with ${code}: ${await docker(['logs', id])}`);
    },
    kill: async () => void (await docker(['kill', id])),
  };
}
