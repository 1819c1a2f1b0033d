import { z } from 'zod';

const Host = z.string().min(1).max(255);
const base = { v: z.literal(1), host: Host, since: z.iso.datetime(), at: z.iso.datetime() };

/** How fast a worker works: `slow` is one batch at a time at low priority, `pause` takes none. */
export const PACES = ['full', 'slow', 'pause'] as const;
export const Pace = z.enum(PACES);
export type Pace = z.infer<typeof Pace>;

/**
 * Topic `hosts`: what goes on on a machine, so that workers on it can make room. Each holds until `expiresAt` only: who
 * says it must say it again, so that nobody waits for ever for somebody who has died.
 */
export const HostMessage = z.discriminatedUnion('type', [
  /** Whether Jibri is at work on this host. Key: host. */
  z.object({
    ...base,
    type: z.literal('host-state'),
    state: z.enum(['recording', 'idle']),
    expiresAt: z.iso.datetime(),
  }),
  /** The pace of a worker. Key: worker. */
  z.object({
    ...base,
    type: z.literal('worker-state'),
    worker: z.string().min(1).max(300),
    pace: Pace,
    expiresAt: z.iso.datetime(),
  }),
]);
export type HostMessage = z.infer<typeof HostMessage>;
export type HostState = Extract<HostMessage, { type: 'host-state' }>;
export type WorkerState = Extract<HostMessage, { type: 'worker-state' }>;
