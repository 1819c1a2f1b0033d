import { field } from '@dailies/service';

/** Settings of the notifier, which works in the process of the assembler. */
export const notifierFields = [
  field({
    env: 'READY_WEBHOOK_URL',
    type: 'string',
    default: undefined,
    // People put tokens into such URLs.
    secret: true,
    describe:
      'Where a message is sent (POST, JSON) when a recording is finished, has failed or is quarantined; see docs/webhook.md.',
    example: 'https://portal.example.org/hooks/dailies',
  }),
  field({
    env: 'READY_WEBHOOK_SECRET',
    type: 'string',
    default: undefined,
    secret: true,
    describe: 'Signs these messages (HMAC-SHA256), so that their receiver knows that they are ours.',
    example: 'a long random word',
  }),
  field({
    env: 'READY_WEBHOOK_SECRET_FILE',
    type: 'path',
    default: undefined,
    describe: 'A file that holds this secret, as secrets of Docker and Kubernetes come.',
    example: '/run/secrets/webhook-secret',
  }),
  field({
    env: 'READY_WEBHOOK_TIMEOUT_MS',
    type: 'int',
    default: 10_000,
    unit: 'ms',
    min: 100,
    max: 120_000,
    describe: 'How long the receiver may take to answer.',
    example: '5000',
  }),
  field({
    env: 'READY_WEBHOOK_ATTEMPTS',
    type: 'int',
    default: 10,
    min: 1,
    max: 100,
    describe: 'How often a message is sent that the receiver fails at (5xx), before it goes to the dead letters.',
    example: '5',
  }),
  field({
    env: 'READY_WEBHOOK_PATIENCE_HOURS',
    type: 'number',
    default: 24,
    unit: 'hours',
    min: 0,
    max: 8760,
    describe:
      'For about how long a receiver is tried that cannot be reached, before the message goes to the dead letters.',
    example: '72',
  }),
  field({
    env: 'READY_STDOUT',
    type: 'boolean',
    default: false,
    describe: 'Print the same message as a line of JSON on the standard output.',
    example: 'true',
  }),
] as const;
