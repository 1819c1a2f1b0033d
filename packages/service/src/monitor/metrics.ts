import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { METRICS, type MetricSpec } from './declarations.ts';

type Labels<Spec extends MetricSpec> = Spec['labels'][number];
type Made<Spec extends MetricSpec> = Spec['type'] extends 'counter'
  ? Counter<Labels<Spec>>
  : Spec['type'] extends 'gauge'
    ? Gauge<Labels<Spec>>
    : Histogram<Labels<Spec>>;

/** All metrics of a process, by the keys of the table. */
export type Metrics = { readonly [Key in keyof typeof METRICS]: Made<(typeof METRICS)[Key]> };

/** Makes the metrics of the table in a registry of their own, with those of Node and of the process. */
export async function createMetrics(): Promise<{ metrics: Metrics; registry: Registry }> {
  // prom-client takes a while to load; a process that nobody scrapes does without.
  const prom = await import('prom-client');
  const registry = new prom.Registry();
  prom.collectDefaultMetrics({ register: registry });
  const make = ({ name, type, labels, help, buckets }: MetricSpec) => {
    const what = { name, help, labelNames: labels, registers: [registry] };
    switch (type) {
      case 'counter':
        return new prom.Counter(what);
      case 'gauge':
        return new prom.Gauge(what);
      case 'histogram':
        return new prom.Histogram(buckets ? { ...what, buckets: [...buckets] } : what);
    }
  };
  const metrics = Object.fromEntries(Object.entries(METRICS).map(([key, spec]) => [key, make(spec)]));
  return { metrics: metrics as unknown as Metrics, registry };
}
