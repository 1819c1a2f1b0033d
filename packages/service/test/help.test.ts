import assert from 'node:assert/strict';
import { test } from 'node:test';
import { busFields, libraryFields, loadConfig, serviceHelp, settingsHelp, widthOf } from '@dailies/service';

const FIELDS = [...libraryFields, ...busFields];

test('each setting with its flag, variable and default; a secret has its variable only', () => {
  const text = settingsHelp(FIELDS, 80).join('\n');
  for (const field of FIELDS) assert.ok(text.includes(field.env), field.env);
  assert.match(text, /^ {2}--recordings PATH\n {6}The folder that recordings arrive in/m);
  assert.match(text, /^ {2}KAFKA_PASSWORD\n/m);
  assert.doesNotMatch(text, /--kafka-password /);
  assert.match(text.replaceAll(/\s+/g, ' '), /KAFKA_PASSWORD .*\(in the environment only; default: not set\)/);
});

test('a help text fits the terminal as far as its words do', () => {
  const spec = { name: 'sweeper', summary: 'Sweeps what is left of everything.', fields: [] };
  for (const line of serviceHelp(spec, '1.0.0', 40).split('\n'))
    assert.ok(widthOf(line) <= 40 || line.startsWith('Usage:') || line.startsWith('Options '), line);
});

test('an argument that there is not is refused in a whole sentence', () => {
  const refused = (...argv: string[]) => {
    try {
      loadConfig(FIELDS, { env: {}, argv });
    } catch (error) {
      return (error as Error).message;
    }
    return null;
  };
  assert.equal(refused('start'), 'There is no argument "start".');
  assert.equal(refused('-x'), 'There is no option "-x".');
  assert.equal(refused('--recordings=a', 'b'), 'There is no argument "b".');
  assert.equal(refused('--kafka-tls', 'true'), 'There is no argument "true".');
  assert.equal(refused('--recordings', 'a', '--no-kafka-tls'), null);
});
