import { Gauge, Registry } from "prom-client"
import { metricTable, type MetricName } from "./metric-table.ts"

/** One measured value; `null` where nothing was measured: then the series is left out, never shown as 0. */
export interface Sample {
  readonly name: MetricName
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | null
}

export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

/**
 * The text that Prometheus reads. Instants are seconds since 1970, durations seconds, sizes bytes, yes and no 1 and 0.
 * Names and labels are those of `metricTable`; throws for a sample with other labels, which is a bug.
 */
export async function metricsText(samples: readonly Sample[]): Promise<string> {
  const registry = new Registry()
  for (const [name, { help, labels }] of Object.entries(metricTable)) {
    const gauge = new Gauge({ name, help, labelNames: [...labels], registers: [registry] })
    for (const sample of samples) if (sample.name === name && sample.value !== null) gauge.set({ ...sample.labels }, sample.value)
    if (labels.length === 0 && !samples.some((sample) => sample.name === name && sample.value !== null)) registry.removeSingleMetric(name)
  }
  return await registry.metrics()
}
