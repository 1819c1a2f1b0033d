import type { Broker } from 'kafkajs/src/cluster/index.js';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';

const METADATA = 3;
/** The first one that tells ids (brokers from 2.8 on); kafkajs knows up to version 6. */
const WITH_IDS = 10;
const UNKNOWN_TOPIC_OR_PARTITION = 3;
const ID_BYTES = 16;
const NO_ID = '0'.repeat(2 * ID_BYTES);

/** By topic: its id; null when there is no such topic. Topics of which the broker does not tell us are left out. */
export type TopicIds = ReadonlyMap<string, string | null>;

/** Whether a broker can be asked for them. */
export const tellsIds = ({ versions }: Broker): boolean => (versions?.[METADATA]?.maxVersion ?? 0) >= WITH_IDS;

/** A topic that was deleted and made anew has the same name and another id. Asking makes no topic. */
export async function topicIds(broker: Broker, topics: readonly string[]): Promise<TopicIds> {
  return broker.connectionPool.send({
    request: {
      apiKey: METADATA,
      apiVersion: WITH_IDS,
      apiName: 'Metadata',
      encode: async () =>
        new Encoder()
          .writeUVarIntBytes() // tags of the header
          .writeUVarIntArray(
            topics.map((topic) =>
              new Encoder().writeBuffer(Buffer.alloc(ID_BYTES)).writeUVarIntString(topic).writeUVarIntBytes(),
            ),
          )
          .writeBoolean(false) // make topics that are missing
          .writeBoolean(false) // tell rights on the cluster
          .writeBoolean(false) // tell rights on topics
          .writeUVarIntBytes(),
    },
    response: { decode: async (raw) => decode(new Decoder(raw)), parse: async (decoded) => decoded },
  });
}

function decode(decoder: Decoder): TopicIds {
  const found = new Map<string, string | null>();
  decoder.readTaggedFields();
  decoder.readInt32(); // throttle time
  decoder.readUVarIntArray(passBroker);
  decoder.readUVarIntString(); // id of the cluster
  decoder.readInt32(); // id of the controller
  decoder.readUVarIntArray((one) => {
    const error = one.readInt16();
    const name = one.readUVarIntString() ?? '';
    const id = one.readBytes(ID_BYTES).toString('hex');
    one.readBoolean(); // internal
    one.readUVarIntArray(passPartition);
    one.readInt32(); // rights
    one.readTaggedFields();
    if (error === UNKNOWN_TOPIC_OR_PARTITION) found.set(name, null);
    else if (id !== NO_ID) found.set(name, id);
  });
  return found;
}

function passBroker(decoder: Decoder): void {
  decoder.readInt32(); // id
  decoder.readUVarIntString(); // host
  decoder.readInt32(); // port
  decoder.readUVarIntString(); // rack
  decoder.readTaggedFields();
}

function passPartition(decoder: Decoder): void {
  const passIds = () => decoder.readUVarIntArray((one) => one.readInt32());
  decoder.readInt16(); // error
  decoder.readInt32(); // partition
  decoder.readInt32(); // leader
  decoder.readInt32(); // its epoch
  passIds(); // replicas
  passIds(); // those in sync
  passIds(); // those that are away
  decoder.readTaggedFields();
}
