/**
 * The chaos suite: `npm run test:chaos`. Real recordings go through the four services, each in processes of its own, while
 * faults drawn from a seed hit them and the broker; then every film, original and message is accounted for.
 * Settings: SEED, FAULTS (12), ROUNDS (1; the faults are shared out), MINUTES (after which no further fault is begun; a quarter
 * of FAULTS, 2 at least), BUS (sqlite or kafka). What it promises and how it went: docs/reliability.md.
 */
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random } from '../helpers/random.ts';
import { FAULT_KINDS, type Fault } from './faults.ts';
import { watchProgress } from './progress.ts';
import { runRound } from './round.ts';
import { settle } from './settle.ts';
import { makeSources } from './sources.ts';
import { openStage, type Stage } from './stage.ts';
import { killStrays, straysOf } from './strays.ts';
import { type Findings, problemsOf } from './verdict.ts';

const setting = (name: string, otherwise: number): number => {
  const value = Number(process.env[name] || otherwise);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`${name} is "${process.env[name]}"; it has to be a number above 0`);
};
const SEED = setting('SEED', Date.now() % 1_000_000);
const FAULTS = setting('FAULTS', 12);
const ROUNDS = Math.min(setting('ROUNDS', 1), FAULTS);
const MINUTES = setting('MINUTES', Math.max(2, FAULTS / 4));
const BUS = process.env.BUS === 'kafka' ? 'kafka' : 'sqlite';
const LOG_TAIL = 3000;

const began = performance.now();
const say = (line: string): void =>
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`);
const next = random(SEED);
const folder = await realpath(await mkdtemp(join(tmpdir(), 'dailies-chaos-')));
let stage: Stage | null = null;
let ended = false;

/** Nothing that was started outlives this process, however it ends. */
async function end(code: number): Promise<never> {
  ended = true;
  if (stage) {
    const { recordings } = stage;
    await stage.close().catch((error: unknown) => say(`closing: ${error}`));
    killStrays(await straysOf(recordings));
  }
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    say(`${signal}: everything is ended`);
    if (!ended) void end(130);
  });

async function showLogs(): Promise<void> {
  for (const { name, log } of stage?.places ?? []) {
    const text = await readFile(log, 'utf8').catch(() => '');
    console.log(`\n--- ${name}\n${text.slice(-LOG_TAIL)}`);
  }
}

function tally(faults: readonly Fault[]): string {
  const kinds = FAULT_KINDS.map((kind) => `${faults.filter((fault) => fault.kind === kind).length} ${kind}`);
  const targets = [...new Set(faults.map(({ target }) => target))]
    .sort()
    .map((target) => `${faults.filter((fault) => fault.target === target).length} ${target}`);
  return `${faults.length} faults: ${kinds.join(', ')}; of ${targets.join(', ')}`;
}

async function main(): Promise<number> {
  say(`SEED=${SEED} FAULTS=${FAULTS} ROUNDS=${ROUNDS} BUS=${BUS}; everything is in ${folder}`);
  const sources = await makeSources(join(folder, 'sources'));
  const untilMs = began + MINUTES * 60_000;
  const all: Fault[] = [];
  const problems: string[] = [];
  const sum = { recordings: 0, batches: 0, gradings: 0, again: 0, inHand: 0, storedAgain: 0, ownEnds: 0 };
  for (let round = 0; round < ROUNDS && performance.now() < untilMs; round++) {
    const from = Math.floor((round * FAULTS) / ROUNDS);
    const faults = Math.floor(((round + 1) * FAULTS) / ROUNDS) - from;
    // Each round has a folder, a bus and processes of its own, so that what one leaves behind is seen at its end.
    stage = await openStage(join(folder, `round-${round}`), BUS, process.env);
    const progress = watchProgress(stage.view);
    const {
      recordings,
      faults: made,
      inHand,
    } = await runRound({
      ...{ stage, progress, sources, next, from, faults, untilMs, name: `round-${round}`, say },
    });
    all.push(...made);
    say(`round ${round}: the faults are over, ${recordings.size} recordings were put in`);
    const findings: Findings = await settle(stage, recordings, inHand);
    problems.push(...problemsOf(findings));
    const { batches, gradings, again } = findings.gradings;
    say(
      `round ${round}: ${batches} batches, ${gradings} gradings, ${again} again, ${inHand} were in hands that were hit`,
    );
    for (const { name, exit } of stage.ownEnds)
      say(`round ${round}: ${name} ended by itself with ${exit}, and was started again`);
    const strays = await straysOf(stage.recordings);
    if (strays.length > 0) say(`round ${round}: still running: ${strays.map(({ command }) => command).join(', ')}`);
    sum.recordings += recordings.size;
    sum.batches += batches;
    sum.gradings += gradings;
    sum.again += again;
    sum.inHand += inHand;
    sum.storedAgain += progress.storedAgain;
    sum.ownEnds += stage.ownEnds.length;
    if (problems.length > 0) break;
    const { recordings: room } = stage;
    await stage.close();
    killStrays(await straysOf(room));
    stage = null;
  }
  if (all.length === 0) problems.push('no fault was made, so this says nothing: give it more MINUTES');
  say(tally(all));
  say(JSON.stringify({ seed: SEED, bus: BUS, faults: all.length, ...sum }));
  if (all.length < FAULTS) say(`only ${all.length} of ${FAULTS} faults fitted into ${MINUTES} minutes`);
  if (problems.length === 0) {
    say('every film is exact and there once, every original is archived, nothing is left behind');
    await rm(folder, { recursive: true, force: true });
    return 0;
  }
  await showLogs();
  console.log(`\nThe promise was broken (SEED=${SEED} FAULTS=${FAULTS} ROUNDS=${ROUNDS} BUS=${BUS}); see ${folder}`);
  for (const problem of problems) console.log(`- ${problem}`);
  return 1;
}

try {
  await end(await main());
} catch (error) {
  await showLogs();
  console.log(`\nSEED=${SEED} FAULTS=${FAULTS} ROUNDS=${ROUNDS} BUS=${BUS}; see ${folder}`);
  console.log(error);
  await end(1);
}
