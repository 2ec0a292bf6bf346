// Backends as people read them: one row for each, or one for each of their addresses.

import { type Answer, NOTHING, numberOf, objectOf, objectsOf, textOf } from "./answer.ts";
import { type Column, formatTable, type Paint } from "./table.ts";

const EMPTY = "There are no such backends\n";

/** One row for each backend. */
export function formatBackends(items: readonly Answer[], paint: Paint): string {
  if (items.length === 0) return EMPTY;
  const columns: readonly Column<Answer>[] = [
    { title: "ROUTE", value: (row) => textOf(row, "route") },
    { title: "BACKEND", value: (row) => textOf(row, "backend") },
    stateColumn(paint),
    { title: "TARGETS", value: usableTargets, right: true },
    { title: "WEIGHT", value: (row) => textOf(row, "weight"), right: true },
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
    const names = { route: textOf(backend, "route"), backend: textOf(backend, "backend") };
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
    { title: "ACTIVE", value: (row) => textOf(row, "connectionsActive"), right: true },
    { title: "REASON", value: (row) => textOf(row, "reason", textOf(objectOf(row, "check"), "error", "")) },
  ];
  return formatTable(columns, rows, paint);
}

function stateColumn(paint: Paint): Column<Answer> {
  return {
    title: "STATE",
    value: (row) => textOf(row, "state"),
    paint: (text) => {
      if (text === "up") return paint.good(text);
      return text === "drained" || text === "full" ? paint.warn(text) : paint.bad(text);
    },
  };
}

/** `2/3`: addresses that take connections, and all of them. */
function usableTargets(row: Answer): string {
  const targets = objectsOf(row, "targets");
  if (targets.length === 0) return NOTHING;
  return `${targets.filter((target) => target["state"] === "up").length}/${targets.length}`;
}

/** Why it is as it is: what was measured, then what was set by hand. */
function reasonOf(row: Answer): string {
  const override = objectOf(row, "override");
  const measured = textOf(row, "reason", textOf(row, "lastError", ""));
  const weight = "weight" in override ? [`weight ${numberOf(override, "weight")} (by hand)`] : [];
  const state = "state" in override ? [`${textOf(override, "state")} (by hand)`] : [];
  return [...(measured === "" ? [] : [measured]), ...weight, ...state].join(", ");
}
