import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { readTree } from '../../scripts/boundaries.ts';
import { checkBoundaries, type Package, type Tree } from '../../scripts/boundary-rules.ts';
import { temporaryFolder } from '../helpers/temporary.ts';

const pack = (folder: string, ...dependencies: string[]): Package => ({
  folder,
  name: folder ? `@dailies/${folder.split('/')[1]}` : 'dailies',
  dependencies: new Set(dependencies),
});

const PACKAGES = [
  pack('', 'typescript'),
  pack('packages/contracts', 'zod', '@dailies/bus'),
  pack('packages/grade', '@dailies/contracts', '@dailies/media'),
  pack('packages/media', '@dailies/contracts', '@dailies/bus'),
  pack('packages/bus', '@dailies/contracts', '@dailies/assembler'),
  pack('services/assembler', '@dailies/bus', '@dailies/frame-splitter'),
  pack('services/frame-splitter', '@dailies/bus', '@dailies/cli'),
  pack('apps/cli', '@dailies/assembler'),
];

const says = (files: Record<string, string>): string[] => {
  const tree: Tree = { files: new Map(Object.entries(files)), packages: PACKAGES };
  return checkBoundaries(tree).map((breach) => `${breach.file}:${breach.line} ${breach.says}`);
};

describe('imports', () => {
  const refused: Record<string, [file: string, text: string, expected: RegExp]> = {
    'of a service by a service': [
      'services/assembler/src/a.ts',
      "import '@dailies/frame-splitter';",
      /services never import each other/,
    ],
    'of a service by a package': [
      'packages/bus/src/a.ts',
      "import '@dailies/assembler';",
      /only apps put services together/,
    ],
    'of an app': ['services/frame-splitter/src/a.ts', "import '@dailies/cli';", /nothing imports an app/],
    'of what is not declared': [
      'packages/bus/src/a.ts',
      "import 'kafkajs';",
      /kafkajs, which packages\/bus\/package.json does not declare/,
    ],
    'of what only the root declares': ['packages/bus/src/a.ts', "import 'typescript';", /does not declare/],
    'of a file inside another package': [
      'packages/bus/src/a.ts',
      "import '@dailies/contracts/src/ids.ts';",
      /by their name alone/,
    ],
    'by a path that leaves the package': [
      'packages/bus/src/a.ts',
      "import '../../contracts/src/index.ts';",
      /leaves packages\/bus/,
    ],
    'by a path to a thread that leaves it': [
      'packages/bus/src/a.ts',
      "new URL('../../x/y.ts', import.meta.url)",
      /leaves packages\/bus/,
    ],
    'of test helpers by sources': [
      'packages/bus/src/a.ts',
      "import '../../../test/helpers/judge.ts';",
      /leaves packages\/bus/,
    ],
    'of itself by name': ['packages/bus/src/a.ts', "import '@dailies/bus';", /its own package/],
    'of anything of ours by contracts': [
      'packages/contracts/src/a.ts',
      "import '@dailies/bus';",
      /contracts import nothing of ours/,
    ],
    'of media by grade': ['packages/grade/src/a.ts', "import '@dailies/media';", /the grade knows no ffmpeg/],
    'of the bus by media': ['packages/media/src/a.ts', "import '@dailies/bus';", /media knows no bus/],
    'of types too': ['packages/media/src/a.ts', "import type { Bus } from '@dailies/bus';", /media knows no bus/],
    'of node:process': ['packages/media/src/a.ts', "import { env } from 'node:process';", /only main.ts/],
  };
  for (const [name, [file, text, expected]] of Object.entries(refused)) {
    test(`are refused ${name}`, () => {
      const found = says({ [file]: `\n${text}\n` });
      assert.equal(found.length, 1, found.join('\n'));
      assert.ok(found[0]?.startsWith(`${file}:2 `));
      assert.match(found[0] ?? '', expected);
    });
  }

  test('that are right pass', () => {
    assert.deepEqual(
      says({
        'packages/bus/src/index.ts': "import { a } from '@dailies/contracts';\nimport './port.ts';\nimport 'node:fs';",
        'packages/bus/src/port.ts': '',
        'packages/bus/test/port.test.ts':
          "import '../../../test/helpers/judge.ts';\nimport '@dailies/bus';\nimport 'typescript';",
        'packages/contracts/src/index.ts': "import { z } from 'zod';",
        'apps/cli/src/main.ts': "import '@dailies/assembler';",
        'test/helpers/judge.ts': "import '@dailies/bus';",
      }),
      [],
    );
  });
});

describe('what only main.ts may do', () => {
  const texts = [
    'process.env.HOME',
    'process.exit(1)',
    'process.exitCode = 1',
    "process.on('SIGTERM', f)",
    'openSqliteBus(p)',
    'openKafkaBus(p)',
    'new Kafka({})',
  ];
  for (const text of texts) {
    test(text, () => {
      assert.equal(says({ 'services/assembler/src/a.ts': `f();\n${text};` }).length, 1);
      assert.deepEqual(says({ 'services/assembler/src/main.ts': text, 'services/assembler/test/a.test.ts': text }), []);
      assert.deepEqual(says({ 'services/assembler/src/a.ts': `// ${text}\nconst a = ${JSON.stringify(text)};` }), []);
    });
  }

  test('main.ts is an entry in services and apps alone', () => {
    assert.equal(says({ 'packages/bus/src/main.ts': 'process.exit(1)' }).length, 1);
  });

  test('an adapter is named where it is defined', () => {
    assert.deepEqual(says({ 'packages/bus/src/a.ts': 'export function openSqliteBus() {}' }), []);
  });
});

describe('cycles', () => {
  test('of files are named by a way round, once', () => {
    const found = says({
      'packages/bus/src/a.ts': "import './b.ts';",
      'packages/bus/src/b.ts': "import type { C } from './c.ts';",
      'packages/bus/src/c.ts': "await import('./a.ts');",
      'packages/bus/src/d.ts': "import './a.ts';",
    });
    assert.deepEqual(found, [
      'packages/bus/src/a.ts:1 is in an import cycle: packages/bus/src/a.ts → packages/bus/src/b.ts → packages/bus/src/c.ts → packages/bus/src/a.ts',
    ]);
  });

  test('through packages are seen', () => {
    const found = says({
      'packages/contracts/src/index.ts': "import '@dailies/bus';",
      'packages/bus/src/index.ts': "import '@dailies/contracts';",
    });
    assert.ok(found.some((each) => each.includes('import cycle')));
  });

  test('a thread that is started by its path is no cycle', () => {
    const files = {
      'packages/bus/src/a.ts': "new URL('./b.ts', import.meta.url)",
      'packages/bus/src/b.ts': "import './a.ts'",
    };
    assert.deepEqual(says(files), []);
  });
});

describe('long files', () => {
  const long = 'a;\n'.repeat(301);
  test('are refused, in tests too', () => {
    assert.match(says({ 'packages/bus/src/a.ts': long })[0] ?? '', /has 301 lines, more than 300/);
    assert.equal(says({ 'test/a.test.ts': long }).length, 1);
  });
  test('pass at 300 lines, or with a reason at the top', () => {
    assert.deepEqual(says({ 'packages/bus/src/a.ts': 'a;\n'.repeat(300) }), []);
    assert.deepEqual(says({ 'packages/bus/src/a.ts': `// long: one table\n${long}` }), []);
    assert.deepEqual(says({ 'packages/bus/src/a.ts': `/**\n * Long because it is one table.\n */\n${long}` }), []);
    assert.equal(says({ 'packages/bus/src/a.ts': `${long}// long: too late\n` }).length, 1);
  });
});

test('a checkout is read from disk: sources, declarations, no modules of others', async (t) => {
  const root = await temporaryFolder(t);
  const put = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  await put('package.json', '{ "name": "dailies", "devDependencies": { "typescript": "1" } }');
  await put('packages/bus/package.json', '{ "name": "@dailies/bus", "dependencies": { "zod": "1" } }');
  await put('packages/bus/src/index.ts', 'a');
  await put('packages/bus/node_modules/x/index.ts', 'b');
  await put('test/a.test.ts', 'c');
  const tree = readTree(root);
  assert.deepEqual(
    [...tree.files],
    [
      ['packages/bus/src/index.ts', 'a'],
      ['test/a.test.ts', 'c'],
    ],
  );
  assert.deepEqual(
    tree.packages.map(({ name, dependencies }) => [name, ...dependencies]),
    [
      ['dailies', 'typescript'],
      ['@dailies/bus', 'zod'],
    ],
  );
});
