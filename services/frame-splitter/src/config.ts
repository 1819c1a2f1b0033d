import { field } from '@dailies/service';

const PRESETS = ['ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium', 'slow', 'slower', 'veryslow'] as const;

/** Settings of the frame-splitter. What a film looks like is decided here: it travels with each batch. */
export const splitterFields = [
  field({ env: 'LOOK', flag: '--look', type: 'string', default: 'both', describe: 'The look of the films: one of those that `dailies looks` lists.', example: 'cinematic' }),
  field({ env: 'LOOKS_DIR', flag: '--looks', type: 'path', default: undefined, describe: 'A folder of further looks, one JSON file each.', example: '/etc/dailies/looks' }),
  field({ env: 'PRESET', type: 'enum', default: 'veryfast', values: PRESETS, describe: 'The preset of x264: slower ones make smaller films.', example: 'medium' }),
  field({ env: 'CRF', type: 'number', default: 23, min: 0, max: 51, describe: 'The quality of the films (constant rate factor of x264); lower is better and larger.', example: '20' }),
  field({ env: 'LOSSLESS', type: 'boolean', default: false, describe: 'Encode without loss. Films become very large.', example: 'true' }),
  field({ env: 'BATCH_SECONDS', type: 'number', default: 4, unit: 's', min: 1, max: 30, describe: 'How long a batch should be. It always holds whole GOPs.', example: '8' }),
  field({ env: 'WINDOW_BATCHES', type: 'int', default: 12, min: 1, max: 1000, describe: 'How many batches of one recording may be under way at once. Bounds the disk that the bus needs.', example: '48' }),
  field({ env: 'ACTIVE_RECORDINGS', type: 'int', default: 4, min: 1, max: 100, describe: 'How many recordings are split at once, so that a short one does not wait behind a long one.', example: '8' }),
  field({ env: 'SPLIT_TIMEOUT_MS', type: 'int', default: 86_400_000, unit: 'ms', min: 60_000, max: 604_800_000, describe: 'How long the reading of one recording may take, with all waiting for workers.', example: '86400000' }),
] as const;
