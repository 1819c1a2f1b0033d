import { Writable } from 'node:stream';

/** A Writable that keeps everything it gets, for outputs of a bounded size. */
export function collectTarget(): { target: Writable; bytes(): Buffer } {
  const chunks: Buffer[] = [];
  const target = new Writable({
    autoDestroy: false,
    emitClose: false,
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { target, bytes: () => Buffer.concat(chunks) };
}
