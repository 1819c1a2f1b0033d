import { describe } from 'node:test';
import { deliveryTests } from './conformance/delivery.ts';
import { failureTests } from './conformance/failure.ts';
import type { MakeBus } from './conformance/harness.ts';
import { readingTests } from './conformance/reading.ts';
import { stoppingTests } from './conformance/stopping.ts';

export type { BusUnderTest, ChildBus, MakeBus } from './conformance/harness.ts';

/** Registers the tests (node:test) that every adapter of the bus has to pass: what `Bus` in port.ts promises. */
export function busConformance(name: string, makeBus: MakeBus): void {
  describe(`${name}: delivery`, () => deliveryTests(makeBus));
  describe(`${name}: failures`, () => failureTests(makeBus));
  describe(`${name}: stopping and dying`, () => stoppingTests(makeBus));
  describe(`${name}: reading`, () => readingTests(makeBus));
}
