/**
 * Parts of kafkajs 2.2.4 below its public interface that the adapter stands on; see docs/decisions on why. The version
 * is pinned, and tests of what stands on them fail when they change.
 */
declare module 'kafkajs/src/network/requestQueue/index.js' {
  /** One queue of requests per connection. */
  export default class RequestQueue {
    constructor(options: {
      maxInFlightRequests: number;
      requestTimeout: number;
      enforceRequestTimeout: boolean;
      clientId: string;
      broker: string;
      logger: { debug(): void };
    });
    push(request: {
      entry: { correlationId: number; resolve(): void; reject(): void };
      expectResponse: boolean;
      sendRequest(): void;
    }): void;
    /** Requests that could not be sent yet. */
    readonly pending: readonly unknown[];
    /** Until when the broker asked for silence, ms since 1970; -1 when it did not. */
    readonly throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(): void;
  }
}

declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net';
  import type { ISocketFactory, Logger } from 'kafkajs';
  import type { Exchange } from 'kafkajs/src/cluster/index.js';

  /** One connection to one broker, made anew when it is gone and asked for. */
  export default class Connection {
    constructor(options: {
      host: string;
      port: number;
      logger: Logger;
      socketFactory: ISocketFactory;
      requestTimeout: number;
      connectionTimeout: number;
    });
    /** The last one; undefined before the first. */
    readonly socket: Socket | undefined;
    /** What has come of an answer that is not whole, and how many bytes it takes to go on. */
    chunks: Buffer[];
    bytesBuffered: number;
    bytesNeeded: number;
    isConnected(): boolean;
    /** Fails what waits for an answer. */
    rejectRequests(error: Error): void;
    connect(): Promise<boolean>;
    disconnect(): Promise<boolean>;
    send<T>(exchange: Exchange<T>): Promise<T>;
  }
}

declare module 'kafkajs/src/loggers/index.js' {
  import type { Logger, logCreator, logLevel } from 'kafkajs';
  export function createLogger(options: { level: logLevel; logCreator: logCreator }): Logger;
}

declare module 'kafkajs/src/cluster/index.js' {
  import type { ISocketFactory, KafkaConfig, Logger, RetryOptions } from 'kafkajs';
  import type Encoder from 'kafkajs/src/protocol/encoder.js';

  export interface FetchedMessage {
    readonly offset: string;
    readonly timestamp: string;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers?: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
    readonly isControlRecord?: boolean;
  }

  export interface FetchedPartition {
    readonly partition: number;
    readonly highWatermark: string;
    readonly messages: readonly FetchedMessage[];
  }

  export interface Exchange<T> {
    request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<Encoder> };
    response: { decode(raw: Buffer): Promise<T>; parse(decoded: T): Promise<T> };
  }

  export interface Broker {
    /** Which versions of which request it takes, by the number of the request. */
    readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>> | null;
    readonly connectionPool: { send<T>(exchange: Exchange<T>): Promise<T> };
    fetch(request: {
      isolationLevel: number;
      maxWaitTime: number;
      minBytes: number;
      maxBytes: number;
      topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[];
    }): Promise<{ responses: { topicName: string; partitions: FetchedPartition[] }[] }>;
  }

  /** Connections to all brokers, and what is known of topics. */
  export default class Cluster {
    constructor(
      options: Pick<KafkaConfig, 'ssl' | 'sasl' | 'clientId' | 'connectionTimeout' | 'requestTimeout'> & {
        logger: Logger;
        brokers: string[];
        socketFactory: ISocketFactory;
        retry: RetryOptions;
        enforceRequestTimeout: boolean;
        metadataMaxAge: number;
        allowAutoTopicCreation: boolean;
        maxInFlightRequests: null;
      },
    );
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    /** Null when no broker gave an answer. */
    metadata(what?: { topics?: string[] }): Promise<object | null>;
    addTargetTopic(topic: string): Promise<void>;
    refreshMetadata(): Promise<void>;
    refreshMetadataIfNecessary(): Promise<void>;
    removeBroker(address: { host: string; port: number }): void;
    findBroker(node: { nodeId: string }): Promise<Broker>;
    findControllerBroker(): Promise<Broker>;
    findTopicPartitionMetadata(topic: string): { partitionId: number }[];
    findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
    fetchTopicsOffset(
      topics: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
    ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
  }
}

declare module 'kafkajs/src/protocol/encoder.js' {
  /** Writes a request, field by field; null where the protocol has nothing. */
  export default class Encoder {
    writeInt8(value: number): this;
    writeBoolean(value: boolean): this;
    writeString(value: string | null): this;
    writeArray(items: readonly Encoder[]): this;
    writeUVarIntString(value: string | null): this;
    /** Without a value: a tag buffer that is empty. */
    writeUVarIntBytes(value?: Buffer): this;
    writeUVarIntArray(items: readonly Encoder[]): this;
    writeBuffer(value: Buffer): this;
  }
}

declare module 'kafkajs/src/protocol/decoder.js' {
  /** Reads an answer, field by field. */
  export default class Decoder {
    constructor(raw: Buffer);
    readInt8(): number;
    readInt16(): number;
    readInt32(): number;
    readBoolean(): boolean;
    readString(): string | null;
    readBytes(length: number): Buffer;
    readArray<T>(read: (decoder: Decoder) => T): T[];
    readUVarIntString(): string | null;
    readUVarIntArray<T>(read: (decoder: Decoder) => T): T[];
    readTaggedFields(): unknown;
  }
}

declare module 'kafkajs/src/protocol/error.js' {
  /** The error of the protocol with this number, as kafkajs throws it. */
  export const errorCodes: readonly { readonly type: string; readonly code: number }[];
  export function createErrorFromCode(code: number): Error;
}

declare module 'kafkajs/src/broker/index.js' {
  /** One broker; only tests change it, to let it fail. */
  export default class Broker {
    fetch(request: object): Promise<{ responses: unknown[] }>;
  }
}

declare module 'kafkajs/src/consumer/consumerGroup.js' {
  import type { TopicOffsets } from 'kafkajs';

  /** A broker as kafkajs holds it; only passed on. */
  type Coordinator = object;

  /** What a consumer is as a member of its group. */
  export default class ConsumerGroup {
    readonly groupId: string;
    readonly cluster: { findGroupCoordinator(group: { groupId: string }): Promise<Coordinator> };
    /** Where heartbeats go. */
    coordinator: Coordinator;
    /** Where commits go; null before the first join. */
    offsetManager: {
      coordinator: Coordinator;
      commitOffsets(offsets?: { topics: TopicOffsets[] }): Promise<void>;
    } | null;
    heartbeat(options: { interval: number }): Promise<void>;
    commitOffsets(offsets?: { topics: TopicOffsets[] }): Promise<void>;
  }
}
