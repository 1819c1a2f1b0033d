import { count, size } from '../figures.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Check } from './input.ts';

/** Measured: 524 MB with two slots at 640x360; a slot of 720p needs more for its decoder and encoder. */
const BASE_BYTES = 300e6;
const SLOT_BYTES = 200e6;

/** Pipes, processes and files of a slot, and what the rest needs. */
const BASE_FILES = 200;
const SLOT_FILES = 40;

/** Whether memory, cores and the limit of open files do for the slots of a worker. */
export const machineCheck: Check = {
  name: 'machine',
  async run({ config, host }) {
    const slots = config.workerSlots;
    const findings: Finding[] = [];
    const needBytes = BASE_BYTES + slots * SLOT_BYTES;
    const has = `${host.cores} cores and ${size(host.memoryBytes)} of memory for ${count(slots, 'worker slot')}`;
    if (host.memoryBytes < needBytes)
      findings.push(
        warn('machine', `${has}; about ${size(needBytes)} are needed.`, 'Lower WORKER_SLOTS, or give it more memory.'),
      );
    if (slots > host.cores)
      findings.push(warn('machine', `${has}: more slots than cores.`, `Set WORKER_SLOTS to ${host.cores}.`));
    if (findings.length === 0) findings.push(ok('machine', has));
    return [...findings, filesFinding(await host.readText('/proc/self/limits'), slots)];
  },
};

function filesFinding(limits: string | null, slots: number): Finding {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits ?? '')?.[1];
  if (soft === undefined) return ok('open files', 'this system does not tell its limit');
  const need = BASE_FILES + slots * SLOT_FILES;
  const found = `up to ${soft}; about ${need} are needed for ${count(slots, 'worker slot')}`;
  const todo = 'Raise it: `ulimit -n 65536`, LimitNOFILE= of systemd, or `ulimits: nofile` of Compose.';
  if (soft === 'unlimited' || Number(soft) >= 2 * need) return ok('open files', found);
  return Number(soft) < need ? fail('open files', `${found}.`, todo) : warn('open files', `${found}.`, todo);
}
