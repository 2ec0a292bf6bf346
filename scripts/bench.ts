// `bun run bench`: what a unit of work costs the compiled binary, HAProxy and nginx, over loopback, in one interleaved
// run; see `bench/options.ts` for the flags. CPU time per unit of work is what is compared: it is far steadier than
// throughput where the load shares the cores with the proxy.

import { bareRelay } from "./bench/bare-relay.ts";
import { bulk, windowed } from "./bench/bulk.ts";
import type { Column, Sample } from "./bench/column.ts";
import { connect } from "./bench/connect.ts";
import { direct } from "./bench/direct.ts";
import { haproxy } from "./bench/haproxy.ts";
import { idle } from "./bench/idle.ts";
import { LoadClient } from "./bench/load-client.ts";
import { connectionBudget, machineFacts } from "./bench/machine.ts";
import { nginx } from "./bench/nginx.ts";
import { type Options, parseOptions, USAGE } from "./bench/options.ts";
import { request } from "./bench/request.ts";
import { sallyport } from "./bench/sallyport.ts";
import { type Running, startSubject, type Subject } from "./bench/subject.ts";
import { formatTables } from "./bench/table.ts";

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

async function measureAll(columns: readonly Column[], subjects: readonly Subject[], options: Options) {
  const results = new Map(columns.map(({ key }) => [key, new Map(subjects.map((s) => [s.key, new Array<Sample>()]))]));
  const idleConnections = connectionBudget(options.idleConnections);
  if (idleConnections < options.idleConnections) say(`Only ${idleConnections} idle connections: descriptor limit`);
  const load = new LoadClient();
  const start = async (subject: Subject): Promise<Running> => {
    const { units: backendPort } = await load.order({ do: "backend" });
    // Some room above what is held: readiness probes, connections still closing.
    return startSubject(subject, { backendPort, connections: idleConnections + 500, tuned: options.tuned });
  };
  const long = columns.some(({ fresh }) => !fresh) ? await startAll(subjects, start) : new Map<string, Running>();
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
        const running = long.get(subject.key);
        const sample = await measureOne(column, subject, column.fresh ? await start(subject) : running, load, effort);
        if (round > 0) results.get(column.key)?.get(subject.key)?.push(sample);
        const cost = sample.cost?.toFixed(column.digits) ?? "-";
        if (round > 0) say(`round ${round}/${options.rounds}  ${column.heading}  ${subject.name}: ${cost}`);
      }
    }
  }
  for (const running of long.values()) await running.stop();
  await load.stop();
  return results;
}

async function measureOne(
  column: Column,
  subject: Subject,
  running: Running | undefined,
  load: LoadClient,
  effort: Parameters<Column["measure"]>[2],
): Promise<Sample> {
  if (running === undefined) throw new Error(`${subject.name} is not running`);
  try {
    return await column.measure(running, load, effort);
  } catch (error) {
    throw new Error(`${column.key} failed through ${subject.name}`, { cause: error });
  } finally {
    if (column.fresh) await running.stop();
  }
}

async function startAll(subjects: readonly Subject[], start: (subject: Subject) => Promise<Running>) {
  const running = new Map<string, Running>();
  for (const subject of subjects) running.set(subject.key, await start(subject));
  return running;
}

/** Another one goes first each round, so that none always follows the same neighbour. */
function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const shift = by % items.length;
  return [...items.slice(shift), ...items.slice(0, shift)];
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const options = parseOptions(args);
  if (options === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  if (process.platform !== "linux") throw new Error("The bench reads CPU time from /proc: it needs Linux");
  const columns = [bulk, windowed, request, connect, idle].filter(({ key }) => options.columns.includes(key));
  const subjects = findSubjects(options);
  const results = await measureAll(columns, subjects, options);
  const facts = {
    ...machineFacts(),
    method: `${options.rounds} rounds of ${options.seconds} s, interleaved, medians; one thread or worker each; window ${options.windowKiB} KiB; ${options.tuned ? "tuned buffers" : "as shipped"}`,
    repeat: ["bun run bench", ...args].join(" "),
  };
  const lines = Object.entries(facts).map(([name, fact]) => `- ${name}: ${name === "repeat" ? `\`${fact}\`` : fact}`);
  process.stdout.write(`${formatTables(columns, subjects, results)}\n\n${lines.join("\n")}\n`);
  if (options.json !== undefined) {
    const samples = Object.fromEntries([...results].map(([key, bySubject]) => [key, Object.fromEntries(bySubject)]));
    const names = Object.fromEntries(subjects.map(({ key, name }) => [key, name]));
    await Bun.write(options.json, `${JSON.stringify({ facts, options, names, samples }, undefined, 2)}\n`);
  }
}

try {
  await main();
  process.exit(0);
} catch (error) {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  say(`Bench failed: ${message}${cause instanceof Error ? `: ${cause.message}` : ""}`);
  process.exit(1);
}
