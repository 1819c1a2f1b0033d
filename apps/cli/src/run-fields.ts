import { assemblerFields, notifierFields, retentionFields } from '@dailies/assembler';
import { workerFields } from '@dailies/filter-worker';
import { splitterFields } from '@dailies/frame-splitter';
import { courtesyFields, watcherFields } from '@dailies/ingest-watcher';
import {
  busFields,
  type ConfigOf,
  field,
  httpFields,
  libraryFields,
  limitFields,
  processFields,
  retryFields,
  toolFields,
} from '@dailies/service';

/** What is special to `run`. */
export const ONCE = field({
  env: 'ONCE',
  type: 'boolean',
  default: false,
  describe:
    'Work through what is in the folder and end: exit code 0 when every recording became a film, 3 when some did not, 1 when it could not run.',
  example: 'true',
});

/** All settings of all services, as `run` has them in one process. */
export const runFields = [
  ...libraryFields,
  ONCE,
  ...watcherFields,
  ...courtesyFields,
  ...splitterFields,
  ...workerFields,
  ...assemblerFields,
  ...notifierFields,
  ...retentionFields,
  ...limitFields,
  ...retryFields,
  ...toolFields,
  ...busFields,
  ...httpFields,
  ...processFields,
] as const;

export type RunConfig = ConfigOf<typeof runFields>;
