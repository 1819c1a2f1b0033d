import { GROUPS, TOPICS } from '@dailies/contracts';
import type { TopicRules } from './rules.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/**
 * A recording is in the splitter's hands for as long as it is cut, and the pipeline may be killed many times in that
 * while. So a few deaths prove nothing against a record here; only a long run of them does.
 */
const DEATHS = 40;

/** The topics of the pipeline, who reads them, and how long their records are kept by the embedded bus. */
export const DAILIES_TOPICS: Readonly<Record<string, TopicRules>> = {
  [TOPICS.recordings]: { groups: [GROUPS.splitter], keep: 'until-acknowledged', deaths: DEATHS },
  [TOPICS.frameBatches]: { groups: [GROUPS.worker], keep: 'until-acknowledged', deaths: DEATHS },
  [TOPICS.graded]: { groups: [GROUPS.assembler], keep: 'until-acknowledged', deaths: DEATHS },
  // Read models are built from events, so they are kept for long; they are small.
  [TOPICS.events]: { groups: [GROUPS.notifier], keep: { forMs: 365 * DAY_MS }, deaths: DEATHS },
  // Said again each minute while it holds.
  [TOPICS.hosts]: { groups: [], keep: { forMs: HOUR_MS } },
  [TOPICS.deadLetters]: { groups: [], keep: { forMs: 90 * DAY_MS } },
};
