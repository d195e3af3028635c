import { MetricReader } from "@opentelemetry/sdk-metrics";

/** The stock reader of an application, read when the test says so. */
export class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}

  /** `metric labels` of every series. */
  async series(): Promise<readonly string[]> {
    const { resourceMetrics } = await this.collect();
    return resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes }) => `${descriptor.name} ${JSON.stringify(attributes)}`),
      );
  }
}
