/** What the parent tells a crowd. */
export interface CrowdOrder {
  readonly type: 'come' | 'go';
  readonly worker: number;
}

/** What a crowd tells of its workers; `at` is the wall clock of the machine that they share, in ms. */
export type CrowdReport =
  | { readonly type: 'took'; readonly worker: number; readonly at: number; readonly bytes: number }
  | { readonly type: 'done'; readonly worker: number; readonly at: number; readonly key: string }
  | { readonly type: 'obeyed'; readonly worker: number; readonly at: number }
  | { readonly type: 'failed'; readonly worker: number; readonly at: number; readonly reason: string };
