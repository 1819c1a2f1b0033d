import Cluster from 'kafkajs/src/cluster/index.js';

let isDone = false;

/**
 * Lets a cluster say that no broker told of its topics. kafkajs 2.2.4 answers null when its connections broke while it
 * asked, and its admin fails with a TypeError, which nobody tries again: a service that was starting ended.
 */
export function sureMetadata(): void {
  if (isDone) return;
  isDone = true;
  const { metadata } = Cluster.prototype;
  Cluster.prototype.metadata = async function metadataOrError(this: Cluster, what) {
    const found = await metadata.call(this, what);
    if (found !== null) return found;
    // By the name of kafkajs for it, so that it is tried again.
    throw Object.assign(new Error('no broker told of its topics'), { name: 'KafkaJSBrokerNotFound', retriable: true });
  };
}
