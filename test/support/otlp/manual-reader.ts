import { MetricReader } from "@opentelemetry/sdk-metrics";

/** The stock reader of an application, collected by the test. */
export class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}

  /** A text `metric labels` for every series. */
  async series(): Promise<readonly string[]> {
    const { resourceMetrics } = await this.collect();
    return resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes }) => `${descriptor.name} ${JSON.stringify(attributes)}`),
      );
  }
}
