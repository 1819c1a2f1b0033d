import type { DailiesError } from '@dailies/contracts';

/** Which bus, and how to reach it; the loaded `busFields` of @dailies/service fit. */
export interface BusSettings {
  /** The file of the embedded bus. */
  readonly busPath: string;
  /** `host:port`, separated by commas. When set, Kafka is the bus. */
  readonly kafkaBrokers?: string | undefined;
  readonly kafkaCreateTopics: boolean;
  readonly kafkaReplication?: number | undefined;
  /** Delete work from its topics once it is done. */
  readonly kafkaDeleteDone: boolean;
  readonly kafkaTls: boolean;
  readonly kafkaTlsCaFile?: string | undefined;
  readonly kafkaTlsCertFile?: string | undefined;
  readonly kafkaTlsKeyFile?: string | undefined;
  readonly kafkaSaslMechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined;
  readonly kafkaUsername?: string | undefined;
  readonly kafkaPassword?: string | undefined;
  readonly kafkaPasswordFile?: string | undefined;
}

/** Where the bus writes what it has to say; a pino logger fits. */
export interface BusLog {
  error(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  info(facts: object, text: string): void;
  debug(facts: object, text: string): void;
}

export interface OpenBusOptions {
  /** Who we are, as brokers log it: the name of the service. */
  readonly clientId: string;
  /** For tails and `lag` beside a process that works. */
  readonly readOnly?: boolean;
  /** Told of errors that no caller waits for. */
  readonly onError?: (error: DailiesError) => void;
  /**
   * Kafka: told once when this process cannot go on, and why: a new one has to take its place. Without it, what cannot go
   * on is tried again and reported; readers of a topic that was made anew read the new one.
   */
  readonly onEnd?: (error: DailiesError) => void;
  readonly log?: BusLog;
  /**
   * Kafka: how long brokers that do not answer are waited for, at the start and when something is published, ms; 15 s
   * when left out. Services wait for ever (`Number.POSITIVE_INFINITY`): they are often started together with the
   * broker, and its outage must not use up the attempts of the records in hand.
   */
  readonly waitForBrokerMs?: number;
}
