import { field } from '@dailies/service';

/** Settings of the assembler. */
export const assemblerFields = [
  field({
    env: 'ASSEMBLER_CONCURRENCY',
    type: 'int',
    default: 2,
    min: 1,
    max: 64,
    describe: 'How many recordings are put together at once.',
    example: '4',
  }),
  field({
    env: 'ASSEMBLE_TIMEOUT_MS',
    type: 'int',
    default: 7_200_000,
    unit: 'ms',
    min: 60_000,
    max: 86_400_000,
    describe: 'How long the joining of one film may take.',
    example: '14400000',
  }),
] as const;
