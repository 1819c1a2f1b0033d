import Cluster from 'kafkajs/src/cluster/index.js';
import { createLogger } from 'kafkajs/src/loggers/index.js';
import type { Connection } from './connection.ts';

const METADATA_MAX_AGE_MS = 300_000;

/** Connections of our own to all brokers, below the public interface of kafkajs. */
export function clusterOf({ config }: Connection): Cluster {
  return new Cluster({
    ...config,
    logger: createLogger({ level: config.logLevel, logCreator: config.logCreator }),
    enforceRequestTimeout: true,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
  });
}
