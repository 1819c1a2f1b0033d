import type { Candidate, Library, Finding as ScanFinding } from '@dailies/library';
import type { Survey } from './input.ts';

/** More do not change what is found. */
const MAX_ENTRIES = 20_000;

/** Looks through the recordings folder; one that cannot be read has no entries (the line of the folder says why). */
export async function surveyOf(library: Pick<Library, 'scan'>): Promise<Survey> {
  const candidates: Candidate[] = [];
  const findings: ScanFinding[] = [];
  try {
    for await (const entry of library.scan()) {
      if (entry.type === 'candidate') candidates.push(entry.candidate);
      else findings.push(entry.finding);
      if (candidates.length + findings.length >= MAX_ENTRIES) return { candidates, findings, cut: true };
    }
  } catch {
    return { candidates, findings, cut: false };
  }
  return { candidates, findings, cut: false };
}
