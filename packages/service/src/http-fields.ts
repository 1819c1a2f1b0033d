import { field } from './fields.ts';

/** Where a process tells how it is. */
export const httpFields = [
  field({
    env: 'HTTP_PORT',
    type: 'int',
    default: undefined,
    min: 0,
    max: 65_535,
    describe:
      'The port for /metrics (Prometheus), /healthz and /readyz; 0 takes any that is free, and the log says which. When not set, none is opened.',
    example: '9464',
  }),
  field({
    env: 'HTTP_HOST',
    type: 'string',
    default: '127.0.0.1',
    describe:
      'The address that this port is opened on. There is no password: 0.0.0.0 is for containers and closed networks.',
    example: '0.0.0.0',
  }),
] as const;
