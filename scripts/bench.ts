// `bun run bench`: what a unit of work costs the compiled binary, HAProxy and nginx, over loopback, in one interleaved
// run; see `bench/options.ts` for the flags. CPU time per unit of work is what is compared: it is far steadier than
// throughput where the load shares the cores with the proxy.

import { bareRelay } from "./bench/bare-relay.ts";
import { bulk, passthroughBulk, passthroughWindow, terminateBulk, terminateWindow, windowed } from "./bench/bulk.ts";
import type { Column, Sample } from "./bench/column.ts";
import { connect, passthroughConnect, terminateConnect } from "./bench/connect.ts";
import { direct } from "./bench/direct.ts";
import { Fleet } from "./bench/fleet.ts";
import { haproxy } from "./bench/haproxy.ts";
import { idle } from "./bench/idle.ts";
import { LoadClient } from "./bench/load-client.ts";
import { connectionBudget, machineFacts } from "./bench/machine.ts";
import { nginx } from "./bench/nginx.ts";
import { type Options, parseOptions, USAGE } from "./bench/options.ts";
import { formatPlan, measurePlan } from "./bench/plan.ts";
import { request } from "./bench/request.ts";
import { sallyport } from "./bench/sallyport.ts";
import type { Running, Subject } from "./bench/subject.ts";
import { formatTables } from "./bench/table.ts";

const COLUMNS: readonly Column[] = [
  bulk,
  windowed,
  request,
  connect,
  idle,
  terminateConnect,
  terminateBulk,
  terminateWindow,
  passthroughConnect,
  passthroughBulk,
  passthroughWindow,
];

/** An uncounted first run of each CPU column: code is compiled and buffers are grown by then. */
const WARM_UP_SECONDS = 0.5;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The subjects asked for that are installed; says which are not. */
function findSubjects(options: Options): Subject[] {
  const finders: Readonly<Record<string, () => Subject | undefined>> = {
    sallyport: () => sallyport(options.binary, "sallyport"),
    "sallyport-no-log": () => sallyport(options.binary, "sallyport-no-log"),
    "sallyport-guarded": () => sallyport(options.binary, "sallyport-guarded"),
    "sallyport-policy": () => sallyport(options.binary, "sallyport-policy"),
    haproxy,
    nginx,
    relay: () => bareRelay,
    direct: () => direct,
  };
  return options.subjects.flatMap((key) => {
    const subject = finders[key]?.();
    if (subject === undefined) say(`Skipped ${key}: ${key.startsWith("sallyport") ? "not built" : "not installed"}`);
    return subject ?? [];
  });
}

/** All samples, and what kept subjects from being measured. */
async function measureAll(columns: readonly Column[], subjects: readonly Subject[], options: Options) {
  const results = new Map(columns.map(({ key }) => [key, new Map(subjects.map((s) => [s.key, new Array<Sample>()]))]));
  const idleConnections = connectionBudget(options.idleConnections);
  if (idleConnections < options.idleConnections) say(`Only ${idleConnections} idle connections: descriptor limit`);
  const load = new LoadClient();
  // Some room above what is held: readiness probes, connections still closing.
  const fleet = new Fleet(load, { connections: idleConnections + 500, tuned: options.tuned });
  await fleet.startAll(subjects, columns);
  for (const failure of fleet.failures) say(`Left out: ${failure}`);
  for (let round = 0; round <= options.rounds; round++) {
    for (const column of columns) {
      // Round 0 is the warm-up.
      if (round === 0 && column.fresh) continue;
      const effort = {
        seconds: round === 0 ? WARM_UP_SECONDS : options.seconds,
        idleConnections,
        windowKiB: options.windowKiB,
      };
      for (const subject of rotated(subjects, round)) {
        const running = column.fresh ? await fleet.start(subject, column.service) : fleet.get(subject, column.service);
        // It was left out.
        if (running === undefined) continue;
        const sample = await measureOne(column, running, load, effort);
        if (round > 0) results.get(column.key)?.get(subject.key)?.push(sample);
        const cost = sample.cost?.toFixed(column.digits) ?? "-";
        if (round > 0) say(`round ${round}/${options.rounds}  ${column.heading}  ${subject.name}: ${cost}`);
      }
    }
  }
  await fleet.stop();
  await load.stop();
  return { results, failures: fleet.failures };
}

async function measureOne(
  column: Column,
  running: Running,
  load: LoadClient,
  effort: Parameters<Column["measure"]>[2],
): Promise<Sample> {
  try {
    return await column.measure(running, load, effort);
  } catch (error) {
    throw new Error(`${column.key} failed through ${running.subject.name}`, { cause: error });
  } finally {
    if (column.fresh) await running.stop();
  }
}

/** Another one goes first each round, so that none always follows the same neighbour. */
function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const shift = by % items.length;
  return [...items.slice(shift), ...items.slice(0, shift)];
}

/** Returns the exit status. */
async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const options = parseOptions(args);
  if (options === undefined) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (process.platform !== "linux") throw new Error("The bench reads CPU time from /proc: it needs Linux");
  if (options.plan !== undefined) {
    const facts = { ...machineFacts(), repeat: ["bun run bench", ...args].join(" ") };
    const table = formatPlan(await measurePlan(options.binary, options.plan));
    process.stdout.write(`${table}\n\n${formatFacts(facts)}\n`);
    return 0;
  }
  const columns = COLUMNS.filter(({ key }) => options.columns.includes(key));
  const subjects = findSubjects(options);
  const { results, failures } = await measureAll(columns, subjects, options);
  const facts = {
    ...machineFacts(),
    method: `${options.rounds} rounds of ${options.seconds} s, interleaved, medians; one thread or worker each; window ${options.windowKiB} KiB; ${options.tuned ? "tuned buffers" : "as shipped"}`,
    repeat: ["bun run bench", ...args].join(" "),
  };
  process.stdout.write(`${formatTables(columns, subjects, results)}\n\n${formatFacts(facts)}\n`);
  if (options.json !== undefined) {
    const samples = Object.fromEntries([...results].map(([key, bySubject]) => [key, Object.fromEntries(bySubject)]));
    const names = Object.fromEntries(subjects.map(({ key, name }) => [key, name]));
    await Bun.write(options.json, `${JSON.stringify({ facts, options, names, samples }, undefined, 2)}\n`);
  }
  for (const failure of failures) say(`Not measured: ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

function formatFacts(facts: Readonly<Record<string, string>>): string {
  return Object.entries(facts)
    .map(([name, fact]) => `- ${name}: ${name === "repeat" ? `\`${fact}\`` : fact}`)
    .join("\n");
}

try {
  process.exit(await main());
} catch (error) {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  say(`Bench failed: ${message}${cause instanceof Error ? `: ${cause.message}` : ""}`);
  process.exit(1);
}
