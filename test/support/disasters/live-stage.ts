import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { startAgent } from "../agent/agent.ts";
import type { RunningAgent } from "../agent/agent.ts";
import { startAlertmanager } from "../alerts/alertmanager.ts";
import { fasterRules } from "../alerts/faster-rules.ts";
import type { Server } from "../http/server.ts";
import { query, startPrometheus } from "../otlp/prometheus.ts";
import type { LiveAgent } from "./live-disaster.ts";
import { FACTOR } from "./live-scene.ts";

const EXAMPLES = join(import.meta.dirname, "../../../examples");

const RULES = "rules*.yml";

export type Labels = Readonly<Record<string, string>>;

/** The installed agent, a Prometheus with the shipped rules, and an Alertmanager with the shipped routes. */
export class LiveStage {
  readonly agent: LiveAgent;
  readonly #folder: string;
  readonly #prometheus: Server;
  readonly #alertmanager: Server;

  private constructor(folder: string, agent: LiveAgent, prometheus: Server, alertmanager: Server) {
    this.#folder = folder;
    this.agent = agent;
    this.#prometheus = prometheus;
    this.#alertmanager = alertmanager;
  }

  static async start(settings: object): Promise<LiveStage> {
    const folder = await mkdtemp(join(tmpdir(), "live-"));
    const agent = await startLiveAgent({ ...settings, stateDir: join(folder, "state") });
    await agent.collect();
    const config = join(folder, "alertmanager.yml");
    await writeFile(config, await silentAlertmanager());
    const alertmanager = await startAlertmanager(config);
    const target = (url: string): object => ({ targets: [new URL(url).host] });
    const prometheus = await startPrometheus({
      config: stringify({
        // BackupAgentDown fires for a single scrape that fails: a busy machine may take seconds for one.
        global: { scrape_interval: "5s", scrape_timeout: "5s", evaluation_interval: "1s" },
        // None is there yet.
        rule_files: [join(folder, RULES)],
        alerting: { alertmanagers: [{ static_configs: [target(alertmanager.url)] }] },
        scrape_configs: [{ job_name: "restic-otel", static_configs: [target(agent.url)] }],
      }),
    });
    return new LiveStage(folder, agent, prometheus, alertmanager);
  }

  /** Before the first scrape some would fire, whose limits are shorter now than the interval of the scrapes. */
  async addRules(): Promise<void> {
    const shipped = await readFile(join(EXAMPLES, "prometheus/alerts.yml"), "utf8");
    await writeFile(join(this.#folder, "rules.yml"), fasterRules(shipped, FACTOR));
    const { status } = await fetch(`${this.#prometheus.url}/-/reload`, { method: "POST" });
    if (status !== 200) throw new Error(`no reload: ${this.#prometheus.log()}`);
  }

  /** Whether the rules were evaluated for ten seconds: a host that was never seen is one from the beginning. */
  async isJudged(): Promise<boolean> {
    const ages = "count_over_time(ALERTS[10s]) >= 8";
    return (await query(this.#prometheus.url, ages)).length > 0;
  }

  /** Whether the agent answered every scrape of the last twenty seconds. */
  async isSteady(): Promise<boolean> {
    const steady = "min_over_time(up[20s]) == 1 and count_over_time(up[20s]) >= 3";
    return (await query(this.#prometheus.url, steady)).length > 0;
  }

  /** The alerts that Alertmanager has now, inhibited ones too. */
  async alerts(): Promise<readonly Labels[]> {
    const answer = await (await fetch(`${this.#alertmanager.url}/api/v2/alerts`)).text();
    const alerts: readonly { readonly labels: Labels }[] = JSON.parse(answer);
    return alerts.map(({ labels }) => labels);
  }

  /** All alerts that fired in any evaluation of the rules. */
  async fired(): Promise<readonly Labels[]> {
    const all = 'count_over_time(ALERTS{alertstate="firing"}[1h])';
    return (await query(this.#prometheus.url, all)).map(({ metric }) => metric);
  }

  async stop(): Promise<void> {
    await this.#prometheus.stop();
    await this.#alertmanager.stop();
    await this.agent.stop();
    await rm(this.#folder, { recursive: true });
  }
}

/** The shipped routes and inhibitions, whose receivers send nothing. */
async function silentAlertmanager(): Promise<string> {
  const text = await readFile(join(EXAMPLES, "alertmanager/alertmanager.yml"), "utf8");
  const config: { readonly receivers: readonly { readonly name: string }[] } = parse(text);
  return stringify({ ...config, receivers: config.receivers.map(({ name }) => ({ name })) });
}

async function startLiveAgent(settings: object): Promise<LiveAgent> {
  let agent: RunningAgent = await startAgent(settings);
  const { url } = agent;
  return {
    url,
    async start() {
      agent = await startAgent(settings, { bind: new URL(url).host });
    },
    async kill() {
      agent.kill("SIGKILL");
      await agent.exit;
      await agent.stop();
    },
    stop: () => agent.stop(),
    collect: () => agent.collect(),
  };
}
