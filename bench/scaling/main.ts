/**
 * How the pipeline scales past the cores of this machine: `npm run bench:scaling`. Workers that only wait take batches from
 * a real Kafka, through the real topics, partitioning and adapter. So it measures what the bus costs, and not ffmpeg.
 * Settings: WAIT_MS a batch (1000), SECONDS a level (12), LEVELS (1,2,4,8,16,32,48). With --write it renews the chart and
 * the figures of docs/scaling.md.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { openBus } from '@dailies/bus';
import { startBroker } from '../../test/helpers/kafka.ts';
import { onSignal } from '../on-signal.ts';
import { type Level, scalingChart, scalingTable } from './chart.ts';
import { type Crew, openCrew } from './crew.ts';
import { openLoad } from './load.ts';
import { batchesPerSecond, type Idle, idleOf, median } from './numbers.ts';
import { busSettings } from './settings.ts';

const WAIT_MS = Number(process.env.WAIT_MS ?? 1000);
const SECONDS = Number(process.env.SECONDS ?? 12);
const LEVELS = (process.env.LEVELS ?? '1,2,4,8,16,32,48').split(',').map(Number);
const CHANGES = 5;
/** Workers that are there when another one joins or leaves. */
const CHANGE_AT = 8;
/** Within this time after a join or a leave the others' idle time counts. */
const CHANGE_MS = 6000;
const PROCESSES = 4;
const DOC = fileURLToPath(new URL('../../docs/scaling.md', import.meta.url));
const CHART = fileURLToPath(new URL('../../docs/images/scaling.svg', import.meta.url));
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Change {
  /** Until the one that joins takes its first batch, ms from the moment at which it was asked for. */
  readonly firstMs: number | null;
  /** How long the others had nothing in hand, beyond what is usual. */
  readonly lost: Idle;
}

/** Lets one worker join or leave, and looks at what that costs the others. */
async function change(crew: Crew, how: 'join' | 'leave'): Promise<Change> {
  await sleep(CHANGE_MS);
  const before = Date.now();
  const others = Array.from({ length: how === 'join' ? crew.size : crew.size - 1 }, (_, worker) => worker);
  let firstMs: number | null = null;
  let askedAt = before;
  if (how === 'join') {
    const newcomer = crew.size;
    const first = crew.until(({ type, worker }) => type === 'took' && worker === newcomer);
    ({ askedAt } = await crew.come());
    firstMs = (await first).at - askedAt;
  } else {
    askedAt = await crew.go();
  }
  await sleep(Math.max(0, askedAt + CHANGE_MS - Date.now()) + WAIT_MS);
  const usual = idleOf(crew.reports, others, { from: before - CHANGE_MS, to: before });
  const idle = idleOf(crew.reports, others, { from: askedAt, to: askedAt + CHANGE_MS });
  return { firstMs, lost: { meanMs: Math.max(0, idle.meanMs - usual.meanMs), longestMs: idle.longestMs } };
}

async function main(): Promise<void> {
  const broker = await startBroker();
  const bus = await openBus(busSettings(broker.address), { clientId: 'bench' });
  const crew = openCrew(broker.address, WAIT_MS, PROCESSES);
  const close = async (): Promise<void> => {
    crew.close();
    await bus.close();
    await broker.stop();
  };
  onSignal(close);
  try {
    const load = openLoad(bus);
    const levels: Level[] = [];
    const joins: Change[] = [];
    const leaves: Change[] = [];
    const done = (): number => crew.reports.filter(({ type }) => type === 'done').length;
    const enoughFor = (workers: number, seconds: number): Promise<void> =>
      load.upTo(Math.ceil(done() + ((workers * seconds * 1000) / WAIT_MS) * 1.5 + 48 * 4));
    for (const workers of LEVELS) {
      await enoughFor(workers, SECONDS + 20);
      while (crew.size < workers) await crew.come();
      // All of them have joined; what the last rebalance costs is measured apart.
      await sleep(5000 + WAIT_MS);
      const from = Date.now();
      await sleep(SECONDS * 1000);
      const span = { from, to: Date.now() };
      const level = { workers, measured: batchesPerSecond(crew.reports, span), ideal: (workers * 1000) / WAIT_MS };
      levels.push(level);
      console.error(`${workers} workers: ${level.measured.toFixed(1)} of ${level.ideal.toFixed(1)} batches/s`);
      if (workers !== CHANGE_AT) continue;
      for (let i = 0; i < CHANGES; i++) {
        await enoughFor(workers + 1, (2 * (2 * CHANGE_MS)) / 1000 + 10);
        joins.push(await change(crew, 'join'));
        leaves.push(await change(crew, 'leave'));
      }
    }
    const text = [
      `Node ${process.version}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)} at the end, ${WAIT_MS} ms a batch, ${SECONDS} s a level, one client a worker, in ${PROCESSES} processes.`,
      '',
      scalingTable(levels),
      ...(joins.length > 0 ? ['', changesTable(joins, leaves)] : []),
    ].join('\n');
    console.log(text);
    if (process.argv.includes('--write')) await write(text, levels);
  } finally {
    await close();
  }
}

function changesTable(joins: readonly Change[], leaves: readonly Change[]): string {
  const ms = (value: number): string => `${Math.round(value)} ms`;
  const row = (what: string, changes: readonly Change[]): string =>
    `| ${what} | ${ms(median(changes.map(({ lost }) => lost.meanMs)))} | ${ms(Math.max(...changes.map(({ lost }) => lost.longestMs)))} |`;
  const first = joins.flatMap(({ firstMs }) => firstMs ?? []);
  return [
    `| at ${CHANGE_AT} workers, ${CHANGES} times | time lost for each of the others, median | longest pause of one |`,
    '|---|---|---|',
    row('one joins', joins),
    row('one leaves', leaves),
    '',
    `A worker that joins takes its first batch ${ms(median(first))} after it was started to connect (median; longest ${ms(Math.max(...first))}).`,
  ].join('\n');
}

/** Puts the figures between the marks of the page. */
async function write(text: string, levels: readonly Level[]): Promise<void> {
  const [begin, end] = ['<!-- figures: npm run bench:scaling -- --write -->', '<!-- end of figures -->'];
  const page = await readFile(DOC, 'utf8');
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${DOC} has lost its marks for the figures`);
  await writeFile(DOC, `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`);
  await writeFile(CHART, scalingChart(levels, `Workers that wait ${WAIT_MS} ms a batch, on Kafka`));
}

await main();
