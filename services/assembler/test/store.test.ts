import assert from 'node:assert/strict';
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { decodeEvent, type EncodedMessage } from '@dailies/contracts';
import { assemble } from '../src/handle.ts';
import {
  contents,
  eventTypes,
  foundEvent,
  graded,
  ID,
  makeStage,
  NEVER,
  partsOf,
  payloadOf,
  viewOf,
} from './helpers.ts';

type Part = ReturnType<typeof partsOf>[number];

async function setup(t: TestContext) {
  const stage = await makeStage(t);
  const ports = stage.ports(viewOf(stage.published, foundEvent(stage.found())));
  const give = (part: Part | undefined): Promise<EncodedMessage[]> => {
    assert.ok(part);
    return assemble(part.message, part.payload, ports, NEVER);
  };
  const files = async (): Promise<string[]> => Object.keys(await contents(stage.library.work)).sort();
  return { ...stage, ports, give, files };
}
const key = { recordingId: ID, run: 0, cut: 'copy' } as const;
const STORED = [`${ID}/0-copy/0.batch`];

for (const order of [
  [0, 1, 2],
  [2, 0, 1],
  [0, 0, 1, 0, 1, 2],
]) {
  test(`parts become the batch, told once, whatever the order: ${order.join(', ')}`, async (t) => {
    const { give, files, library } = await setup(t);
    const parts = partsOf(0, 3);
    const last = order.at(-1) as number;
    for (const part of order.slice(0, -1)) {
      assert.deepEqual(await give(parts[part]), [], `part ${part}`);
      assert.deepEqual(await library.batches.list(key), [], 'parts count for nothing');
    }
    const [told, ...more] = await give(parts[last]);
    assert.deepEqual(more, []);
    const { at: _, ...event } = decodeEvent(told as EncodedMessage) as { at: string };
    assert.partialDeepStrictEqual(event, { type: 'batch-stored', index: 0, frames: 2, bytes: 9, worker: 'w' });
    assert.deepEqual(await library.batches.payload(key, 0), payloadOf(0));
    assert.deepEqual(await files(), STORED);
    // All of it once more, after it is stored: only the part that completed it tells of it.
    for (const part of [0, 1, 2])
      assert.deepEqual(
        eventTypes(await give(parts[part])),
        part === last ? ['batch-stored'] : [],
        `part ${part} again`,
      );
    assert.deepEqual(await files(), STORED);
    assert.deepEqual(await library.batches.payload(key, 0), payloadOf(0));
  });
}

test('parts of two gradings of one batch never mix; the first whole one stays', async (t) => {
  const { give, files, library } = await setup(t);
  const one = partsOf(0, 2);
  const other = partsOf(0, 2, Buffer.from('graded elsewhere'));
  assert.deepEqual(await give(one[0]), []);
  assert.deepEqual(await give(other[0]), []);
  assert.equal((await files()).length, 2);
  assert.deepEqual(eventTypes(await give(other[1])), ['batch-stored']);
  assert.deepEqual(await files(), STORED);
  assert.deepEqual(await give(one[1]), [], 'the other one was told');
  assert.deepEqual(await files(), STORED);
  assert.equal((await library.batches.payload(key, 0)).toString(), 'graded elsewhere');
});

test('a batch that came whole meanwhile makes the parts of another grading needless', async (t) => {
  const { give, files, library } = await setup(t);
  const parts = partsOf(0, 2, Buffer.from('graded elsewhere'));
  await give(parts[0]);
  assert.deepEqual(eventTypes(await give({ message: graded(0), payload: payloadOf(0) })), ['batch-stored']);
  assert.deepEqual(await give(parts[1]), []);
  assert.deepEqual(await files(), STORED);
  assert.deepEqual(await library.batches.payload(key, 0), payloadOf(0));
});

test('parts that are not those that were sent are refused, and not kept', async (t) => {
  const { give, files } = await setup(t);
  const [first, second] = partsOf(0, 2);
  await give(first);
  await assert.rejects(give({ ...(second as Part), payload: Buffer.from('other') }), { code: 'MESSAGE_INVALID' });
  assert.deepEqual(await files(), [`${ID}/0-copy/`]);
  for (const over of [{ sha256: '../../x' }, { part: 2 }])
    await assert.rejects(give({ message: graded(0, { parts: 2, ...over }), payload: payloadOf(0) }), {
      code: 'MESSAGE_INVALID',
    });
  assert.deepEqual(await files(), [`${ID}/0-copy/`]);
});

test('what a broken disk cut off is mended by the parts that come again', async (t) => {
  const { give, files, library } = await setup(t);
  const parts = partsOf(0, 2);
  for (const part of parts) await give(part);
  await truncate(join(library.work, STORED[0] as string), 10);
  for (const part of parts) await give(part);
  assert.deepEqual(await library.batches.payload(key, 0), payloadOf(0));
  assert.deepEqual(await files(), STORED);
});
