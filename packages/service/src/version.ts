import { readFileSync } from 'node:fs';

/** Version of Dailies; all packages have the same. */
export const { version: VERSION } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};
