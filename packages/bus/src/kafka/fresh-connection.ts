import type { Socket } from 'node:net';
import type { Exchange } from 'kafkajs/src/cluster/index.js';
import Connection from 'kafkajs/src/network/connection.js';

/** The length that begins an answer. */
const LENGTH_BYTES = 4;
/** What sockets say that we have cut, and those that are asked for after that. */
export const CLOSED_BY_US = 'closed by us';
const connecting = new WeakMap<Connection, Promise<boolean>>();
let isDone = false;

/**
 * Lets a connection that is made again begin with nothing of the one before. kafkajs 2.2.4 keeps what had come of an answer
 * when the broker went away, and takes the first bytes of the new connection for the rest of it: from there on no answer
 * is understood, each request times out, and it goes on so for ever, for a timeout is no reason to connect anew either.
 */
export function freshConnections(): void {
  if (isDone) return;
  isDone = true;
  const { connect, send, rejectRequests } = Connection.prototype;

  Connection.prototype.connect = function connectFresh(this: Connection) {
    if (this.isConnected()) return Promise.resolve(true);
    const under = connecting.get(this);
    // Two that ask at once made two sockets, of which the one that was not used could end the other.
    if (under) return under;
    this.socket?.destroy();
    this.rejectRequests(lost('Connection lost'));
    this.chunks = [];
    this.bytesBuffered = 0;
    this.bytesNeeded = LENGTH_BYTES;
    const made = connect.call(this).catch((thrown: unknown) => {
      throw final(thrown);
    });
    const done = Promise.race([made, closed(this.socket)]).finally(() => connecting.delete(this));
    connecting.set(this, done);
    return done;
  };

  Connection.prototype.rejectRequests = function rejectForGood(this: Connection, error) {
    rejectRequests.call(this, final(error));
  };

  // A broker answers in order: after an answer that did not come in time, none of this connection can be relied on.
  Connection.prototype.send = async function sendOrCut<T>(this: Connection, exchange: Exchange<T>): Promise<T> {
    const { socket } = this;
    try {
      return (await send.call(this, exchange)) as T;
    } catch (thrown) {
      if (thrown instanceof Error && thrown.name === 'KafkaJSRequestTimeoutError') await cut(socket);
      throw thrown;
    }
  };
}

async function cut(socket: Socket | undefined): Promise<void> {
  if (!socket || socket.closed) return;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.destroy(new Error('no answer in time'));
  await closed;
}

/** Rejects when the socket is closed; kafkajs itself does not see that of one that closes before it is connected. */
function closed(socket: Socket | undefined): Promise<never> {
  return new Promise((_, reject) => {
    socket?.once('close', () => reject(lost('Connection closed')));
  });
}

/** What was cut by us is not to be tried again: kafkajs would do so for half a minute, and keep the process for as long. */
function final<T>(error: T): T {
  return error instanceof Error && error.message.endsWith(CLOSED_BY_US)
    ? Object.assign(error, { retriable: false })
    : error;
}

/** As kafkajs says it, so that it is tried again. */
const lost = (message: string): Error =>
  Object.assign(new Error(message), { name: 'KafkaJSConnectionError', retriable: true });
