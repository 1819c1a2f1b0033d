import { GROUPS, TOPICS } from '@dailies/contracts';
import type { TopicRules } from './rules.ts';

const DAY_MS = 86_400_000;
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
  [TOPICS.deadLetters]: { groups: [], keep: { forMs: 90 * DAY_MS } },
};
