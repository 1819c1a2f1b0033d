import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openBus } from '@dailies/bus';
import { loadConfig } from '@dailies/service';
import { doctorFields } from '../../src/doctor/fields.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import type { Host } from '../../src/doctor/host.ts';
import type { DoctorInput, Survey } from '../../src/doctor/input.ts';

export const NOW = Date.parse('2026-08-01T12:00:00.000Z');

/** A machine with these files and labels, and else nothing to complain of. */
export function fakeHost(
  options: Partial<Host> & { files?: Record<string, string>; labels?: Record<string, string> } = {},
): Host {
  const { files = {}, labels = {}, ...facts } = options;
  return {
    uid: 1000,
    gid: 1000,
    home: '/home/meet',
    cores: 4,
    memoryBytes: 8e9,
    readText: async (path) => files[path] ?? null,
    label: async (path) => labels[path] ?? null,
    now: () => NOW,
    ...facts,
  };
}

/** Input for checks of a real folder, whose four folders are made. */
export function inputOf(
  recordings: string,
  options: { env?: Record<string, string>; host?: Host; survey?: Partial<Survey>; make?: boolean } = {},
): DoctorInput {
  const config = loadConfig(doctorFields, { env: { RECORDINGS_DIR: recordings, ...options.env }, argv: [] });
  const folders = {
    recordings,
    processed: config.processedDir,
    archived: config.archivedDir,
    work: config.workDir,
  };
  if (options.make ?? true) for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  return {
    config,
    folders,
    survey: { candidates: [], findings: [], cut: false, ...options.survey },
    host: options.host ?? fakeHost(),
    cwd: join(recordings, 'no-checkout'),
    searchPath: process.env.PATH ?? '',
    openBus: () => openBus(config, { clientId: 'test', readOnly: true }),
    kafkaTopics: async () => [],
    brokerClock: async () => null,
  };
}

/** A recording of the survey. */
export function candidate(
  path: string,
  facts: { root?: string; sizeBytes?: number; mtimeMs?: number; marker?: number } = {},
) {
  return {
    path,
    file: join(facts.root ?? '/r', path),
    kind: 'video' as const,
    sizeBytes: facts.sizeBytes ?? 1000,
    mtimeMs: facts.mtimeMs ?? NOW,
    ctimeMs: NOW,
    ino: 1,
    metadataMtimeMs: null,
    markerMtimeMs: facts.marker ?? null,
  };
}

/** `level check` of each line. */
export const levels = (findings: readonly Finding[]): string[] =>
  findings.map(({ level, check }) => `${level} ${check}`);
