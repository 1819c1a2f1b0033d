import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DailiesError } from '@dailies/contracts';
import { createLogger, field, type LoggerOptions, loadConfig, safeText, secretsOf } from '../src/index.ts';

function logger(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    format: 'json',
    preferText: false,
    color: false,
    write: (line) => lines.push(line),
    ...options,
  });
  const only = (): string => {
    assert.equal(lines.length, 1);
    return lines[0] ?? '';
  };
  return { log, lines, only };
}

const HOSTILE = 'a\nb\r\x1b[2J\x9b31m\u202egnp.\u2028\x07\ud800.mp4';
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const RAW_CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800]/;

test('auto is text where people read and JSON elsewhere', () => {
  const person = logger({ format: 'auto', preferText: true });
  person.log.info('hello');
  assert.match(person.only(), /^\d\d:\d\d:\d\d info {2}hello\n$/);
  const machine = logger({ format: 'auto' });
  machine.log.info('hello');
  assert.equal(JSON.parse(machine.only()).msg, 'hello');
});

test('a line of JSON has level, ISO time, service, message and facts', () => {
  const { log, only } = logger();
  log.child({ service: 'assembler' }).warn({ batch: 3 }, 'late');
  const { time, ...rest } = JSON.parse(only());
  assert.deepEqual(rest, { level: 'warn', service: 'assembler', batch: 3, msg: 'late' });
  assert.equal(new Date(time).toISOString(), time);
});

test('a hostile file name in a message, fact, key or error never reaches the terminal raw, in either format', () => {
  for (const format of ['text', 'json'] as const) {
    const { log, only } = logger({ format });
    log.info({ path: HOSTILE, [HOSTILE]: 1, deep: { name: HOSTILE }, err: new Error(HOSTILE) }, HOSTILE);
    const line = only();
    assert.equal(line.indexOf('\n'), line.length - 1, 'one line');
    assert.doesNotMatch(line.slice(0, -1), RAW_CONTROL);
  }
});

test('JSON keeps a hostile name as it is, once parsed', () => {
  const { log, only } = logger();
  log.info({ path: HOSTILE }, 'found');
  assert.equal(JSON.parse(only()).path, HOSTILE);
});

test('ordinary letters, emoji and quotes are left as they are', () => {
  const name = 'Besprechung “Q3” – 会議 👩‍💻 é.mp4';
  assert.equal(safeText(name), name);
});

test('secrets go: by key, in URLs, and known values anywhere', () => {
  const fields = [
    field({ env: 'HOOK_KEY', type: 'string', default: undefined, describe: '', example: 'x', secret: true }),
  ] as const;
  const config = loadConfig(fields, { env: { HOOK_KEY: 'hunter2"\\' }, argv: [] });
  for (const format of ['text', 'json'] as const) {
    const { log, only } = logger({ format, secrets: secretsOf(fields, config) });
    log.info(
      {
        password: 'p4ss',
        nested: { apiKey: 'k3y' },
        url: 'https://joe:s3cret@host/x',
        said: 'it is hunter2"\\!',
        err: new Error('bad hunter2"\\'),
      },
      'login with hunter2"\\',
    );
    assert.doesNotMatch(only(), /p4ss|k3y|s3cret|joe|hunter2/);
  }
});

test('an error is its code, message and cause; the stack only when someone debugs', () => {
  const error = new DailiesError('DISK_FULL', 'No space.', { cause: new Error('ENOSPC'), details: { path: '/x' } });
  const plain = logger();
  plain.log.error({ err: error }, 'cannot store');
  assert.deepEqual(JSON.parse(plain.only()).err, {
    code: 'DISK_FULL',
    message: 'No space.',
    details: { path: '/x' },
    cause: { name: 'Error', message: 'ENOSPC' },
  });
  const text = logger({ format: 'text' });
  text.log.error({ err: error }, 'cannot store');
  assert.match(text.only(), /error cannot store: DISK_FULL: No space\.\n$/);
  const debug = logger({ level: 'debug', format: 'text' });
  debug.log.error({ err: error }, 'cannot store');
  assert.match(debug.only(), /\n {4}at .*logger\.test/);
});

test('facts follow the message in brackets; what is not set is left out', () => {
  const { log, only } = logger({ format: 'text' });
  log.child({ service: 'worker' }).info({ code: 'X', none: undefined, n: 2 }, 'done');
  assert.match(only(), /info {2}worker: done \(code X, n 2\)\n$/);
});

test('a path follows the message; ids and empty lists are for those who debug', () => {
  const facts = { recordingId: 'aaaaaaaaaaaaaaaa', path: 'a b.mp4', notes: [], code: 'X' };
  const { log, only } = logger({ format: 'text' });
  log.info(facts, 'found');
  assert.match(only(), /info {2}found: a b\.mp4 \(code X\)\n$/);
  const debug = logger({ format: 'text', level: 'debug' });
  debug.log.info(facts, 'found');
  assert.match(debug.only(), /found: a b\.mp4 \(recordingId aaaaaaaaaaaaaaaa, code X\)\n$/);
});
