import type { BrokerClock, Bus, BusSettings, KafkaSettings, TopicState } from '@dailies/bus';
import type { DailiesError } from '@dailies/contracts';
import type { FieldSpec, Logger, ProcessHooks } from '@dailies/service';
import type { Output } from './screen.ts';

/** Opens the bus that the settings name. @throws DailiesError BUS_FAILED, PERMISSION_DENIED, DISK_FULL */
export type OpenBus = (
  settings: BusSettings,
  options?: {
    readonly readOnly?: boolean;
    readonly onError?: (error: DailiesError) => void;
    readonly log?: Logger;
    readonly waitForBrokerMs?: number;
    readonly onEnd?: (error: DailiesError) => void;
  },
) => Promise<Bus>;

/** Looks at the topics on Kafka, and makes those that are missing when told to. @throws DailiesError BUS_FAILED, CONFIG_INVALID */
export type KafkaTopics = (
  settings: KafkaSettings,
  options: { readonly create: boolean; readonly log: Logger },
) => Promise<TopicState[]>;

/** What time it is for a broker, or null when it does not tell. @throws DailiesError BUS_FAILED, CONFIG_INVALID */
export type AskBrokerClock = (
  settings: KafkaSettings,
  options: { readonly log: Logger },
) => Promise<BrokerClock | null>;

/** What a command gets from outside. Only main.ts touches `process`. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly pid: number;
  /** For results. */
  readonly stdout: Output;
  /** For what goes wrong, and for progress of commands whose result may be piped. */
  readonly stderr: Output;
  readonly hooks: ProcessHooks;
  /** Which bus there is, is decided in main.ts alone. */
  readonly openBus: OpenBus;
  readonly kafkaTopics: KafkaTopics;
  readonly brokerClock: AskBrokerClock;
  /** Version of Dailies. */
  readonly version: string;
  readonly now: () => number;
  /** Ends the process, whatever is still open: for a second Ctrl-C. */
  readonly exitNow: (code: number) => void;
}

export interface Command {
  readonly name: string;
  /** Arguments as in `replay ID`. */
  readonly usage: string;
  readonly summary: string;
  /** Lines below the usage: what to know before the options. */
  readonly details?: readonly string[];
  /** Settings that it reads, for `--help` and the reference. */
  readonly fields: readonly FieldSpec[];
  /** It makes films: they are its result, whatever becomes of what it says. */
  readonly makesFilms?: true;
  /** Positional arguments that it takes, at most. */
  readonly positionals: number;
  /** @returns the exit code @throws DailiesError */
  run(context: Context, argv: readonly string[]): Promise<number>;
}

/** Exit codes: the same for all commands. */
export const EXIT = {
  ok: 0,
  /** It could not run: bad settings, no ffmpeg, a folder that cannot be written. */
  failed: 1,
  /** It ran, and some recordings did not become films. */
  incomplete: 3,
} as const;
