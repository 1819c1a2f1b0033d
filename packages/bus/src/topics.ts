import { GROUPS, TOPICS } from '@dailies/contracts';
import type { TopicRules } from './sqlite/store.ts';

const DAY_MS = 86_400_000;

/** The topics of the pipeline, who reads them, and how long their records are kept by the embedded bus. */
export const DAILIES_TOPICS: Readonly<Record<string, TopicRules>> = {
  [TOPICS.recordings]: { groups: [GROUPS.splitter], keep: 'until-acknowledged' },
  [TOPICS.frameBatches]: { groups: [GROUPS.worker], keep: 'until-acknowledged' },
  [TOPICS.graded]: { groups: [GROUPS.assembler], keep: 'until-acknowledged' },
  // Read models are built from events, so they are kept for long; they are small.
  [TOPICS.events]: { groups: [], keep: { forMs: 365 * DAY_MS } },
  [TOPICS.deadLetters]: { groups: [], keep: { forMs: 90 * DAY_MS } },
};
