/**
 * A metric, declared once: what is registered and docs/reference/metrics.md are both made from this table.
 * Names follow https://prometheus.io/docs/practices/naming/.
 */
export interface MetricSpec {
  readonly name: `dailies_${string}`;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram, in the unit of its name. */
  readonly buckets?: readonly number[];
}

export const METRICS = {
  buildInfo: {
    name: 'dailies_build_info',
    type: 'gauge',
    labels: ['service', 'version', 'node'],
    help: 'Always 1; the labels say what runs.',
  },
  recordsIn: {
    name: 'dailies_records_in_total',
    type: 'counter',
    labels: ['topic'],
    help: 'Records that a handler has taken in hand, each delivery counted.',
  },
  bytesIn: {
    name: 'dailies_record_bytes_in_total',
    type: 'counter',
    labels: ['topic'],
    help: 'Bytes of the values of these records.',
  },
  recordsOut: {
    name: 'dailies_records_out_total',
    type: 'counter',
    labels: ['topic'],
    help: 'Records that were published, or answered by a handler for publishing.',
  },
  bytesOut: {
    name: 'dailies_record_bytes_out_total',
    type: 'counter',
    labels: ['topic'],
    help: 'Bytes of the values of these records.',
  },
  handlerSeconds: {
    name: 'dailies_handler_seconds',
    type: 'histogram',
    labels: ['topic', 'result'],
    help: 'How long a handler had a record in hand. Result: done, failed, or given_back when the process stopped.',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
  },
  handlersRunning: {
    name: 'dailies_handlers_running',
    type: 'gauge',
    labels: ['topic'],
    help: 'Records that this process has in hand now.',
  },
  failures: {
    name: 'dailies_handler_failures_total',
    type: 'counter',
    labels: ['topic', 'code'],
    help: 'Deliveries that failed, by error code; tried again or not.',
  },
  retries: {
    name: 'dailies_retries_total',
    type: 'counter',
    labels: ['topic', 'code'],
    help: 'Records that are tried again after a failure.',
  },
  deadLetters: {
    name: 'dailies_dead_letters_total',
    type: 'counter',
    labels: ['topic', 'code'],
    help: 'Records that this process has given up; they are in the dead letters.',
  },
  ffmpegFailures: {
    name: 'dailies_ffmpeg_failures_total',
    type: 'counter',
    labels: ['code'],
    help: 'Failures whose reason was ffmpeg: FFMPEG_FAILED or FFMPEG_TIMEOUT.',
  },
  framesGraded: {
    name: 'dailies_frames_graded_total',
    type: 'counter',
    labels: [],
    help: 'Frames that this process has graded. Frames per second: rate(dailies_frames_graded_total[1m]).',
  },
  lag: {
    name: 'dailies_lag_records',
    type: 'gauge',
    labels: ['topic', 'group'],
    help: 'Records that wait for a consumer of the group, in any process, retries included.',
  },
  inFlight: {
    name: 'dailies_in_flight_records',
    type: 'gauge',
    labels: ['topic', 'group'],
    help: 'Records that consumers of the group have in hand, in any process.',
  },
  windowUsed: {
    name: 'dailies_window_batches',
    type: 'gauge',
    labels: [],
    help: 'Batches under way (sent and not stored yet) of the recordings that this process splits.',
  },
  windowLimit: {
    name: 'dailies_window_limit_batches',
    type: 'gauge',
    labels: [],
    help: 'How many these recordings may have under way: WINDOW_BATCHES for each.',
  },
  recordings: {
    name: 'dailies_recordings',
    type: 'gauge',
    labels: ['state'],
    help: 'Recordings by state, as the events tell.',
  },
  busUp: {
    name: 'dailies_bus_up',
    type: 'gauge',
    labels: [],
    help: '1 when the bus answered the question where work waits, which is asked at each scrape; else 0.',
  },
} as const satisfies Record<string, MetricSpec>;
