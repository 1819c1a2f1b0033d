import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { StatusRow } from '../helpers/dailies.ts';
import { docker } from './docker.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMPOSE_FILE = join(ROOT, 'deploy/docker-compose.yml');
/** Made from this checkout, and left in place: the next run has all layers in the builder's cache. */
export const IMAGE = 'dailies-e2e:latest';

/** What of `docker inspect` is looked at. */
export interface ContainerState {
  readonly Id: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly StartedAt: string;
    readonly Health?: { readonly Status: string };
  };
}

/** deploy/docker-compose.yml under a name of its own, with a recordings folder of its own. */
export interface Stack {
  /** On the host. Missing at first: the stack has to make it. */
  readonly recordings: string;
  compose(...args: string[]): Promise<string>;
  /** Ids of the containers of a service, also of those that have stopped. */
  containers(service: string): Promise<string[]>;
  inspect(container: string): Promise<ContainerState>;
  /** All containers of a service are healthy. */
  healthy(service: string, count?: number): Promise<boolean>;
  status(): Promise<StatusRow[]>;
  /** What a failure has to be understood from: all containers and the ends of their logs. */
  explain(): Promise<string>;
  /** SIGKILL to everything in a container but its tini, as when the program crashes: then the restart policy counts. */
  crash(container: string): Promise<void>;
}

/** Makes the image that stacks are started from. */
export async function buildImage(timeoutMs: number): Promise<void> {
  await docker(['compose', '-f', COMPOSE_FILE, 'build', '--quiet'], { DAILIES_IMAGE: IMAGE }, timeoutMs);
}

/** Prepares a project, which goes with all its containers and volumes when the test ends. */
export async function makeStack(t: TestContext, settings: Readonly<Record<string, string>>): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'dailies-e2e-'));
  const recordings = join(folder, 'not-there-yet', 'recordings');
  const project = `dailies-e2e-${process.pid}`;
  const env = { ...settings, DAILIES_IMAGE: IMAGE, RECORDINGS_DIR: recordings };
  await mkdir(folder, { recursive: true });
  const compose = (...args: string[]): Promise<string> =>
    docker(['compose', '-f', COMPOSE_FILE, '-p', project, ...args], env);
  const containers = async (service: string): Promise<string[]> => {
    const out = await compose('ps', '--all', '--quiet', service);
    return out.split('\n').filter((line) => line !== '');
  };
  const inspect = async (container: string): Promise<ContainerState> => {
    const [state] = JSON.parse(await docker(['inspect', container])) as ContainerState[];
    if (!state) throw new Error(`there is no container ${container}`);
    return state;
  };

  t.after(async () => {
    await compose('down', '--volumes', '--remove-orphans', '--timeout', '2').catch(console.error);
    await rm(folder, { recursive: true, force: true });
  });

  return {
    recordings,
    compose,
    containers,
    inspect,
    async healthy(service, count = 1) {
      const states = await Promise.all((await containers(service)).map(inspect));
      return states.length === count && states.every(({ State }) => State.Health?.Status === 'healthy');
    },
    async status() {
      const [watcher = ''] = await containers('ingest-watcher');
      return JSON.parse(await docker(['exec', watcher, '/app/deploy/images/entry', 'status', '--json']));
    },
    async explain() {
      const parts = [compose('ps', '--all'), compose('logs', '--no-color', '--timestamps', '--tail', '150')];
      return (await Promise.all(parts.map((part) => part.catch(String)))).join('\n');
    },
    async crash(container) {
      // -1: all processes that it may signal but the first and itself.
      await docker(['exec', container, 'sh', '-c', 'kill -9 -1 || true']).catch(() => {});
    },
  };
}
