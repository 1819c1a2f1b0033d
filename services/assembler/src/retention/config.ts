import { field } from '@dailies/service';

/** Which archived originals may be deleted; none when neither is set. */
export const retentionFields = [
  field({
    env: 'RETENTION_DAYS',
    type: 'number',
    default: undefined,
    unit: 'days',
    min: 0,
    max: 36_500,
    describe:
      'Delete an archived original so many days after its film was finished and verified; see docs/retention.md. When not set: never for its age.',
    example: '90',
  }),
  field({
    env: 'RETENTION_MIN_FREE_BYTES',
    type: 'int',
    default: undefined,
    unit: 'bytes',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    describe:
      'Delete archived originals of verified films, oldest first, while the disk of ARCHIVED_DIR has less free space. When not set: never for space.',
    example: '50000000000',
  }),
] as const;

export interface RetentionRules {
  readonly retentionDays?: number | undefined;
  readonly retentionMinFreeBytes?: number | undefined;
}

/** Whether anything may be deleted at all. */
export const isRetaining = (rules: RetentionRules): boolean =>
  rules.retentionDays !== undefined || rules.retentionMinFreeBytes !== undefined;
