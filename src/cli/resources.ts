// `sallyport resources`: documents with `apiVersion` and `kind` and what became of them, in the manner of `kubectl get`.

import { type Command, Option } from "commander";
import { kindLike, kindNamed, RESOURCE_KINDS } from "../admin/resource-kinds.ts";
import type { Answer } from "./answer.ts";
import type { Cli } from "./cli.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { clientCommand, type ClientFlags, openSession } from "./client-command.ts";
import { readList } from "./list-command.ts";
import { formatResources } from "./resource-table.ts";

const FORMATS = ["wide", "yaml", "json"] as const;

interface ResourcesFlags extends ClientFlags {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly output?: (typeof FORMATS)[number];
}

/** What was asked for; kinds as they are called. */
interface Wanted {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** As many as a page may have. */
const PAGE = "1000";

export function addResourcesCommand(program: Command, cli: Cli): void {
  clientCommand(program, "resources", "list Gateways, TCPRoutes and other resources with their status")
    .argument("[kind]", "as kubectl calls it: gateways, gtw, tcproute, svc …; or KIND/NAME")
    .argument("[name]", "only the one with this name")
    .option("-n, --namespace <namespace>", "only of this namespace; - for those in none")
    .option("-A, --all-namespaces", "of all namespaces, which is the default")
    .addOption(new Option("-o, --output <format>", "wide, or whole objects as yaml or json").choices(FORMATS))
    .action(async (kind: string | undefined, name: string | undefined, flags: ResourcesFlags) => {
      const wanted = wantedBy(kind, name, flags);
      const { client, paint, print } = await openSession(cli, flags);
      const items = await readList(client, "/api/v1/resources", { ...wanted, limit: PAGE });
      if (wanted.name !== undefined && items.length === 0) {
        throw new CliError(EXIT.failed, `There is no ${describe(wanted)}; see \`sallyport resources\``);
      }
      const { output } = flags;
      if (output === "yaml" || output === "json") {
        const only = wanted.name !== undefined && items.length === 1 ? items[0] : undefined;
        cli.out(await formatObjects(only ?? { apiVersion: "v1", kind: "List", items }, output));
        return;
      }
      print({ items, next: null }, () =>
        items.length === 0
          ? `There are no ${describe(wanted)}\n`
          : formatResources(items, { paint, wide: output === "wide", now: Date.now() }),
      );
    });
}

function wantedBy(first: string | undefined, second: string | undefined, flags: ResourcesFlags): Wanted {
  const { namespace } = flags;
  if (namespace !== undefined && flags.allNamespaces === true) {
    throw new CliError(EXIT.usage, "Cannot list one namespace and all of them: give --namespace or --all-namespaces");
  }
  if (namespace === "") throw new CliError(EXIT.usage, "Cannot list an empty namespace: it would match nothing");
  if (flags.json === true && flags.output !== undefined && flags.output !== "json") {
    throw new CliError(EXIT.usage, `Cannot print both JSON and ${flags.output}: give --json or --output`);
  }
  const within = namespace === undefined ? {} : { namespace };
  if (first === undefined) return within;
  const slash = first.indexOf("/");
  const written = slash === -1 ? first : first.slice(0, slash);
  const after = slash === -1 ? undefined : first.slice(slash + 1);
  if (after !== undefined && second !== undefined) {
    throw new CliError(EXIT.usage, `Cannot use a name twice: give "${first}" or "${written} ${second}"`);
  }
  const name = after ?? second;
  if (name === "")
    throw new CliError(EXIT.usage, `Cannot list by an empty name: give KIND/NAME, as in ${written}/NAME`);
  return { kind: kindOf(written), ...within, ...(name === undefined ? {} : { name }) };
}

function kindOf(written: string): string {
  const kind = kindNamed(written);
  if (kind !== undefined) return kind;
  const near = kindLike(written);
  const help = near === undefined ? `there are ${RESOURCE_KINDS.join(", ")}` : `did you mean ${near}?`;
  throw new CliError(EXIT.usage, `There is no kind of resource called "${written}": ${help}`);
}

/** `TCPRoute "orders" in namespace "a"`, `resources`. */
function describe({ kind, namespace, name }: Wanted): string {
  const what =
    kind === undefined ? "resources" : name === undefined ? `resources of kind ${kind}` : `${kind} "${name}"`;
  if (namespace === undefined) return what;
  return namespace === "-" ? `${what} without a namespace` : `${what} in namespace "${namespace}"`;
}

async function formatObjects(value: Answer, format: "yaml" | "json"): Promise<string> {
  if (format === "json") return `${JSON.stringify(value, null, 2)}\n`;
  // Imported when needed: it costs as much time as all else that starts.
  const { formatYaml } = await import("../config/yaml-text.ts");
  return formatYaml(value);
}
