/** The topics of the pipeline (design: docs/life-of-a-recording.md). Partition counts are Kafka's; the embedded bus only uses keys. */
export const TOPICS = {
  /** One JSON message per recording to be processed. Key: recordingId. */
  recordings: 'dailies.recordings',
  /** Compressed frame batches (NUT bytes) and images, manifest in the headers. Key: the partition number. */
  frameBatches: 'dailies.frame-batches',
  /** Graded batches (fMP4 bytes), and `split-complete` / `batch-failed`. Key: recordingId, so that one consumer sees a recording in order. */
  graded: 'dailies.graded',
  /** Everything that happens, as JSON: the source of every read model. Key: recordingId. */
  events: 'dailies.events',
  /** What goes on on a machine and how fast its workers are; each message holds for minutes. Key: host or worker. */
  hosts: 'dailies.hosts',
  /** Records that could not be handled, with their bytes and the reason. Key: the key of the failed record. */
  deadLetters: 'dailies.dead-letters',
} as const;
export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

export const PARTITIONS: Readonly<Record<Topic, number>> = {
  [TOPICS.recordings]: 12,
  [TOPICS.frameBatches]: 48,
  [TOPICS.graded]: 12,
  [TOPICS.events]: 12,
  [TOPICS.hosts]: 1,
  [TOPICS.deadLetters]: 12,
};

/** Consumer groups, one per service; the notifier works in the process of the assembler. */
export const GROUPS = {
  splitter: 'frame-splitter',
  worker: 'filter-worker',
  assembler: 'assembler',
  notifier: 'notifier',
} as const;

/** Largest payload of one record; a graded batch beyond it travels in parts. Kafka's `max.message.bytes` is 10 MiB; the rest is room for headers. */
export const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** Largest graded batch, all parts together: worker and assembler hold it whole. */
export const MAX_GRADED_BYTES = 256 * 1024 * 1024;
/** An image travels whole, so it may use the record up to a margin for headers. */
export const MAX_IMAGE_BYTES = 9 * 1024 * 1024;
