import type { BrokerClock, Bus, TopicState } from '@dailies/bus';
import type { Candidate, Finding as ScanFinding } from '@dailies/library';
import type { DoctorConfig } from './fields.ts';
import type { Finding } from './finding.ts';
import type { Host } from './host.ts';

/** The four folders, absolute. */
export interface DoctorFolders {
  readonly recordings: string;
  readonly processed: string;
  readonly archived: string;
  readonly work: string;
}

/** What a look through the recordings folder gave. */
export interface Survey {
  readonly candidates: readonly Candidate[];
  /** What can never be processed as it is: links, folders without access. */
  readonly findings: readonly ScanFinding[];
  /** Whether there are more than were looked at. */
  readonly cut: boolean;
}

/** What the checks get. */
export interface DoctorInput {
  readonly config: DoctorConfig;
  readonly folders: DoctorFolders;
  readonly survey: Survey;
  readonly host: Host;
  readonly cwd: string;
  /** Folders with programs, as in PATH. */
  readonly searchPath: string;
  /** Opens the bus that is configured, for reading alone. */
  openBus(): Promise<Bus>;
  /** The topics as they are on Kafka; nothing is made. */
  kafkaTopics(brokers: string): Promise<TopicState[]>;
  /** What time it is for a broker; null without Kafka, and when it cannot be told. */
  brokerClock(): Promise<BrokerClock | null>;
}

/** One check. What it throws becomes a line of its own. */
export interface Check {
  readonly name: string;
  run(input: DoctorInput): Promise<Finding[]>;
}
