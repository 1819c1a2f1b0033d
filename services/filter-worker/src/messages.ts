import type { ErrorCode, ImageBatch, VideoBatch } from '@dailies/contracts';
import type { FramePipes } from '@dailies/media';

/** What the thread of a slot is started with. */
export interface ThreadData {
  /** Where compiled modules are kept; null when they are not. */
  readonly compileCache: string | null;
}

/** To the thread of a slot: one at a time. */
export type SlotRequest =
  | { readonly type: 'pump'; readonly manifest: VideoBatch; readonly pipes: FramePipes }
  | { readonly type: 'image'; readonly manifest: ImageBatch; readonly payload: Uint8Array };

/** From it: `open` when the pipes of a video batch are open, then one answer to each request. `bytes` is null for a video batch: its frames went through the pipes. */
export type SlotAnswer =
  | { readonly open: true }
  | { readonly ok: true; readonly bytes: Uint8Array | null }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: Readonly<Record<string, string | number>>;
    };
