import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { logLevel } from 'kafkajs';
import { createLogger } from 'kafkajs/src/loggers/index.js';
import Connection from 'kafkajs/src/network/connection.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import { connectionOf } from '../../src/kafka/connection.ts';
import { settingsFor } from '../helpers/kafka.ts';

const REQUEST_TIMEOUT_MS = 300;
/** Of a request: length, which one, its version. */
const CORRELATION_AT = 8;

/** What a broker does with a request: `answer` is what it would say. */
type Behaviour = (socket: Socket, answer: Buffer) => void;

/** A broker that treats its first request otherwise than all others, and a connection of kafkajs to it. */
async function connected(
  t: TestContext,
  first: Behaviour,
): Promise<{ ask(): Promise<string>; sockets: Set<Socket>; destroy(): void }> {
  const sockets = new Set<Socket>();
  let asked = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const respond = (request: Buffer): void => {
      const body = Buffer.concat([request.subarray(CORRELATION_AT, CORRELATION_AT + 4), Buffer.from('hello')]);
      const length = Buffer.alloc(4);
      length.writeInt32BE(body.length);
      const answer = Buffer.concat([length, body]);
      if (asked++ === 0) first(socket, answer);
      else socket.write(answer);
    };
    // Those of the test are so short that none comes in pieces.
    socket.on('data', (data) => {
      for (let at = 0; at < data.length; at += 4 + data.readInt32BE(at)) respond(data.subarray(at));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const { config, destroy } = connectionOf(settingsFor(`127.0.0.1:${port}`), { clientId: 'test' });
  t.after(() => {
    destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const connection = new Connection({
    host: '127.0.0.1',
    port,
    logger: createLogger({ level: logLevel.NOTHING, logCreator: config.logCreator }),
    socketFactory: config.socketFactory,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: config.connectionTimeout ?? 0,
  });
  return {
    sockets,
    destroy,
    async ask() {
      await connection.connect();
      return connection.send({
        request: { apiKey: 18, apiVersion: 0, apiName: 'ApiVersions', encode: async () => new Encoder() },
        response: { decode: async (raw) => raw.toString(), parse: async (text) => text },
      });
    },
  };
}

// A tail asked for ever and got nothing: each request timed out.
test('an answer that was cut off when the broker went away is no beginning of the next one', async (t) => {
  const { ask } = await connected(t, (socket, answer) => {
    socket.write(answer.subarray(0, answer.length - 2), () => socket.end());
  });
  await assert.rejects(ask(), { name: /^KafkaJSConnection/ });
  assert.equal(await ask(), 'hello');
  assert.equal(await ask(), 'hello');
});

test('an answer that does not come in time costs the connection, and the next request has one of its own', async (t) => {
  const { ask, sockets } = await connected(t, () => {});
  await assert.rejects(ask(), { name: 'KafkaJSRequestTimeoutError' });
  assert.equal(await ask(), 'hello');
  assert.equal(sockets.size, 2);
});

test('two that ask at the same moment share one connection', async (t) => {
  const { ask, sockets } = await connected(t, (socket, answer) => socket.write(answer));
  assert.deepEqual(await Promise.all([ask(), ask()]), ['hello', 'hello']);
  assert.equal(sockets.size, 1);
});

// kafkajs tried on for half a minute after a stop, and kept the process for as long.
test('what was cut by us is not worth another try', async (t) => {
  const { ask, destroy } = await connected(t, () => destroy());
  const final = { name: 'KafkaJSConnectionError', retriable: false, message: /closed by us$/ };
  await assert.rejects(ask(), final);
  await assert.rejects(ask(), final);
});
