import Decoder from 'kafkajs/src/protocol/decoder.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import { clusterOf } from './cluster.ts';
import type { Connection } from './connection.ts';

const INCREMENTAL_ALTER_CONFIGS = 44;
const TOPIC = 2;
const SET = 0;

/**
 * Sets one setting of some topics. The request that kafkajs knows for it takes all settings of a topic, and puts back to
 * their defaults those that are not named; this one (IncrementalAlterConfigs, brokers from 2.3 on) leaves them alone.
 * @throws what the broker says of the first topic that it did not alter, as kafkajs throws it
 */
export async function alterSetting(
  connection: Connection,
  topics: readonly string[],
  setting: { readonly name: string; readonly value: string },
): Promise<void> {
  const cluster = clusterOf(connection);
  try {
    await cluster.connect();
    await cluster.refreshMetadataIfNecessary();
    const broker = await cluster.findControllerBroker();
    await broker.connectionPool.send({
      request: {
        apiKey: INCREMENTAL_ALTER_CONFIGS,
        apiVersion: 0,
        apiName: 'IncrementalAlterConfigs',
        encode: async () =>
          new Encoder()
            .writeArray(
              topics.map((topic) =>
                new Encoder()
                  .writeInt8(TOPIC)
                  .writeString(topic)
                  .writeArray([new Encoder().writeString(setting.name).writeInt8(SET).writeString(setting.value)]),
              ),
            )
            .writeBoolean(false),
      },
      response: { decode: async (raw) => decode(new Decoder(raw)), parse: refuseErrors },
    });
  } finally {
    await cluster.disconnect().catch(() => {});
  }
}

function decode(decoder: Decoder): number[] {
  decoder.readInt32(); // throttle time
  return decoder.readArray((one) => {
    const code = one.readInt16();
    one.readString(); // what it says
    one.readInt8(); // the kind: a topic
    one.readString(); // its name
    return code;
  });
}

async function refuseErrors(codes: number[]): Promise<number[]> {
  const failed = codes.find((code) => code !== 0);
  if (failed !== undefined) throw createErrorFromCode(failed);
  return codes;
}
