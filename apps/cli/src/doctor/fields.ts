import { workerFields } from '@dailies/filter-worker';
import {
  busFields,
  type ConfigOf,
  field,
  libraryFields,
  pickFields,
  processFields,
  toolFields,
} from '@dailies/service';

/** Where the doctor finds Jibri, for what cannot be seen from the folders alone. */
export const jitsiFields = [
  field({
    env: 'JITSI_DIR',
    type: 'path',
    default: undefined,
    describe:
      'A checkout of docker-jitsi-meet, whose .env and jibri.yml tell the release and the folders of Jibri. When not set: the working directory, when it is one.',
    example: '/opt/docker-jitsi-meet',
  }),
  field({
    env: 'JIBRI_VERSION',
    type: 'string',
    default: undefined,
    describe: 'The release of Jibri’s image, where no checkout can be read (in a container).',
    example: 'stable-11146-2',
  }),
  field({
    env: 'FINALIZE_SCRIPT',
    type: 'path',
    default: undefined,
    describe:
      'The finalize script of Jibri, as this process sees it. When not set: where the checkout says that it is.',
    example: '/opt/jitsi-config/jibri/finalize.sh',
  }),
] as const;

export const doctorFields = [
  ...libraryFields,
  ...busFields,
  ...toolFields,
  ...pickFields(workerFields, 'WORKER_SLOTS'),
  ...jitsiFields,
  ...processFields,
  field({
    env: 'DOCTOR_JSON',
    flag: '--json',
    type: 'boolean',
    default: false,
    describe: 'Print a JSON array of {level, check, found, todo} instead of text.',
    example: 'true',
  }),
] as const;

export type DoctorConfig = ConfigOf<typeof doctorFields>;
