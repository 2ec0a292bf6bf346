// The results as markdown: what each unit of work cost, as a ratio to the better peer, and beside it the figures that
// depend on the machine more than on the proxy.

import type { Column, Sample } from "./column.ts";
import { median, spread } from "./stats.ts";
import type { Subject } from "./subject.ts";

/** All samples, by column key and subject key. */
export type Results = ReadonlyMap<string, ReadonlyMap<string, readonly Sample[]>>;

/** Keys of the subjects that ratios are taken to. */
const PEERS: readonly string[] = ["haproxy", "nginx"];

/** What a guarded route may cost, as a ratio to a bare one of the same run. */
const GUARDED_GOAL = 1.1;

/** What a policy of five rules may cost each new connection, in µs of CPU. */
const POLICY_GOAL_MICROS = 20;
/** Keys of the columns whose unit of work is a new connection. */
const CONNECTIONS: readonly string[] = ["connect", "terminate-connect", "passthrough-connect"];

/** The tables: cost with ratios, guarded routes and those with a policy against bare ones, the second figures, how far apart the rounds were. */
export function formatTables(columns: readonly Column[], subjects: readonly Subject[], results: Results): string {
  const proxies = subjects.filter(({ prepare }) => prepare !== undefined);
  const costs = new Map(columns.map((column) => [column.key, medians(results, column, proxies, "cost")]));
  const costRow = (subject: Subject): string[] =>
    columns.map((column) => {
      const cost = costs.get(column.key)?.get(subject.key);
      const base = baseline(column, costs.get(column.key));
      if (cost === undefined) return "";
      return `${cost.toFixed(column.digits)}${base === undefined ? "" : ` (×${(cost / base).toFixed(2)})`}`;
    });
  const goals = columns.map(
    ({ goal }) => `≤ ×${goal.ratio.toFixed(2)} of ${goal.to === "HAProxy" ? "HAProxy" : "the better peer"}`,
  );
  const asideRow = (subject: Subject): string[] =>
    columns.map((column) => medians(results, column, [subject], "aside").get(subject.key)?.toFixed(2) ?? "");
  const spreadRow = (subject: Subject): string[] =>
    columns.map((column) => {
      const values = figures(results, column, subject, "cost");
      return values.length === 0 ? "" : `±${(50 * spread(values)).toFixed(0)} %`;
    });
  return [
    table(
      ["Cost of the proxy", ...columns.map(({ heading }) => heading)],
      [...proxies.map((subject) => [subject.name, ...costRow(subject)]), ["*goal for sallyport*", ...goals]],
    ),
    ...guardedTable(columns, costs),
    ...policyTable(columns, costs),
    ...perCpuSecondTable(columns, proxies, costs),
    table(
      ["On this machine", ...columns.map(({ asideHeading }) => asideHeading)],
      subjects.map((subject) => [subject.name, ...asideRow(subject)]),
    ),
    table(
      ["Spread of the rounds", ...columns.map(({ heading }) => heading)],
      proxies.map((subject) => [subject.name, ...spreadRow(subject)]),
    ),
  ].join("\n\n");
}

function guardedTable(columns: readonly Column[], costs: ReadonlyMap<string, ReadonlyMap<string, number>>): string[] {
  const ratios = columns.map(({ key }) => {
    const guarded = costs.get(key)?.get("sallyport-guarded");
    const bare = costs.get(key)?.get("sallyport");
    return guarded === undefined || bare === undefined ? undefined : guarded / bare;
  });
  if (ratios.every((ratio) => ratio === undefined)) return [];
  // The goal is about time; what an idle connection holds is told beside it.
  const goals = columns.map(({ key }) => (key === "idle" ? "" : `≤ ×${GUARDED_GOAL.toFixed(2)}`));
  const cells = ratios.map((ratio) => (ratio === undefined ? "" : `×${ratio.toFixed(2)}`));
  const head = ["Checks, limits, least connections", ...columns.map(({ heading }) => heading)];
  return [
    table(head, [
      ["to a bare route", ...cells],
      ["*goal*", ...goals],
    ]),
  ];
}

/** A policy is paid for once in a connection: so what counts is the difference, and not the ratio. */
function policyTable(columns: readonly Column[], costs: ReadonlyMap<string, ReadonlyMap<string, number>>): string[] {
  const counted = columns.flatMap(({ key, heading }) => {
    const policy = costs.get(key)?.get("sallyport-policy");
    const bare = costs.get(key)?.get("sallyport");
    if (policy === undefined || bare === undefined || !CONNECTIONS.includes(key)) return [];
    return [{ heading, more: policy - bare }];
  });
  if (counted.length === 0) return [];
  return [
    table(
      ["Policy of five rules", ...counted.map(({ heading }) => heading)],
      [
        ["more than a bare route", ...counted.map(({ more }) => more.toFixed(1))],
        ["*goal*", ...counted.map(() => `≤ ${POLICY_GOAL_MICROS}`)],
      ],
    ),
  ];
}

/** The costs that people count the other way round. */
function perCpuSecondTable(
  columns: readonly Column[],
  proxies: readonly Subject[],
  costs: ReadonlyMap<string, ReadonlyMap<string, number>>,
): string[] {
  const counted = columns.filter(({ perCpuSecond }) => perCpuSecond !== undefined);
  if (counted.length === 0) return [];
  const row = (subject: Subject): string[] =>
    counted.map(({ key }) => {
      const cost = costs.get(key)?.get(subject.key);
      return cost === undefined ? "" : (1e6 / cost).toFixed(0);
    });
  return [
    table(
      ["The other way round", ...counted.map(({ perCpuSecond = "" }) => perCpuSecond)],
      proxies.map((subject) => [subject.name, ...row(subject)]),
    ),
  ];
}

/** What a column's ratios are taken to: its lowest cost among the peers, or HAProxy's. */
function baseline({ goal }: Column, costs: ReadonlyMap<string, number> | undefined): number | undefined {
  const keys = goal.to === "HAProxy" && costs?.has("haproxy") === true ? ["haproxy"] : PEERS;
  const values = keys.flatMap((key) => costs?.get(key) ?? []);
  return values.length === 0 ? undefined : Math.min(...values);
}

function medians(
  results: Results,
  column: Column,
  subjects: readonly Subject[],
  figure: keyof Sample,
): Map<string, number> {
  const byKey = new Map<string, number>();
  for (const subject of subjects) {
    const values = figures(results, column, subject, figure);
    if (values.length > 0) byKey.set(subject.key, median(values));
  }
  return byKey;
}

function figures(results: Results, column: Column, subject: Subject, figure: keyof Sample): number[] {
  const samples = results.get(column.key)?.get(subject.key) ?? [];
  return samples.flatMap((sample) => sample[figure] ?? []);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, index) => (index === 0 ? "---" : "---:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
