import type { AddressInfo } from 'node:net';
import { DailiesError } from '@dailies/contracts';

/** What stands in the way of work at the moment. */
export interface Problem {
  readonly what: string;
  readonly code: string;
  readonly message: string;
}

export interface HealthSource {
  /** In the text format of Prometheus. */
  metrics(): Promise<{ contentType: string; text: string }>;
  /** Nothing when work can go on. */
  problems(): Promise<readonly Problem[]>;
}

export interface HealthServer {
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves /metrics, /healthz and /readyz (work can go on). An answer from /healthz says all there is to say: the process
 * lives and its loop turns; one that is blocked does not answer.
 * @throws DailiesError CONFIG_INVALID when the address is taken or not ours; PERMISSION_DENIED for a port that we may not open
 */
export async function openHealthServer(
  at: { host: string; port: number },
  source: HealthSource,
): Promise<HealthServer> {
  // Fastify takes a while to load; a process without a port does without.
  const { fastify } = await import('fastify');
  const app = fastify({ logger: false, bodyLimit: 1024, requestTimeout: 30_000, forceCloseConnections: true });
  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await source.metrics();
    return reply.header('content-type', contentType).send(text);
  });
  app.get('/healthz', async () => ({ alive: true }));
  app.get('/readyz', async (_request, reply) => {
    const problems = await source.problems();
    return reply.code(problems.length === 0 ? 200 : 503).send({ ready: problems.length === 0, problems });
  });
  try {
    await app.listen({ host: at.host, port: at.port });
  } catch (thrown) {
    throw unusable(at, thrown);
  }
  const { address, port, family } = app.server.address() as AddressInfo;
  return {
    address: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () => app.close(),
  };
}

function unusable({ host, port }: { host: string; port: number }, thrown: unknown): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
  if (code === 'EADDRINUSE')
    return new DailiesError('CONFIG_INVALID', `HTTP_PORT ${port} on ${host} is taken by another process.`, {
      cause: thrown,
      details: { todo: 'Choose another port, or end that process.' },
    });
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new DailiesError('CONFIG_INVALID', `HTTP_HOST ${host} is no address of this machine.`, {
      cause: thrown,
      details: { todo: 'Take 127.0.0.1 for this machine alone, 0.0.0.0 for all of its networks.' },
    });
  return thrown;
}
