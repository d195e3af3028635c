import { setImmediate as nextTurn } from "node:timers/promises";

import { Monitor } from "../../../instrumentation/monitor/monitor.ts";
import type { MonitorSettings } from "../../../instrumentation/monitor/monitor-settings.ts";
import { tableText } from "../agent/table-text.ts";
import { ArrayLogger } from "../core/logger.ts";
import { InventoryScene } from "./inventory-scene.ts";
import { repositorySettings } from "../monitor/repository-settings.ts";

const HOUR = 3_600_000;

/** A monitor of repositories in memory, with an inventory of each every 24 hours. */
export class MonitorScene {
  readonly logger = new ArrayLogger();
  readonly scenes: readonly InventoryScene[];
  readonly monitor: Monitor;

  constructor(scenes: readonly InventoryScene[], more: Partial<MonitorSettings> = {}) {
    this.scenes = scenes;
    const [{ clock } = new InventoryScene()] = scenes;
    this.monitor = new Monitor(this.settings(more), {
      clock,
      logger: this.logger,
      backends: { memory: async (address) => this.#scene(Number(address)).backend() },
    });
  }

  settings(more: Partial<MonitorSettings> = {}): MonitorSettings {
    return {
      repositories: this.scenes.map((_, index) => repositorySettings(`memory:${index}`, "p")),
      cron: "@every 6h",
      timezone: "UTC",
      timeoutMs: 60_000,
      concurrency: 8,
      legacyLabel: false,
      retryFailed: false,
      reverifyMs: 1000 * HOUR,
      inventory: { everyMs: 24 * HOUR },
      ...more,
    };
  }

  async start(): Promise<void> {
    this.monitor.start();
    await this.monitor.currentCollection;
  }

  /** How many repositories have an inventory. */
  get taken(): number {
    return this.monitor.inventories.entries().filter(({ inventory }) => inventory).length;
  }

  async value(metric: string, index = 0): Promise<string | undefined> {
    const text = await tableText(this.monitor.tables, this.#scene(0).clock.now());
    const line = text.split("\n").find((one) => one.startsWith(`${metric}{url="memory:${index}"`));
    return line?.split(" ")[1];
  }

  async advance(hours: number): Promise<void> {
    await this.#scene(0).clock.advance(hours * HOUR);
    for (let turn = 0; turn < 200; turn++) await nextTurn();
  }

  #scene(index: number): InventoryScene {
    const { [index]: scene } = this.scenes;
    if (!scene) throw new Error(`no scene ${index}`);
    return scene;
  }
}
