import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { createLogger, type Ending, exitCodeOf, processHooks, runServices, type Service } from '../src/index.ts';

function setup() {
  const trace: string[] = [];
  const lines: string[] = [];
  const proc = new EventEmitter();
  const service = (name: string, over: Partial<Service> = {}): Service => ({
    name,
    start: async () => void trace.push(`start ${name}`),
    stop: async ({ drainMs }) => void trace.push(`stop ${name}${drainMs > 0 ? '' : ' at once'}`),
    ...over,
  });
  const log = createLogger({
    level: 'info',
    format: 'json',
    preferText: false,
    color: false,
    write: (line) => lines.push(line),
  });
  return { trace, lines, proc, service, options: { drainMs: 60_000, log, hooks: processHooks(proc) } };
}

test('services start in order and stop in reverse at a signal, with time to drain, and the exit code is 0', async () => {
  const { trace, proc, service, options } = setup();
  const last = service('b', { start: async () => void proc.emit('SIGTERM', 'SIGTERM') });
  const ending = await runServices([service('a'), last], options);
  assert.deepEqual(ending, { by: 'signal', signal: 'SIGTERM', forced: false });
  assert.deepEqual(trace, ['start a', 'stop b', 'stop a']);
  assert.equal(exitCodeOf(ending), 0);
  assert.equal(proc.eventNames().length, 0, 'no listener is left');
});

test('when all is done, services stop at the same time', async () => {
  const { trace, service, options } = setup();
  const both = Promise.withResolvers<void>();
  const slow = (name: string): Service =>
    service(name, {
      stop: () => {
        trace.push(`stop ${name}`);
        if (trace.filter((line) => line.startsWith('stop')).length === 2) both.resolve();
        return both.promise;
      },
    });
  const ending = await runServices([slow('a'), slow('b')], { ...options, until: () => Promise.resolve() });
  assert.deepEqual(ending, { by: 'done' });
});

test('a second signal does not wait for a service that drains', async () => {
  const { proc, service, options } = setup();
  let nowMs = 0;
  const slow = service('slow', {
    start: async () => void proc.emit('SIGINT', 'SIGINT'),
    stop: () => {
      nowMs = 600;
      proc.emit('SIGINT', 'SIGINT');
      return new Promise(() => {});
    },
  });
  const ending = await runServices([slow], { ...options, now: () => nowMs });
  assert.equal(exitCodeOf(ending), 130);
});

test('one Ctrl-C under npm comes twice, from the terminal and from npm: it still drains', async () => {
  const { trace, proc, service, options } = setup();
  let nowMs = 0;
  const drains = service('drains', {
    start: async () => void proc.emit('SIGINT', 'SIGINT'),
    stop: async () => {
      nowMs = 400;
      proc.emit('SIGINT', 'SIGINT');
      await Promise.resolve();
      trace.push('drained');
    },
  });
  const ending = await runServices([drains], { ...options, now: () => nowMs });
  assert.equal(exitCodeOf(ending), 0);
  assert.deepEqual(trace, ['drained']);
});

test('a signal ends a start that does not come to an end', async () => {
  const { trace, proc, service, options } = setup();
  const stuck = service('stuck', {
    start: () => {
      proc.emit('SIGTERM', 'SIGTERM');
      return new Promise(() => {});
    },
  });
  const ending = await runServices([stuck, service('never')], options);
  assert.equal(ending.by, 'signal');
  assert.deepEqual(trace, ['stop stuck']);
});

test('when a service does not start, those before it are stopped and its error is thrown', async () => {
  const { trace, service, options } = setup();
  const broken = service('b', { start: () => Promise.reject(new Error('port in use')) });
  await assert.rejects(runServices([service('a'), broken, service('c')], options), /port in use/);
  assert.deepEqual(trace, ['start a', 'stop b at once', 'stop a at once']);
});

test('an error that nothing caught stops all without draining and exits 1', async () => {
  const { trace, lines, proc, service, options } = setup();
  const bad = service('b', { start: async () => void proc.emit('uncaughtException', new Error('boom')) });
  const ending: Ending = await runServices([service('a'), bad], options);
  assert.equal(exitCodeOf(ending), 1);
  assert.deepEqual(trace, ['start a', 'stop b at once', 'stop a at once']);
  assert.match(lines.join(''), /boom/);
});

test('whoever decides on the end is told when stopping began without it', async () => {
  const { proc, service, options } = setup();
  const told = Promise.withResolvers<void>();
  const until = (stopping: AbortSignal): Promise<void> => {
    stopping.addEventListener('abort', () => told.resolve());
    proc.emit('SIGTERM', 'SIGTERM');
    return new Promise(() => {});
  };
  assert.equal((await runServices([service('a')], { ...options, until })).by, 'signal');
  await told.promise;
});

test('a service that fails to stop does not keep the others from stopping', async () => {
  const { trace, lines, service, options } = setup();
  const bad = service('b', { stop: () => Promise.reject(new Error('jammed')) });
  const ending = await runServices([service('a'), bad], { ...options, until: () => Promise.resolve() });
  assert.deepEqual(trace, ['start a', 'start b', 'stop a']);
  assert.match(lines.join(''), /jammed/);
  assert.deepEqual(ending, { by: 'done' });
});
