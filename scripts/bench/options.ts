// The bench's flags, judged, with the command that repeats the run.

import { parseArgs } from "node:util";

/** What to measure and how long. */
export interface Options {
  readonly columns: readonly string[];
  readonly subjects: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly idleConnections: number;
  readonly windowKiB: number;
  readonly tuned: boolean;
  readonly binary: string;
  /** Routes of the plan that is compiled and changed, instead of all else; `undefined`: not. */
  readonly plan: number | undefined;
  /** Where to write all samples. */
  readonly json: string | undefined;
}

const PLAIN_COLUMNS: readonly string[] = ["bulk", "window", "request", "connect", "idle"];
const TLS_COLUMNS: readonly string[] = [
  "terminate-connect",
  "terminate-bulk",
  "passthrough-connect",
  "passthrough-bulk",
];
const OPTIONAL_COLUMNS: readonly string[] = ["terminate-window", "passthrough-window"];
const SUBJECTS: readonly string[] = ["sallyport", "haproxy", "nginx", "direct"];
const OPTIONAL_SUBJECTS: readonly string[] = ["relay", "sallyport-no-log", "sallyport-guarded", "sallyport-policy"];

/** What `--help` prints. */
export const USAGE = `bun run bench [flags]

  --columns LIST    of ${PLAIN_COLUMNS.join(",")} (default: these),
                    ${TLS_COLUMNS.join(",")},
                    ${OPTIONAL_COLUMNS.join(",")}
  --tls             the second line of columns instead of the first: TLS 1.3 ended by the proxy, and passed through by SNI
  --subject NAME    adds one of ${OPTIONAL_SUBJECTS.join(", ")}; repeatable
  --only LIST       of ${[...SUBJECTS, ...OPTIONAL_SUBJECTS].join(",")}: only these
  --no-log          the same as --subject sallyport-no-log
  --guarded         the same as --subject sallyport-guarded: health checks, limits, least connections; adds a table
  --policy          the same as --subject sallyport-policy: a traffic policy of five rules; adds a table
  --tuned           gives the peers large buffers (HAProxy 256 KiB, nginx 512 KiB)
  --rounds N        default 5
  --seconds S       for each measurement, default 2
  --idle N          idle connections, default 5000
  --window KIB      bytes on the way in the columns with a window, default 128: 10 Gbit/s at 0.1 ms, 1 Gbit/s at 1 ms
  --quick           two rounds of half a second, 1000 idle connections
  --plan            instead of all this: how long --routes TCPRoutes on as many listeners take to start, and one to change
  --routes N        default 5000
  --binary PATH     default dist/sallyport
  --json FILE       writes every sample
`;

/** Reads the flags; `undefined` for `--help`. Throws an Error that says what is wrong. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      columns: { type: "string" },
      tls: { type: "boolean", default: false },
      subject: { type: "string", multiple: true, default: [] },
      only: { type: "string" },
      "no-log": { type: "boolean", default: false },
      guarded: { type: "boolean", default: false },
      policy: { type: "boolean", default: false },
      tuned: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      idle: { type: "string" },
      window: { type: "string", default: "128" },
      quick: { type: "boolean", default: false },
      binary: { type: "string", default: "dist/sallyport" },
      plan: { type: "boolean", default: false },
      routes: { type: "string", default: "5000" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { quick } = values;
  const added = [...values.subject.flatMap(names), ...(values["no-log"] ? ["sallyport-no-log"] : [])];
  if (values.guarded) added.push("sallyport-guarded");
  if (values.policy) added.push("sallyport-policy");
  const subjects = values.only === undefined ? [...SUBJECTS, ...added] : names(values.only);
  const columns = values.tls ? TLS_COLUMNS : PLAIN_COLUMNS;
  return {
    columns: known("column", values.columns === undefined ? columns : names(values.columns), [
      ...PLAIN_COLUMNS,
      ...TLS_COLUMNS,
      ...OPTIONAL_COLUMNS,
    ]),
    subjects: known("subject", [...new Set(subjects)], [...SUBJECTS, ...OPTIONAL_SUBJECTS]),
    rounds: number("rounds", values.rounds ?? (quick ? "2" : "5"), 1, 100),
    seconds: number("seconds", values.seconds ?? (quick ? "0.5" : "2"), 0.1, 60),
    idleConnections: number("idle", values.idle ?? (quick ? "1000" : "5000"), 1, 20_000),
    windowKiB: number("window", values.window, 1, 1_000_000),
    tuned: values.tuned,
    binary: values.binary,
    plan: values.plan ? number("routes", values.routes, 8, 20_000) : undefined,
    json: values.json,
  };
}

function names(list: string): string[] {
  return list.split(",").filter((name) => name !== "");
}

function known(what: string, given: readonly string[], allowed: readonly string[]): readonly string[] {
  const wrong = given.find((name) => !allowed.includes(name));
  if (wrong !== undefined) throw new Error(`Unknown ${what} "${wrong}": expected one of ${allowed.join(", ")}`);
  return given;
}

function number(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!(value >= least && value <= most)) {
    throw new Error(`Cannot use --${flag} "${text}": expected a number from ${least} to ${most}`);
  }
  return value;
}
