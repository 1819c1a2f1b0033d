import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { DailiesEvent } from '@dailies/contracts';

export const SECRET = 'SECRET-0123456789abcdef';
const AT = '2026-08-01T10:00:00.000Z';

export const idOf = (n: number): string => n.toString(16).padStart(16, '0');
const base = (n: number, run = 0) => ({ v: 1, recordingId: idOf(n), run, at: AT }) as const;

const file = (n: number) => ({
  path: `s${n}/room.mp4`,
  kind: 'video' as const,
  sizeBytes: 1,
  fingerprint: 'f',
  room: 'standup',
  sessionId: `s${n}`,
  meetingId: 'k-1',
});
export const found = (n: number, run = 0): DailiesEvent => ({ ...base(n, run), ...file(n), type: 'found' });
export const quarantined = (n: number): DailiesEvent => ({
  ...base(n),
  ...file(n),
  type: 'quarantined',
  code: 'RECORDING_NO_MOOV',
  reason: 'No moov.',
});
export const splitting = (n: number): DailiesEvent => ({
  ...base(n),
  type: 'splitting',
  cut: 'copy',
  frames: 60,
  durationMs: 2000,
  look: 'both',
});
export const finished = (n: number, run = 0) =>
  ({
    ...base(n, run),
    type: 'finished',
    film: `s${n}/room.mp4`,
    archived: `s${n}/room.mp4`,
    frames: 60,
    durationMs: 2000,
    filmBytes: 10,
  }) as const satisfies DailiesEvent;
export const failed = (n: number, run = 0) =>
  ({ ...base(n, run), type: 'failed', code: 'RECORDING_UNREADABLE', reason: 'Bad.' }) as const satisfies DailiesEvent;

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dailies-notify-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Taken {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly method: string | undefined;
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A receiver of webhooks on 127.0.0.1. `answer` is asked for each request, with how many came before it. */
export async function receiver(
  t: TestContext,
  answer: (response: ServerResponse, before: number, request: Taken) => void = (response) => response.end(),
) {
  const taken: Taken[] = [];
  let next = Promise.withResolvers<void>();
  const server = createServer(async (request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one = { headers: request.headers, body: Buffer.concat(chunks).toString(), method: request.method };
    taken.push(one);
    answer(response, taken.length - 1, one);
    next.resolve();
    next = Promise.withResolvers();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=TOKEN`,
    taken,
    /** Resolves when so many requests have come. */
    async reached(count: number): Promise<void> {
      while (taken.length < count) await next.promise;
    },
    messages: () => taken.map(({ body }) => JSON.parse(body) as Record<string, unknown>),
  };
}
