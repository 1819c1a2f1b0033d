export interface GradeProgress {
  readonly frames: number;
  /** Null until they are counted. */
  readonly totalFrames: number | null;
  readonly durationMs: number | null;
}
