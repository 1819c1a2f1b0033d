import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DailiesError } from '@dailies/contracts';
import { parseStatus, type Sign } from './signs.ts';

/** A status of Jibri has some hundred bytes. */
const MAX_BODY_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;

/**
 * Listens to what Jibri posts. It takes `…/v1/status` and answers everything else of Jibri's, too, so that it logs no
 * errors; whoever can reach the port can slow workers down for a while, and nothing else.
 * @throws DailiesError CONFIG_INVALID when the port cannot be opened
 */
export async function openStatusServer(
  at: { readonly port: number; readonly host: string },
  onSign: (sign: Sign) => void,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer({ requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS }, (request, response) => {
    take(request, onSign).then(
      (status) => response.writeHead(status).end(),
      () => response.destroy(),
    );
  });
  server.maxConnections = 64;
  await listen(server, at);
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @returns the status of the answer */
async function take(request: IncomingMessage, onSign: (sign: Sign) => void): Promise<number> {
  const path = new URL(request.url ?? '/', 'http://x').pathname;
  if (request.method !== 'POST') return 405;
  const body = await read(request);
  if (body === null) return 413;
  if (path.endsWith('/v1/session/status')) return 200;
  if (!path.endsWith('/v1/status')) return 404;
  const sign = parseStatus(body);
  if (!sign) return 400;
  onSign(sign);
  return 200;
}

async function read(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function listen(server: Server, { port, host }: { port: number; host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new DailiesError('CONFIG_INVALID', `COURTESY_PORT ${port} cannot be opened on ${host}: ${cause.message}.`, {
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}
