#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import type { Context } from './command.ts';
import type { Output } from './screen.ts';

// Stripping types and compiling takes more than half of a start, so what comes of it is kept. Where the folder cannot be
// written nothing is kept, and nothing fails. Everything else is imported after this, for only that is kept.
enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/dailies'));
const { brokerClock, kafkaTopics, openBus } = await import('@dailies/bus');
const { processHooks, safeOutput } = await import('@dailies/service');
const { loadCommands } = await import('./commands/index.ts');
const { program } = await import('./program.ts');

/** Columns that are assumed where lines go to a file. */
const FILE_COLUMNS = 120;

const unwritable = (error: Error): void => stderr.write(`dailies: the output cannot be written: ${error.message}\n`);

function outputOf(stream: NodeJS.WriteStream, onLost: (error: Error) => void): Output {
  return {
    ...safeOutput(stream, onLost),
    // Nothing can be redrawn on a dumb one, so it is written to as a file is.
    isTerminal: stream.isTTY === true && process.env.TERM !== 'dumb',
    columns: () => stream.columns || FILE_COLUMNS,
    rows: () => stream.rows || 24,
  };
}

const stderr = outputOf(process.stderr, () => {});

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const context: Context = {
  env: process.env,
  cwd: process.cwd(),
  pid: process.pid,
  stdout: outputOf(process.stdout, unwritable),
  stderr,
  hooks: processHooks(process),
  openBus: (settings, options = {}) => openBus(settings, { ...options, clientId: 'dailies' }),
  kafkaTopics: (settings, options) => kafkaTopics(settings, { ...options, clientId: 'dailies' }),
  brokerClock: (settings, options) => brokerClock(settings, { ...options, clientId: 'dailies', now: Date.now }),
  version,
  now: Date.now,
  exitNow: (code) => process.exit(code),
};

/** What a command leaves open after its end may keep the process for so long. */
const LINGER_MS = 2000;

const argv = process.argv.slice(2);
process.exitCode = await program(await loadCommands(argv[0]), context, argv);
setTimeout(() => process.exit(), LINGER_MS).unref();
