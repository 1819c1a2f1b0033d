import assert from 'node:assert/strict';
import { test } from 'node:test';
import { field } from '@dailies/service';
import type { Command } from '../src/command.ts';
import { loadCommands } from '../src/commands/index.ts';
import { program } from '../src/program.ts';
import { fakeContext, fakeOutput } from './helpers.ts';

const greet: Command = {
  name: 'greet',
  usage: 'greet NAME',
  summary: 'Say hello.',
  details: ['It is polite.'],
  fields: [
    field({ env: 'TIMES', type: 'int', default: 2, unit: 'ms', describe: 'How often.', example: '3' }),
    field({ env: 'GREET_TOKEN', type: 'string', default: undefined, describe: 'Hidden.', example: 'x', secret: true }),
  ],
  positionals: 1,
  async run(_context, argv) {
    if (argv.includes('--fail')) throw new Error('no voice');
    return 7;
  },
};

async function run(argv: string[], env: Record<string, string> = {}) {
  const { context, stdout, stderr } = fakeContext(env);
  return { code: await program([greet], context, argv), out: stdout.text(), err: stderr.text() };
}

test('a command gets the other arguments, and its exit code is the program’s', async () => {
  assert.equal((await run(['greet', 'Ada'])).code, 7);
});

test('help lists the commands, then the options with their variables and defaults; secrets have no option', async () => {
  const all = await run(['--help']);
  assert.equal(all.code, 0);
  assert.match(all.out, /greet NAME {2}Say hello\./);
  const one = await run(['greet', 'x', '--help']);
  assert.equal(one.code, 0);
  assert.match(
    one.out,
    /Usage: dailies greet NAME \[OPTIONS\][\s\S]*It is polite\.[\s\S]*--times MS\n {6}How often\. \(TIMES; default: 2 ms\)/,
  );
  assert.doesNotMatch(one.out, /token/i);
});

test('without a command the help is shown, but it is an error', async () => {
  const { code, out } = await run([]);
  assert.equal(code, 1);
  assert.match(out, /Usage/);
});

test('after -- nothing is an option', async () => {
  assert.equal((await run(['greet', '--', '--help'])).code, 7);
});

test('a result that could not be written is a failure, but for films, which are there', async () => {
  const { context } = fakeContext();
  const lost = { ...context, stdout: fakeOutput({ isLost: true }) };
  assert.equal(await program([greet], lost, ['--help']), 1);
  assert.equal(await program([{ ...greet, run: async () => 0 }], lost, ['greet']), 1);
  assert.equal(await program([{ ...greet, run: async () => 0, makesFilms: true }], lost, ['greet']), 0);
});

test('an unknown command is refused with the list', async () => {
  const { code, err } = await run(['sing']);
  assert.equal(code, 1);
  assert.match(err, /There is no command "sing"\.\n {2}There are: greet/);
});

test('what a command throws becomes lines on stderr and exit code 1; the stack only with LOG_LEVEL=debug', async () => {
  const { code, err, out } = await run(['greet', '--fail']);
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, /^dailies: no voice\n/);
  assert.doesNotMatch(err, /program\.test/);
  assert.match((await run(['greet', '--fail'], { LOG_LEVEL: 'debug' })).err, /program\.test/);
});

test('the version', async () => {
  assert.deepEqual(await run(['--version']), { code: 0, out: '1.2.3\n', err: '' });
});

test('a command is loaded alone by its own name; without one, or by a name that there is not, all of them are', async () => {
  const all = await loadCommands();
  assert.ok(all.length > 1);
  for (const { name } of all)
    assert.deepEqual(
      (await loadCommands(name)).map((loaded) => loaded.name),
      [name],
    );
  for (const name of ['--help', 'nonsense', 'constructor']) assert.equal((await loadCommands(name)).length, all.length);
});
