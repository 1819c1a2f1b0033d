import { busCheck } from './bus.ts';
import { clockCheck } from './clock.ts';
import { oneDiskCheck, spaceCheck } from './disk.ts';
import { finalizeCheck } from './finalize.ts';
import { foldersCheck, recordingsCheck } from './folders.ts';
import type { Check } from './input.ts';
import { jibriCheck } from './jitsi.ts';
import { machineCheck } from './machine.ts';
import { selinuxCheck } from './selinux.ts';
import { toolsCheck } from './tools.ts';

/** All checks, in the order of their lines. */
export const CHECKS: readonly Check[] = [
  foldersCheck,
  recordingsCheck,
  selinuxCheck,
  oneDiskCheck,
  spaceCheck,
  busCheck,
  toolsCheck,
  machineCheck,
  clockCheck,
  jibriCheck,
  finalizeCheck,
];
