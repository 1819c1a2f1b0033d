import type { ErrorCode, FrameBatch } from '@dailies/contracts';

/** To the thread of a slot. */
export type SlotRequest = { readonly type: 'grade'; readonly manifest: FrameBatch; readonly payload: Uint8Array } | { readonly type: 'abort' };

/** From it: one answer to each `grade`. */
export type SlotAnswer =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly details: Readonly<Record<string, string | number>> };
