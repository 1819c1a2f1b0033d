import type { Applied, Plan } from '@dailies/assembler';
import { safeText } from '@dailies/service';
import { count, size } from './figures.ts';

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const total = (originals: readonly { readonly sizeBytes: number }[]): string =>
  `${count(originals.length, 'original')} (${size(originals.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))})`;
const keptLine = ({ archived, why }: Plan['kept'][number]): string =>
  `kept          ${safeText(archived)}: ${safeText(why)}`;

/** What would be done. */
export function planText(plan: Plan): string {
  const lines = plan.remove.map(
    ({ archived, sizeBytes, endedAtMs, because }) =>
      `would delete  ${safeText(archived)} (${size(sizeBytes)}, film of ${day(endedAtMs)}, for ${because})`,
  );
  const sums = [
    `Would delete ${total(plan.remove)}; ${plan.stay} more could go later, ${plan.kept.length} kept for a reason.`,
    ...shortage(plan),
    ...(plan.remove.length > 0 ? ['Nothing was changed. `dailies retention --apply` deletes them.'] : []),
  ];
  return `${[...lines, ...plan.kept.map(keptLine), ...sums].join('\n')}\n`;
}

/** What was done. */
export function appliedText(plan: Plan, { removed, kept }: Applied): string {
  const lines = removed.map(({ archived, sizeBytes }) => `deleted       ${safeText(archived)} (${size(sizeBytes)})`);
  const allKept = [...plan.kept, ...kept];
  const sum = `Deleted ${total(removed)}; ${plan.stay} more could go later, ${allKept.length} kept for a reason.`;
  return `${[...lines, ...allKept.map(keptLine), sum, ...shortage(plan)].join('\n')}\n`;
}

function shortage({ missingBytes }: Plan): string[] {
  if (missingBytes === 0) return [];
  return [`That is ${size(missingBytes)} of free space less than wanted, and nothing else may go.`];
}
