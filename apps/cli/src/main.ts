#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { kafkaTopics, openBus } from '@dailies/bus';
import { processHooks } from '@dailies/service';
import type { Context } from './command.ts';
import { commands } from './commands/index.ts';
import { program } from './program.ts';
import type { Output } from './screen.ts';

/** Columns that are assumed where lines go to a file. */
const FILE_COLUMNS = 120;

function outputOf(stream: NodeJS.WriteStream): Output {
  // A reader that closes its end (`dailies status | head`) wants no more; that is no error.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    columns: () => stream.columns || FILE_COLUMNS,
    rows: () => stream.rows || 24,
  };
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const context: Context = {
  env: process.env,
  cwd: process.cwd(),
  pid: process.pid,
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  hooks: processHooks(process),
  openBus: (settings, options = {}) => openBus(settings, { ...options, clientId: 'dailies' }),
  kafkaTopics: (settings, options) => kafkaTopics(settings, { ...options, clientId: 'dailies' }),
  version,
  now: Date.now,
  exitNow: (code) => process.exit(code),
};

/** What a command leaves open after its end may keep the process for so long. */
const LINGER_MS = 2000;

process.exitCode = await program(commands, context, process.argv.slice(2));
setTimeout(() => process.exit(), LINGER_MS).unref();
