// Backends as people read them: one row for each, or one for each of their addresses.

import { type Answer, NOTHING, numberOf, objectOf, objectsOf, textOf } from "./answer.ts";
import { type Column, formatTable, type Paint } from "./table.ts";

/** States that nobody has to repair at once. */
const WARNING: ReadonlySet<string> = new Set(["failing", "drained", "full"]);
const BY_HAND: ReadonlyMap<string, string> = new Map([
  ["up", "kept up by hand"],
  ["drain", "drained by hand"],
  ["down", "taken down by hand"],
]);
const EMPTY = "There are no such backends\n";

/** One row for each backend. */
export function formatBackends(items: readonly Answer[], paint: Paint): string {
  if (items.length === 0) return EMPTY;
  const columns: readonly Column<Answer>[] = [
    { title: "ROUTE", value: (row) => textOf(row, "route") },
    ...poolColumns(items),
    { title: "BACKEND", value: (row) => textOf(row, "backend") },
    stateColumn(paint),
    { title: "TARGETS", value: usableTargets, right: true },
    { title: "WEIGHT", value: weightOf, right: true },
    { title: "ACTIVE", value: (row) => textOf(row, "connectionsActive"), right: true },
    { title: "TOTAL", value: (row) => textOf(row, "connectionsTotal"), right: true },
    { title: "FAILURES", value: (row) => textOf(row, "dialFailures"), right: true },
    { title: "REASON", value: reasonOf },
  ];
  return formatTable(columns, items, paint);
}

/** One row for each address of each backend; a backend without any says so in a row of its own. */
export function formatTargets(items: readonly Answer[], paint: Paint): string {
  if (items.length === 0) return EMPTY;
  const rows = items.flatMap((backend): readonly Answer[] => {
    const names = { route: backend["route"], backend: backend["backend"], backup: backend["backup"] };
    const targets = objectsOf(backend, "targets");
    if (targets.length === 0) return [{ ...names, state: backend["state"], reason: reasonOf(backend) }];
    return targets.map((target) => ({ ...target, ...names }));
  });
  const columns: readonly Column<Answer>[] = [
    { title: "ROUTE", value: (row) => textOf(row, "route") },
    { title: "BACKEND", value: (row) => textOf(row, "backend") },
    { title: "ADDRESS", value: (row) => textOf(row, "address") },
    stateColumn(paint),
    { title: "CHECK", value: (row) => textOf(objectOf(row, "check"), "status") },
    { title: "WEIGHT", value: weightOf, right: true },
    { title: "ACTIVE", value: (row) => textOf(row, "connectionsActive"), right: true },
    { title: "TOTAL", value: (row) => textOf(row, "connectionsTotal"), right: true },
    { title: "FAILURES", value: (row) => textOf(row, "dialFailures"), right: true },
    { title: "REASON", value: (row) => textOf(row, "reason", textOf(objectOf(row, "check"), "error", "")) },
  ];
  return formatTable(columns, rows, paint);
}

/** Weights of backends count within their pool, whose own share is in the table of routes. */
function poolColumns(items: readonly Answer[]): readonly Column<Answer>[] {
  return items.some((row) => "pool" in row) ? [{ title: "POOL", value: (row) => textOf(row, "pool") }] : [];
}

function stateColumn(paint: Paint): Column<Answer> {
  return {
    title: "STATE",
    value: (row) => textOf(row, "state"),
    paint: (text) => {
      if (text === "up") return paint.good(text);
      return WARNING.has(text) ? paint.warn(text) : paint.bad(text);
    },
  };
}

/** `2/3`: addresses that work, and all of them; `2/3, 1 full` when one of them has as many connections as it may. */
function usableTargets(row: Answer): string {
  const targets = objectsOf(row, "targets");
  if (targets.length === 0) return NOTHING;
  const full = targets.filter((target) => target["state"] === "full").length;
  const usable = targets.filter((target) => target["state"] === "up").length + full;
  const share = `${usable}/${targets.length}`;
  if (full === 0) return share;
  return full === usable ? `${share} full` : `${share}, ${full} full`;
}

/** Its share, and whether that is one among the backups. */
function weightOf(row: Answer): string {
  const weight = row["weight"];
  // A share that grows step by step has more digits than anybody reads.
  const share = typeof weight === "number" ? String(Math.round(weight * 100) / 100) : textOf(row, "weight");
  return row["backup"] === true ? `${share} backup` : share;
}

/** Why it is as it is: what was measured, then what was set by hand, which may be all there is to say. */
function reasonOf(row: Answer): string {
  const override = objectOf(row, "override");
  const byHand: string[] = [];
  const state = textOf(override, "state", "");
  if (state !== "") byHand.push(BY_HAND.get(state) ?? `${state} by hand`);
  if ("weight" in override) byHand.push(`weight ${numberOf(override, "weight")} by hand`);
  const measured = isByHand(row) ? "" : textOf(row, "reason", textOf(row, "lastError", ""));
  if (measured !== "") return [measured, ...byHand].join(", ");
  const told = byHand.join(", ");
  return told.charAt(0).toUpperCase() + told.slice(1);
}

/** Whether its state is what was set by hand, so that its reason would only say so again. */
function isByHand(row: Answer): boolean {
  const override = objectOf(row, "override");
  if (row["state"] === "drained") return override["state"] === "drain" || override["weight"] === 0;
  return row["state"] === "down" && override["state"] === "down";
}
