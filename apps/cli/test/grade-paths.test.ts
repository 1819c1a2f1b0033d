import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DailiesError } from '@dailies/contracts';
import { defaultOutput, gradePaths } from '../src/grade-paths.ts';
import { temporaryFolder } from './helpers.ts';

function setup(t: TestContext) {
  const folder = temporaryFolder(t);
  for (const name of ['in.webm', 'in.JPG', 'taken.mp4', '-v.mp4']) writeFileSync(join(folder, name), name);
  mkdirSync(join(folder, 'films'));
  const paths = (...positionals: string[]) => gradePaths(positionals, 'both', folder, false);
  const output = (...positionals: string[]) => paths(...positionals).output.slice(folder.length + 1);
  /** The two lines that a person would read. */
  const refusal = (positionals: string[], force = false): string => {
    try {
      gradePaths(positionals, 'both', folder, force);
    } catch (error) {
      assert.ok(error instanceof DailiesError);
      return `${error.message}\n${error.details.todo}`.replaceAll(folder, 'HERE');
    }
    assert.fail('it was accepted');
  };
  return { folder, output, refusal };
}

test('the film is beside the recording, where it was named, or in the folder that was named', (t) => {
  const { output } = setup(t);
  assert.equal(output('in.webm'), 'in.both.mp4');
  assert.equal(output('in.webm', 'films/x.mp4'), 'films/x.mp4');
  assert.equal(output('in.webm', 'films'), 'films/in.both.mp4');
  assert.equal(output('in.webm', 'films/'), 'films/in.both.mp4');
  assert.equal(output('in.webm', 'x'), 'x');
  assert.equal(output('in.JPG', 'x.jpeg'), 'x.jpeg');
  assert.equal(output('-v.mp4'), '-v.both.mp4');
});

test('an image keeps its extension', () => {
  assert.equal(defaultOutput('/a/b.PNG', 'both'), '/a/b.both.PNG');
  assert.equal(defaultOutput('/a.b/c', 'both'), '/a.b/c.both.mp4');
});

test('a folder, a pipe or nothing at all is no recording', (t) => {
  const { folder, refusal } = setup(t);
  execFileSync('mkfifo', [join(folder, 'pipe.mp4')]);
  assert.equal(refusal([]), 'Which file?\nName it: dailies grade IN [OUT].');
  assert.equal(refusal(['nope.mp4']), 'HERE/nope.mp4 does not exist.\nCheck the name.');
  assert.equal(
    refusal(['films']),
    'HERE/films is a folder; one file is graded at a time.\nFor all that is in it: dailies run --once --recordings films',
  );
  assert.match(refusal(['pipe.mp4']), /^HERE\/pipe\.mp4 is no regular file\./);
});

test('a folder that is missing is named, with how to make it', (t) => {
  const { refusal } = setup(t);
  assert.equal(refusal(['in.webm', 'no/x.mp4']), 'The folder HERE/no does not exist.\nMake it: mkdir -p HERE/no');
  assert.match(refusal(['in.webm', 'taken.mp4/x.mp4']), /^HERE\/taken\.mp4 is no folder\./);
});

test('a name that promises another format is refused', (t) => {
  const { refusal } = setup(t);
  assert.equal(
    refusal(['in.webm', 'x.mkv']),
    'Films are MP4 files (MOV where MP4 cannot carry the sound), not .mkv.\nName it with .mp4: HERE/x.mp4',
  );
  assert.match(refusal(['in.webm', 'x.png']), /^Films are MP4 files/);
  assert.match(refusal(['in.JPG', 'x.mp4']), /^An image keeps its format: x\.mp4 cannot be made of a \.jpg file\./);
});

test('the recording itself is never the film, by whatever name, and nothing is replaced unasked', (t) => {
  const { folder, refusal, output } = setup(t);
  symlinkSync('taken.mp4', join(folder, 'link.mp4'));
  for (const name of ['taken.mp4', './films/../taken.mp4', 'link.mp4'])
    assert.match(refusal(['taken.mp4', name], true), /is the recording itself\./);
  assert.match(refusal(['link.mp4', 'taken.mp4'], true), /is the recording itself\./);
  assert.match(refusal(['in.webm', 'taken.mp4']), /^HERE\/taken\.mp4 exists already\.\n.*--force/);
  // Another name of the same bytes: the film replaces the name, not the bytes.
  linkSync(join(folder, 'taken.mp4'), join(folder, 'hard.mp4'));
  assert.match(refusal(['taken.mp4', 'hard.mp4']), /exists already/);
  assert.match(refusal(['in.webm', '/dev/null']), /^\/dev\/null is there and is no regular file\./);
  assert.equal(output('in.webm', 'new.mp4'), 'new.mp4');
});
