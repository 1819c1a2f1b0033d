import { getContainerRuntimeClient } from 'testcontainers';
import { startBroker } from '../helpers/kafka.ts';
import type { FaultKind } from './faults.ts';

/** A Kafka broker that can be hit like the services. It keeps its data. */
export interface FaultyBroker {
  readonly address: string;
  readonly up: boolean;
  hit(kind: FaultKind, options: { readonly forMs: number }): Promise<void>;
  stop(): Promise<void>;
}

/** How long it may take to end in order. */
const STOP_S = 20;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function startFaultyBroker(): Promise<FaultyBroker> {
  const broker = await startBroker();
  const { container: runtime } = await getContainerRuntimeClient();
  const port = Number(broker.address.split(':').at(-1));
  const all = await runtime.dockerode.listContainers();
  const ours = all.find(({ Ports }) => Ports.some(({ PublicPort }) => PublicPort === port));
  if (!ours) throw new Error(`no container has the broker on port ${port}`);
  const container = runtime.dockerode.getContainer(ours.Id);
  // Some images copy a read-only file there at each start, which goes well once.
  await runtime.exec(container, ['chmod', '-R', 'u+w', '/opt/kafka/config']);
  let up = true;
  return {
    address: broker.address,
    get up() {
      return up;
    },
    async hit(kind, { forMs }) {
      up = false;
      if (kind === 'freeze') {
        await container.pause();
        await sleep(forMs);
        await container.unpause();
      } else {
        if (kind === 'kill') await container.kill();
        else await container.stop({ t: STOP_S });
        await sleep(forMs);
        await container.start();
      }
      up = true;
    },
    stop: () => broker.stop(),
  };
}
