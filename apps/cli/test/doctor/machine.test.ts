import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { DailiesError } from '@dailies/contracts';
import { clockCheck } from '../../src/doctor/clock.ts';
import type { DoctorInput } from '../../src/doctor/input.ts';
import { machineCheck } from '../../src/doctor/machine.ts';
import { selinuxCheck } from '../../src/doctor/selinux.ts';
import { toolsCheck } from '../../src/doctor/tools.ts';
import { temporaryFolder } from '../helpers.ts';
import { candidate, fakeHost, inputOf, levels, NOW } from './input.ts';

const limits = (soft: string) => ({
  '/proc/self/limits': `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}        524288   files\n`,
});

test('memory, cores and open files against the slots', async (t) => {
  const folder = temporaryFolder(t);
  const of = async (slots: number, files: Record<string, string>, memoryBytes = 8e9) =>
    levels(
      await machineCheck.run(
        inputOf(folder, { env: { WORKER_SLOTS: String(slots) }, host: fakeHost({ files, memoryBytes }) }),
      ),
    );
  assert.deepEqual(await of(4, limits('1024')), ['ok machine', 'ok open files']);
  assert.deepEqual(await of(4, limits('unlimited')), ['ok machine', 'ok open files']);
  assert.deepEqual(await of(4, limits('512')), ['ok machine', 'warn open files']);
  assert.deepEqual(await of(4, limits('256')), ['ok machine', 'fail open files']);
  assert.deepEqual(await of(4, {}, 1e9), ['warn machine', 'ok open files']);
  assert.deepEqual(await of(8, limits('65536'), 1e9), ['warn machine', 'warn machine', 'ok open files']);
});

test('a clock that was never set, a file server with another one, and recordings of the future', async (t) => {
  const folder = temporaryFolder(t);
  const of = async (offsetMs: number, mtimeMs = 0) =>
    (
      await clockCheck.run(
        inputOf(folder, {
          host: fakeHost({ now: () => Date.now() + offsetMs }),
          survey: { candidates: [candidate('a.mp4', { mtimeMs })] },
        }),
      )
    ).map(({ level, found }) => `${level} ${found}`);
  assert.match((await of(0)).join('\n'), /^ok files get the time/);
  assert.match((await of(-3_600_000)).join('\n'), /^warn A file written now in .* \d+ s ahead of/);
  assert.match((await of(3_600_000)).join('\n'), /^warn A file written now in .* \d+ s behind/);
  assert.match((await of(-Date.now())).join('\n'), /^fail it says 1970/);
  const tomorrow = Date.now() + 86_400_000;
  assert.match((await of(0, tomorrow)).join('\n'), /^warn 1 recordings have a time in the future/);
});

test('the clock of a broker: the same, another one, and one that does not tell', async (t) => {
  const folder = temporaryFolder(t);
  const of = async (brokerClock: DoctorInput['brokerClock'], env = { KAFKA_BROKERS: 'kafka:9092' }) => {
    const input = inputOf(folder, { env, host: fakeHost({ now: Date.now }) });
    return (await clockCheck.run({ ...input, brokerClock })).map(({ level, found }) => `${level} ${found}`).join('\n');
  };
  // The answer took 10 s: the stamp lies between, so nothing is known to be wrong.
  const told = (brokerMs: number) => async () => ({ beforeMs: NOW, brokerMs, afterMs: NOW + 10_000 });
  assert.match(await of(told(NOW + 5000)), /^ok .*\nok that of the broker shows the same time$/);
  assert.match(await of(told(NOW + 70_000)), /^warn That of the broker is 60 s ahead of/);
  assert.match(await of(told(NOW - 60_000)), /^warn That of the broker is 60 s behind/);
  assert.match(await of(async () => null), /ok that of the brokers could not be asked/);
  const refused = async () => {
    throw new DailiesError('BUS_FAILED', 'kafka:9092 refused.');
  };
  assert.match(await of(refused), /ok that of the brokers could not be asked: kafka:9092 refused/);
});

// The whole check failed with EACCES, and a broker that was two hours off was not told.
test('where no file can be written, the clock of the broker is asked all the same', async (t) => {
  const input = inputOf(temporaryFolder(t), {
    make: false,
    env: { KAFKA_BROKERS: 'kafka:9092' },
    host: fakeHost({ now: Date.now }),
  });
  // A name that is too long cannot be written, not even by root.
  const folders = { ...input.folders, recordings: join(temporaryFolder(t), 'x'.repeat(300)) };
  const brokerClock = async () => ({ beforeMs: NOW, brokerMs: NOW + 7_200_000, afterMs: NOW });
  const found = await clockCheck.run({ ...input, folders, brokerClock });
  assert.match(found.map(({ found }) => found).join(), /That of the broker is 7200 s ahead of/);
});

test('SELinux: off, enforcing with good labels, with others, and private to another container', async (t) => {
  const folder = temporaryFolder(t);
  const of = async (files: Record<string, string>, label: string | null) => {
    const input = inputOf(folder, { host: { ...fakeHost({ files }), label: async () => label } });
    return (await selinuxCheck.run(input)).map(({ level, found, todo }) => `${level} ${found} ${todo ?? ''}`);
  };
  const enforcing = {
    '/sys/fs/selinux/enforce': '1',
    '/proc/self/attr/current': 'unconfined_u:unconfined_r:unconfined_t:s0\0',
  };
  const confined = { '/proc/self/attr/current': 'system_u:system_r:container_t:s0:c1,c2\0' };
  const good = 'system_u:object_r:container_file_t:s0';
  assert.match((await of({}, null)).join('\n'), /^ok not enforcing/);
  assert.match((await of({ '/sys/fs/selinux/enforce': '0' }, null)).join('\n'), /^ok not enforcing/);
  assert.match((await of(enforcing, good)).join('\n'), /^ok enforcing/);
  assert.match((await of(confined, good)).join('\n'), /^ok enforcing/);
  const home = (await of(enforcing, 'unconfined_u:object_r:user_home_t:s0')).join('\n');
  assert.match(home, /^warn .* has the type user_home_t: .*:z/);
  assert.match((await of(confined, null)).join('\n'), /^warn .* cannot be read\. .*:z/);
  assert.match(
    (await of(confined, `${good}:c7,c9`)).join('\n'),
    /has the categories c7,c9, and we have c1,c2: .*:z \(small\)/,
  );
});

test('ffmpeg: found, and missing', async (t) => {
  const folder = temporaryFolder(t);
  const [found] = await toolsCheck.run(inputOf(folder));
  assert.notEqual(found?.level, 'fail');
  assert.match(found?.found ?? '', /libx264/);
  const [missing] = await toolsCheck.run(inputOf(folder, { env: { FFMPEG_PATH: '/nowhere/ffmpeg' } }));
  assert.equal(missing?.level, 'fail');
  assert.match(missing?.found ?? '', /\/nowhere\/ffmpeg/);
});
