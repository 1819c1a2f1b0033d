import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DailiesError } from '@dailies/contracts';
import { derived, field, libraryFields, loadConfig, processFields, toolFields } from '../src/index.ts';

const fields = [
  ...libraryFields,
  ...toolFields,
  ...processFields,
  field({ env: 'CRF', type: 'number', default: 23, min: 0, max: 51, describe: 'Quality.', example: '20' }),
  field({ env: 'LOSSLESS', type: 'boolean', default: false, describe: 'No loss.', example: 'true' }),
  field({
    env: 'SLOTS',
    type: 'int',
    default: derived('two', () => 2),
    min: 1,
    max: 64,
    describe: 'Slots.',
    example: '4',
  }),
  field({
    env: 'BROKER_PASSWORD',
    type: 'enum',
    values: ['right'],
    default: undefined,
    describe: 'Secret.',
    example: 'x',
    secret: true,
  }),
] as const;

const load = (env: Record<string, string>, ...argv: string[]) => loadConfig(fields, { env, argv, cwd: '/home/me' });

function refusal(env: Record<string, string>, ...argv: string[]): string {
  try {
    load(env, ...argv);
  } catch (error) {
    assert.ok(error instanceof DailiesError);
    assert.equal(error.code, 'CONFIG_INVALID');
    return error.message;
  }
  assert.fail('it was accepted');
}

test('without any setting, the defaults are complete, absolute and frozen', () => {
  const config = load({});
  assert.deepEqual(
    { ...config },
    {
      recordingsDir: '/home/me/recordings',
      processedDir: '/home/me/recordings/processed',
      archivedDir: '/home/me/recordings/archived',
      workDir: '/home/me/recordings/work',
      ffmpegPath: undefined,
      ffprobePath: undefined,
      logLevel: 'info',
      logFormat: 'auto',
      drainMs: 8000,
      crf: 23,
      lossless: false,
      slots: 2,
      brokerPassword: undefined,
    },
  );
  assert.ok(Object.isFrozen(config));
});

test('a flag wins over the environment, which wins over the default', () => {
  assert.equal(load({ DRAIN_MS: '1' }).drainMs, 1);
  assert.equal(load({ DRAIN_MS: '1' }, '--drain-ms', '2').drainMs, 2);
  assert.equal(load({ DRAIN_MS: '' }).drainMs, 8000, 'an empty variable is not set');
});

test('folders follow the recordings folder until they are set', () => {
  const config = load({ WORK_DIR: 'scratch' }, '--recordings', '/srv/r');
  assert.equal(config.processedDir, '/srv/r/processed');
  assert.equal(config.workDir, '/home/me/scratch');
});

test('booleans take a value from the environment, and flags of both signs', () => {
  assert.equal(load({ LOSSLESS: 'yes' }).lossless, true);
  assert.equal(load({}, '--lossless').lossless, true);
  assert.equal(load({ LOSSLESS: 'true' }, '--no-lossless').lossless, false);
});

test('a wrong value is refused by the name that it was given under, with what would be right', () => {
  assert.equal(
    refusal({ DRAIN_MS: '8s' }),
    'DRAIN_MS is "8s", but it must be a whole number of ms from 0 to 600000, such as 20000.',
  );
  assert.equal(refusal({}, '--crf=52'), '--crf is "52", but it must be a number from 0 to 51, such as 20.');
  assert.match(refusal({ LOG_LEVEL: 'loud' }), /^LOG_LEVEL is "loud", but it must be one of fatal, /);
  assert.match(refusal({ LOSSLESS: 'maybe' }), /^LOSSLESS is "maybe", but it must be true or false/);
});

test('numbers in forms that only programs know are refused, not interpreted', () => {
  for (const value of ['0x10', '1e3', ' 5', '5.0', 'NaN', '1_000'])
    assert.match(refusal({ DRAIN_MS: value }), /^DRAIN_MS/);
  for (const value of ['Infinity', '2e1', '.5']) assert.match(refusal({ CRF: value }), /^CRF/);
});

test('all wrong settings are told at once', () => {
  assert.match(refusal({ DRAIN_MS: 'x', CRF: 'y' }), /DRAIN_MS is "x".*; CRF is "y"/);
});

test('an unknown flag is refused, and what was meant is suggested', () => {
  assert.equal(refusal({}, '--recording', 'x'), 'There is no option --recording. Did you mean --recordings?');
  assert.equal(refusal({}, '--quux'), 'There is no option --quux.');
  assert.match(refusal({}, 'stray'), /stray/);
  assert.match(refusal({}, '--drain-ms'), /drain-ms/);
});

// `--recordings=` (a variable that was empty, in a script) took the current directory for the folder of recordings.
test('an empty value of a flag is refused by its name', () => {
  assert.equal(refusal({}, '--recordings='), '--recordings is given without a value.');
  assert.equal(refusal({}, '--recordings', ''), '--recordings is given without a value.');
  assert.equal(refusal({}, '--crf='), '--crf is given without a value.');
  assert.equal(refusal({}, '--recordings'), '--recordings is given without a value.');
  assert.equal(refusal({}, '--recordings', '--lossless'), '--recordings is given without a value.');
});

test('a flag that is given twice is refused: neither value can be the one that was not meant', () => {
  assert.equal(refusal({}, '--recordings', '/a', '--recordings', '/b'), '--recordings is given twice. Give it once.');
  assert.equal(refusal({}, '--lossless', '--no-lossless'), '--lossless is given twice. Give it once.');
  assert.equal(refusal({}, '--crf=20', '--crf', '20'), '--crf is given twice. Give it once.');
});

test('the value of a secret is in no message, and it has no flag', () => {
  const message = refusal({ BROKER_PASSWORD: 'hunter2' });
  assert.match(message, /^BROKER_PASSWORD must be one of/);
  assert.doesNotMatch(message, /hunter2/);
  assert.match(refusal({}, '--broker-password=right'), /There is no option/);
});

test('a shared field may come twice; two fields of one name are a mistake of the program', () => {
  assert.equal(loadConfig([...processFields, ...processFields], { env: {}, argv: [] }).drainMs, 8000);
  const other = field({ env: 'DRAIN_MS', type: 'int', default: 1, describe: '', example: '1' });
  assert.throws(() => loadConfig([...processFields, other], { env: {}, argv: [] }), /declared twice/);
});
