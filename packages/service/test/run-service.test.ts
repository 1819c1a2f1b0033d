import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { Bus } from '@dailies/bus';
import { DailiesError } from '@dailies/contracts';
import { type ProcessPorts, runService, type Service } from '../src/index.ts';

const EMPTY_BUS: Bus = {
  publish: async () => {},
  consume: async () => ({ inFlight: 0, done: new Promise(() => {}), stop: async () => {} }),
  tail: async () => ({ close: async () => {} }),
  lag: async () => [],
  close: async () => {},
};

/** A process that is none, and a service that notes what happens to it. */
function setup(env: Record<string, string> = {}, argv: string[] = []) {
  const out = { stdout: '', stderr: '' };
  const into = (stream: keyof typeof out) => (text: string) => {
    out[stream] += text;
  };
  const emitter = new EventEmitter();
  const proc: ProcessPorts = {
    env: { LOG_LEVEL: 'info', BUS_PATH: '/tmp/bus.sqlite', RECORDINGS_DIR: '/tmp', ...env },
    argv: ['node', 'main.ts', ...argv],
    cwd: () => '/where',
    on: emitter.on.bind(emitter) as NodeJS.Process['on'],
    off: emitter.off.bind(emitter) as NodeJS.Process['off'],
    stdout: { write: into('stdout') },
    stderr: { write: into('stderr') },
  };
  const trace: string[] = [];
  const service: Service = {
    name: 'sweeper',
    start: async () => void trace.push('start'),
    stop: async ({ drainMs }) => void trace.push(`stop ${drainMs > 0 ? 'drained' : 'at once'}`),
  };
  const bus: Bus = { ...EMPTY_BUS, close: async () => void trace.push('bus closed') };
  return { out, emitter, proc, trace, service, bus };
}

/** RECORDINGS_DIR, because the default of BUS_PATH is made of it. */
const FIELDS = [
  {
    env: 'RECORDINGS_DIR',
    type: 'path',
    default: 'recordings',
    describe: 'The folder.',
    example: '/srv',
  },
] as const;

test('a signal drains the service, then closes the bus, and the exit code is 0', async () => {
  const { out, emitter, proc, trace, service, bus } = setup();
  const running = runService(
    { name: 'sweeper', summary: 'Sweeps.', fields: FIELDS, openBus: async () => bus, create: async () => service },
    {
      ...proc,
      stdout: {
        write(text) {
          out.stdout += text;
          if (text.includes('at work')) emitter.emit('SIGTERM', 'SIGTERM');
        },
      },
    },
  );
  assert.equal(await running, 0);
  assert.deepEqual(trace, ['start', 'stop drained', 'bus closed']);
  const line = JSON.parse(out.stdout.split('\n')[0] as string);
  assert.equal(line.service, 'sweeper', 'JSON, for stdout is no terminal');
  assert.equal(out.stderr, '');
});

test('what cannot start says why, with its code and what to do, and the exit code is 1', async () => {
  const { out, proc, trace, bus } = setup();
  const create = async () => {
    throw new DailiesError('FFMPEG_MISSING', 'No ffmpeg was found.');
  };
  assert.equal(
    await runService({ name: 'sweeper', summary: 'Sweeps.', fields: FIELDS, openBus: async () => bus, create }, proc),
    1,
  );
  assert.match(out.stderr, /^sweeper: FFMPEG_MISSING: No ffmpeg was found\.\n {2}Install ffmpeg/);
  assert.deepEqual(trace, ['bus closed']);
});

test('asked for its help or its version it says that, opens nothing, and the exit code is 0', async () => {
  for (const [flag, says] of [
    ['--help', /^sweeper \(Dailies [\d.]+\)\n\nSweeps\.\n[\s\S]*--drain-ms MS/],
    ['-h', /^ {2}--recordings-dir PATH\n {6}The folder\. \(RECORDINGS_DIR; default: recordings\)/m],
    ['--version', /^\d+\.\d+\.\d+\n$/],
    ['-v', /^\d+\.\d+\.\d+\n$/],
  ] as const) {
    // Even where its settings are wrong.
    const { out, proc, trace, service } = setup({ DRAIN_MS: 'soon' }, [flag]);
    const openBus = () => Promise.reject(new Error('opened'));
    const spec = { name: 'sweeper', summary: 'Sweeps.', fields: FIELDS, openBus, create: async () => service };
    assert.equal(await runService(spec, proc), 0, flag);
    assert.match(out.stdout, says, flag);
    assert.deepEqual([out.stderr, trace], ['', []]);
  }
});

test('a wrong setting is named, and no secret is told, neither in the log nor on stderr', async () => {
  const wrong = setup({ DRAIN_MS: 'soon' });
  const parts = { name: 'sweeper', summary: 'Sweeps.', fields: FIELDS, create: async () => wrong.service };
  assert.equal(await runService({ ...parts, openBus: async () => wrong.bus }, wrong.proc), 1);
  assert.match(wrong.out.stderr, /^sweeper: CONFIG_INVALID: DRAIN_MS is "soon", but it must be/);

  const secret = setup({ KAFKA_BROKERS: 'kafka:9092', KAFKA_PASSWORD: 'hunter2' });
  const openBus: Parameters<typeof runService>[0]['openBus'] = async (settings, { log }) => {
    log?.warn({ settings }, `signing in with ${settings.kafkaPassword}`);
    throw new DailiesError('BUS_FAILED', `kafka:9092 refused ${settings.kafkaPassword}.`);
  };
  assert.equal(await runService({ ...parts, openBus }, secret.proc), 1);
  assert.match(secret.out.stderr, /^sweeper: BUS_FAILED: kafka:9092 refused \[redacted\]/);
  assert.match(secret.out.stdout, /signing in with/);
  assert.ok(!`${secret.out.stdout}${secret.out.stderr}`.includes('hunter2'));
});

test('what needs no bus is made while that is opened, and a failure of it does not wait for a broker', async () => {
  const { proc, out, emitter, trace, service, bus } = setup();
  const prepared = Promise.withResolvers<void>();
  const parts = {
    name: 'sweeper',
    summary: 'Sweeps.',
    fields: FIELDS,
    async openBus() {
      await prepared.promise;
      return bus;
    },
    async create({ prepared }: { prepared: string }) {
      trace.push(prepared);
      emitter.emit('SIGTERM', 'SIGTERM');
      return service;
    },
  };
  const prepare = async () => {
    prepared.resolve();
    return 'ffmpeg 7';
  };
  assert.equal(await runService({ ...parts, prepare }, proc), 0);
  assert.equal(trace[0], 'ffmpeg 7');

  const never = async (): Promise<Bus> => Promise.withResolvers<Bus>().promise;
  const missing = async (): Promise<string> => {
    throw new DailiesError('FFMPEG_MISSING', 'No ffmpeg was found.');
  };
  assert.equal(await runService({ ...parts, openBus: never, prepare: missing }, proc), 1);
  assert.match(out.stderr, /FFMPEG_MISSING/);
});

test('a signal ends a start that waits for its bus; a bus that opens later is closed, and no work is taken', async () => {
  const { emitter, proc, trace, service, bus } = setup();
  const opened = Promise.withResolvers<Bus>();
  const running = runService(
    {
      name: 'sweeper',
      summary: 'Sweeps.',
      fields: FIELDS,
      openBus() {
        emitter.emit('SIGTERM', 'SIGTERM');
        return opened.promise;
      },
      create: async () => service,
    },
    proc,
  );
  assert.equal(await running, 0);
  opened.resolve(bus);
  await opened.promise;
  await Promise.resolve();
  assert.deepEqual(trace, ['bus closed']);
});

test('a consumer that cannot go on ends the process with its reason', async (t) => {
  const { out, emitter, proc, trace, service, bus } = setup();
  const done = Promise.withResolvers<void>();
  // node:test takes unhandled rejections for failures of its own, so this one is told as the process would tell it.
  done.promise.catch((error: unknown) => emitter.emit('unhandledRejection', error));
  t.after(() => done.resolve());
  const create = async (): Promise<Service> => ({
    ...service,
    async start() {
      done.reject(new DailiesError('BUS_FAILED', 'The file of the bus is damaged.'));
    },
  });
  assert.equal(
    await runService({ name: 'sweeper', summary: 'Sweeps.', fields: FIELDS, openBus: async () => bus, create }, proc),
    1,
  );
  const fatal = out.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .find(({ level }) => level === 'fatal');
  assert.equal(fatal?.err.code, 'BUS_FAILED');
  assert.equal(fatal?.err.message, 'The file of the bus is damaged.');
  assert.equal(fatal?.msg, 'cannot go on; stopping');
  assert.ok(trace.includes('stop at once'));
});

test('relative paths are meant where npm was called', async () => {
  const { proc, service, bus } = setup({ RECORDINGS_DIR: 'rec', BUS_PATH: '' });
  const seen: string[] = [];
  const run = (env: Record<string, string>) =>
    runService(
      {
        name: 'sweeper',
        summary: 'Sweeps.',
        fields: FIELDS,
        async openBus(settings) {
          seen.push(settings.busPath);
          throw new Error('enough');
        },
        create: async () => service,
      },
      { ...proc, env: { ...proc.env, ...env } },
    );
  await run({});
  await run({ npm_lifecycle_event: 'start', INIT_CWD: '/root/of/it' });
  assert.deepEqual(seen, ['/where/rec/.dailies/bus.sqlite', '/root/of/it/rec/.dailies/bus.sqlite']);
  await bus.close();
});
