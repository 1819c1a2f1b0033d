import type { Command } from '../command.ts';

/** All commands, in the order of `dailies --help`. */
const loaders: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).run,
  status: async () => (await import('./status.ts')).status,
  replay: async () => (await import('./replay.ts')).replay,
  retention: async () => (await import('./retention.ts')).retention,
  'dead-letters': async () => (await import('./dead-letters.ts')).deadLetters,
  lag: async () => (await import('./lag.ts')).lag,
  topics: async () => (await import('./topics.ts')).topics,
  doctor: async () => (await import('./doctor.ts')).doctor,
  looks: async () => (await import('./looks.ts')).looks,
  grade: async () => (await import('./grade.ts')).gradeCommand((await import('../grade-file.ts')).gradeFile),
};

/** The command of that name alone, so that a start loads no more than it uses; all of them when there is none, for the help. */
export async function loadCommands(name?: string): Promise<Command[]> {
  const wanted = name !== undefined && Object.hasOwn(loaders, name) ? [name] : Object.keys(loaders);
  return Promise.all(wanted.map((each) => (loaders[each] as () => Promise<Command>)()));
}
