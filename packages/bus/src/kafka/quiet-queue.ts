import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/** How soon a request that found no place is looked at again; kafkajs' own value. */
const LOOK_AGAIN_MS = 10;

/**
 * Ends a spin of kafkajs 2.2.4: its request queues set a timer after every answer, with nothing to send too. For that the
 * time is negative, so the timer fires after 1 ms and sets the next one, for ever: a thousand wake-ups a second for each
 * connection, and a warning on Node 24. A timer is needed only while a request waits, and `push` sets it then.
 */
export function quietRequestQueues(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleWhenPending(this: RequestQueue): void {
    if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return;
    const throttledMs = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledMs > 0 ? throttledMs : LOOK_AGAIN_MS,
    );
  };
}
