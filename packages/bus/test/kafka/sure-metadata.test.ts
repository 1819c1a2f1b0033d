import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterOf } from '../../src/kafka/cluster.ts';
import { connectionOf } from '../../src/kafka/connection.ts';
import { isPassing } from '../../src/kafka/errors.ts';
import { settingsFor } from '../helpers/kafka.ts';

// A connection that broke while a service looked at its topics ended it: "Cannot read properties of null (reading 'topicMetadata')".
test('connections that break while topics are asked for pass', async () => {
  const cluster = clusterOf(connectionOf(settingsFor('localhost:1'), { clientId: 'test' }));
  // What kafkajs makes of errors of all brokers.
  const brokerPool = { refreshMetadataIfNecessary: async () => {}, withBroker: async () => null };
  Object.assign(cluster, { brokerPool });
  await assert.rejects(cluster.metadata({ topics: ['t'] }), isPassing);
});
