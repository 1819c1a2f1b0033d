import { courtesyHostFields, field } from '@dailies/service';

/** How the watcher learns that Jibri is at work on its machine. */
export const courtesyFields = [
  field({
    env: 'COURTESY_PORT',
    type: 'int',
    default: undefined,
    min: 0,
    max: 65_535,
    describe:
      'The port on which Jibri tells that it records (its JIBRI_WEBHOOK_SUBSCRIBERS), so that workers on this machine make room; see docs/courtesy.md. 0 takes any that is free. When not set, none is opened.',
    example: '9465',
  }),
  field({
    env: 'COURTESY_BIND',
    type: 'string',
    default: '127.0.0.1',
    describe: 'The address that this port is opened on; 0.0.0.0 in containers. There is no password.',
    example: '0.0.0.0',
  }),
  field({
    env: 'COURTESY_FILE',
    type: 'path',
    default: undefined,
    describe:
      'A file that says the same where there is no webhook: while it is there, not older than COURTESY_EXPIRE_MINUTES and does not hold the word idle, a meeting is being recorded.',
    example: '/run/jibri/recording',
  }),
  field({
    env: 'COURTESY_EXPIRE_MINUTES',
    type: 'number',
    default: 3,
    unit: 'minutes',
    min: 0.01,
    max: 1440,
    describe:
      'How long a sign of Jibri holds; Jibri repeats it every minute. A Jibri that has died holds nobody up for longer.',
    example: '5',
  }),
  ...courtesyHostFields,
] as const;
