import { hostname } from 'node:os';
import {
  decodeHost,
  type HostState,
  type RawRecord,
  TOPICS,
  toDailiesError,
  type WorkerState,
} from '@dailies/contracts';
import type { Logger } from 'pino';
import { derived, field } from './fields.ts';

/** The host that watcher and workers mean. */
export const courtesyHostFields = [
  field({
    env: 'COURTESY_HOST',
    type: 'string',
    default: derived('the name of this host', () => hostname()),
    describe:
      'The name of the machine, the same for the watcher and the workers on it. Containers have names of their own: there it has to be set.',
    example: 'meet-1',
  }),
] as const;

/** What is known of hosts and their workers, kept up to date. */
export interface HostsReader {
  /** The state of a host on which a meeting is being recorded, as far as that still holds; else null. */
  recording(host: string, nowMs: number): HostState | null;
  /** Hosts on which a meeting is being recorded. */
  allRecording(nowMs: number): HostState[];
  /** Workers that do not work at full pace. */
  slowed(nowMs: number): WorkerState[];
  onChange(callback: () => void): () => void;
  close(): Promise<void>;
}

interface HostSource {
  tail(
    topic: string,
    onRecord: (record: RawRecord) => void,
    options?: { readonly follow?: boolean },
  ): Promise<{ close(): Promise<void> }>;
}

/** Reads what is said of hosts; it has caught up when it resolves. What cannot be read is of another version, and passed over. */
export async function followHosts(
  bus: HostSource,
  log: Logger,
  options: { follow?: boolean } = {},
): Promise<HostsReader> {
  const hosts = new Map<string, HostState>();
  const workers = new Map<string, WorkerState>();
  const listeners = new Set<() => void>();
  const tail = await bus.tail(
    TOPICS.hosts,
    (record) => {
      try {
        const message = decodeHost(record);
        if (message.type === 'host-state') hosts.set(message.host, message);
        else workers.set(message.worker, message);
      } catch (error) {
        log.debug({ err: toDailiesError(error) }, 'a message about a host cannot be read and is skipped');
        return;
      }
      for (const listener of [...listeners]) listener();
    },
    { follow: options.follow ?? true },
  );
  const holds = (message: { readonly expiresAt: string }, nowMs: number): boolean =>
    Date.parse(message.expiresAt) > nowMs;
  const allRecording = (nowMs: number): HostState[] =>
    [...hosts.values()].filter((message) => message.state === 'recording' && holds(message, nowMs));
  return {
    recording: (host, nowMs) => allRecording(nowMs).find((message) => message.host === host) ?? null,
    allRecording,
    slowed: (nowMs) => [...workers.values()].filter((message) => message.pace !== 'full' && holds(message, nowMs)),
    onChange(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    async close() {
      listeners.clear();
      await tail.close();
    },
  };
}
