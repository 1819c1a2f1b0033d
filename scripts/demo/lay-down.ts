import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A session of Jibri: a folder with a name of its own, and in it the recording, named after the room and the time. */
const SESSION = '0d9c1d2e-6f0b-4c0e-9a57-2f3f6f1c7f5a';
const RECORDING = 'daily-standup_2026-08-03-09-30-00.mp4';

/** Where Jibri would write the recording of the demo. */
export function recordingPath(recordings: string): string {
  return join(recordings, SESSION, RECORDING);
}

/** What Jibri writes beside a recording, last of all, when the meeting has ended. */
export async function writeMetadata(recording: string): Promise<void> {
  const metadata = { meeting_url: 'https://meet.example/daily-standup', participants: [] };
  await writeFile(join(dirname(recording), 'metadata.json'), `${JSON.stringify(metadata)}\n`);
}
