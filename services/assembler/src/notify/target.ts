import { readFileSync } from 'node:fs';
import { DailiesError } from '@dailies/contracts';

/** A secret that can be guessed proves nothing. */
const MIN_SECRET = 16;

/** @throws DailiesError CONFIG_INVALID that never quotes the URL, for it may hold a token */
export function webhookUrl(text: string): URL {
  if (!URL.canParse(text)) throw invalid('READY_WEBHOOK_URL is no URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw invalid('READY_WEBHOOK_URL must begin with https:// or http://');
  if (url.username !== '' || url.password !== '')
    throw invalid('READY_WEBHOOK_URL must hold no user and password; READY_WEBHOOK_SECRET signs the messages instead');
  return url;
}

/** The secret itself, or what its file holds. @throws DailiesError CONFIG_INVALID */
export function webhookSecret(secret: string | undefined, file: string | undefined): string | undefined {
  const found = secret ?? (file === undefined ? undefined : readSecret(file));
  if (found !== undefined && found.length < MIN_SECRET)
    throw invalid(
      `READY_WEBHOOK_SECRET must have at least ${MIN_SECRET} characters; openssl rand -hex 32 makes a good one`,
    );
  return found;
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw invalid(`READY_WEBHOOK_SECRET_FILE (${file}) cannot be read`, cause);
  }
}

function invalid(what: string, cause?: unknown): DailiesError {
  return new DailiesError('CONFIG_INVALID', `${what}.`, { cause });
}
