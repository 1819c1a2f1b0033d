/** What Node cannot see as names of the CommonJS module kafkajs. */
import kafkajs, { type Admin } from 'kafkajs';

export type { Admin };
export const { ConfigResourceTypes } = kafkajs;
