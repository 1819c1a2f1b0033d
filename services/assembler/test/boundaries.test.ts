import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { decodeEvent, type EncodedMessage, type GradedMessage, TOPICS } from '@dailies/contracts';
import { createLogger } from '@dailies/service';
import { assemble } from '../src/handle.ts';
import type { AssemblerPorts } from '../src/ports.ts';
import { createSweeper } from '../src/sweep.ts';
import { contents, foundEvent, graded, ID, makeStage, NEVER, ORIGINAL, partsOf, payloadOf, viewOf } from './helpers.ts';

// A process that died between the removal of the batches and the event `finished` left its recording in `assembling` for
// ever. So: a death at every call that the assembler makes of the outside, and the message delivered
// again, as a bus does that knows of nothing but acknowledgements.

class Death extends Error {}

/** Counts the calls; the process dies when one of them is to be made, so also after the one before it. */
function mortal(dieAt: number) {
  let calls = 0;
  const names: string[] = [];
  const step = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    names.push(name);
    if (++calls === dieAt) throw new Death(name);
    return call();
  };
  const wrap = <T extends object>(target: T, prefix: string): T =>
    new Proxy(target, {
      get(of, name, receiver) {
        const value: unknown = Reflect.get(of, name, receiver);
        if (typeof value !== 'function' || name === 'now') return value;
        return (...args: unknown[]) => step(`${prefix}${String(name)}`, async () => value.apply(of, args));
      },
    });
  const ports = (ports: AssemblerPorts): AssemblerPorts =>
    wrap(
      {
        ...ports,
        batches: wrap(ports.batches, 'batches.'),
        notes: wrap(ports.notes, 'notes.'),
        parts: wrap(ports.parts, 'parts.'),
        films: wrap(ports.films, 'films.'),
      },
      '',
    );
  // The view is memory of the process, and asking it is no step; nor is what nobody waits for.
  const still = ({ view, readAhead }: AssemblerPorts) => ({ view, readAhead });
  return { step, ports: (given: AssemblerPorts) => ({ ...ports(given), ...still(given) }), calls: () => calls, names };
}

interface Case {
  readonly dieAt: number;
  /** `late`: the view shows nothing of what was told before all messages are handled, as another consumer of Kafka may. */
  readonly view: 'prompt' | 'late';
  readonly order: readonly ('0' | '1' | '1.0' | '1.1' | 'complete')[];
}

/** Plays one life and, after the death, another one. @returns how many calls there were, and what is left in the end */
async function play(t: TestContext, { dieAt, view: seen, order }: Case) {
  const stage = await makeStage(t);
  const { library, published } = stage;
  const log = createLogger({ level: 'silent', format: 'json', preferText: false, color: false, write: () => {} });
  const life = mortal(dieAt);
  const parts = partsOf(1, 2);
  const messages: Record<string, GradedMessage> = { 0: graded(0), 1: graded(1), complete: stage.complete() };
  for (const [part, { message }] of parts.entries()) messages[`1.${part}`] = message;
  let films = 0;
  const start = async () => {
    const view = viewOf(published, foundEvent(stage.found()));
    const sweeper = createSweeper({
      view,
      batches: library.batches,
      films: library.films,
      readAll: async () => view,
      log,
    });
    if (seen === 'prompt') view.catchUp();
    await sweeper.start();
    const ports = life.ports({
      ...stage.ports(view),
      // No two ffmpegs write the same film: what is published twice shows.
      readAhead: () => {},
      async makeFilm({ batches, film }) {
        const parts = await Promise.all(batches.map((batch) => batch.read()));
        await writeFile(film, `${Buffer.concat(parts).toString()} film ${++films}`);
        return { frames: 4, durationMs: 133, container: 'mp4' };
      },
    });
    return { view, sweeper, ports };
  };
  const deliver = async ({ view, sweeper, ports }: Awaited<ReturnType<typeof start>>, name: string): Promise<void> => {
    const message = messages[name] as GradedMessage;
    const whole = message.type === 'graded-batch' ? payloadOf(message.index) : new Uint8Array();
    const payload = name.startsWith('1.') ? (parts[Number(name.slice(2))]?.payload ?? whole) : whole;
    await sweeper.holding(ID, async () => {
      const answers: EncodedMessage[] = await assemble(message, payload, ports, NEVER);
      // Publishing what a handler answers, and acknowledging its message, are two steps. After the last one it is over.
      await life.step('answer', async () => void published.push(...answers));
      await life.step('acknowledge', async () => {});
    });
    if (seen === 'prompt') view.catchUp();
    await sweeper.stop();
  };
  let process = await start();
  for (const name of order) {
    try {
      await deliver(process, name);
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      process = await start();
      await deliver(process, name);
    }
  }
  // In the end every view sees everything; a start comes some day, too.
  process.view.catchUp();
  const last = await start();
  last.view.catchUp();
  await last.sweeper.stop();
  const status = last.view.get(ID);
  const left = {
    state: status?.state,
    film: status?.film,
    archived: status?.archived,
    recordings: Object.keys(await contents(stage.root)).filter((path) => !/^(processed|archived|work)\//.test(path)),
    processed: await contents(library.processed),
    archivedFiles: await contents(library.archived),
    work: await contents(library.work),
  };
  const stored = published
    .filter((message) => message.topic === TOPICS.events)
    .map((message) => decodeEvent(message))
    .map((event) => (event.type === 'batch-stored' ? event.index : -1));
  return { calls: life.calls(), names: life.names, left, stored: new Set(stored.filter((index) => index >= 0)) };
}

for (const view of ['prompt', 'late'] as const) {
  for (const order of [
    ['0', '1', 'complete'],
    ['0', 'complete', '1'],
    ['0', 'complete', '1.0', '1.1'],
  ] as const) {
    test(`a death at any step: one film, one original, no work left (${order.join(', ')}; view ${view})`, async (t) => {
      const whole = await play(t, { dieAt: 0, view, order });
      assert.ok(whole.names.includes('films.archive') && whole.names.includes('notes.write'), whole.names.join());
      for (let dieAt = 1; dieAt <= whole.calls; dieAt++) {
        const { left, stored } = await play(t, { dieAt, view, order });
        const where = `death at step ${dieAt}, ${whole.names[dieAt - 1]}`;
        const film = left.processed['s/room.mp4'] ?? '';
        assert.match(film, /^graded 0;graded 1; film \d$/, where);
        const wanted = {
          state: 'finished',
          film: 's/room.mp4',
          archived: 's/room.mp4',
          recordings: [],
          processed: { 's/room.mp4': film },
          archivedFiles: { 's/room.mp4': ORIGINAL },
          work: {},
        };
        assert.deepEqual(left, wanted, where);
        assert.deepEqual([...stored].sort(), [0, 1], `${where}: each batch is told`);
      }
    });
  }
}
