import { getContainerRuntimeClient } from 'testcontainers';
import { startBroker } from '../test/helpers/kafka.ts';
import { ticksPerSecond, treeTicks } from './processes.ts';

/** A broker in a container, on the machine that is measured. */
export interface BenchBroker {
  readonly address: string;
  /** User and system time that it has taken so far, in s; 0 where Docker runs elsewhere. */
  cpuS(): number;
  stop(): Promise<void>;
}

export async function startBenchBroker(): Promise<BenchBroker> {
  const broker = await startBroker();
  const { container } = await getContainerRuntimeClient();
  const { State } = await container.getById(broker.container.getId()).inspect();
  return {
    address: broker.address,
    cpuS: () => treeTicks(State.Pid) / ticksPerSecond,
    stop: () => broker.stop(),
  };
}
