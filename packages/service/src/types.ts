import type { DailiesEvent, RecordingStatus } from '@dailies/contracts';

/** What all four services are: something that starts, works, and stops. */
export interface Service {
  readonly name: string;
  /** Resolves when the service is at work. */
  start(): Promise<void>;
  /**
   * Takes no new work, finishes what it has for at most `drainMs`, gives the rest back to the bus, and resolves when
   * nothing of it runs any more. Safe to call twice, and before `start`.
   */
  stop(options: { drainMs: number }): Promise<void>;
}

/** The state of all recordings, built from their events and nothing else, and kept up to date. */
export interface RecordingsReader {
  get(recordingId: string): RecordingStatus | undefined;
  /** In the order in which they were found. */
  all(): RecordingStatus[];
  /** The newest recording of that path (a path sees several when its content changes). */
  byPath(path: string): RecordingStatus | undefined;
  /** Resolves after the next event that arrives, or when the reader is closed. @throws DailiesError ABORTED after that */
  changed(): Promise<void>;
  /** Calls back after each event, with the state that it led to; returns how to end that. */
  onEvent(callback: (event: DailiesEvent, status: RecordingStatus) => void): () => void;
  close(): Promise<void>;
}
