// `sallyport status`: the running gateway on one screen.

import type { Command } from "commander";
import { type Answer, numberOf, objectOf, textOf, textsOf } from "./answer.ts";
import type { Cli } from "./cli.ts";
import { clientCommand, type ClientFlags, openSession } from "./client-command.ts";
import { formatCount, formatDuration } from "./quantity.ts";
import { type Paint, printable } from "./table.ts";

/** A gateway that is alive but not ready answers /readyz with this. */
const NOT_READY = 503;

export function addStatusCommand(program: Command, cli: Cli): void {
  clientCommand(program, "status", "show the running gateway at a glance").action(async (flags: ClientFlags) => {
    const { client, paint, print } = await openSession(cli, flags);
    const status = await client.ask({ method: "GET", path: "/api/v1/status" });
    const ready = await client.ask({ method: "GET", path: "/readyz", accept: [NOT_READY] });
    const answer = { ...status.body, ready: ready.body["ready"] === true, reasons: textsOf(ready.body, "reasons") };
    print(answer, () => formatStatus(answer, paint));
  });
}

function formatStatus(answer: Answer, paint: Paint): string {
  const connections = objectOf(answer, "connections");
  const reload = objectOf(answer, "lastReload");
  const reloads = objectOf(answer, "reloads");
  const directories = textsOf(answer, "routeDirectories");
  const source = directories.length === 0 ? "the binary" : printable(directories.join(", "));
  const listeners = objectOf(answer, "listeners");
  const diagnostics = objectOf(answer, "diagnostics");
  const draining = answer["draining"] === true;
  const uptime = formatDuration(numberOf(answer, "uptimeSeconds") * 1000);
  const ready = answer["ready"] === true ? paint.good("yes") : paint.bad("no");
  const reasons = textsOf(answer, "reasons");
  const lines: readonly (readonly [string, string])[] = [
    ["Version", `${textOf(answer, "version")} on ${textOf(answer, "runtime")}, pid ${textOf(answer, "pid")}`],
    ["Uptime", `${uptime}, since ${textOf(answer, "startedAt")}`],
    ["Ready", ready],
    ...reasons.map((reason) => ["", printable(reason)] as const),
    ...(draining ? ([["Draining", paint.warn("yes, it exits when its connections have ended")]] as const) : []),
    [
      "Connections",
      `${textOf(connections, "active")} active, ${textOf(connections, "total")} in total, limit ${textOf(connections, "limit")}`,
    ],
    ["Routes", `${textOf(answer, "routes")} from ${source}`],
    ["Backends", backendsLine(objectOf(answer, "backends"))],
    ["Listeners", `${textOf(listeners, "total")}, of which ${textOf(listeners, "failed")} failed`],
    ...resourcesLine(objectOf(answer, "resources")),
    [
      "Diagnostics",
      `${formatCount(numberOf(diagnostics, "error"), "error")}, ${formatCount(numberOf(diagnostics, "warning"), "warning")}`,
    ],
    [
      "Last reload",
      `${textOf(reload, "result")} by ${textOf(reload, "trigger")} at ${textOf(reload, "at")}, generation ${textOf(answer, "generation")}`,
    ],
    [
      "Reloads",
      `${textOf(reloads, "ok")} ok, ${textOf(reloads, "partial")} partial, ${textOf(reloads, "unchanged")} unchanged`,
    ],
  ];
  return lines.map(([name, value]) => `${paint.bold(name.padEnd(12))}  ${value}\n`).join("");
}

/** Only where there are some: whoever writes routes in short does not know of them. */
function resourcesLine(resources: Answer): readonly (readonly [string, string])[] {
  if (numberOf(resources, "total") === 0) return [];
  return [
    ["Resources", `${textOf(resources, "total")}, of which ${textOf(resources, "notReady")} with something wrong`],
  ];
}

/** `12, of which 3 not up; 1 route without any`. */
function backendsLine(backends: Answer): string {
  const without = numberOf(backends, "routesWithout");
  const line = `${textOf(backends, "total")}, of which ${textOf(backends, "notUp")} not up`;
  return without === 0 ? line : `${line}; ${formatCount(without, "route")} without a usable one`;
}
