// A filter by a name that does not exist is a typing mistake, and "nothing matched" would hide it.

import { suggest } from "../base/suggest.ts";
import type { AdminClient } from "./admin-client.ts";
import { textOf } from "./answer.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { readList } from "./list-command.ts";

/** For a filter that matched nothing: throws CliError when no route has this name, or none has this backend. */
export async function refuseUnknownName(
  client: AdminClient,
  { route, backend }: { readonly route?: string | undefined; readonly backend?: string | undefined },
): Promise<void> {
  if (route !== undefined) await refuseMissing(client, "route", "name", route);
  if (backend !== undefined) await refuseMissing(client, "backend", "backend", backend);
}

async function refuseMissing(client: AdminClient, what: "route" | "backend", key: string, wanted: string) {
  const known = (await readList(client, `/api/v1/${what}s`)).map((item) => textOf(item, key));
  if (known.includes(wanted)) return;
  const near = suggest(wanted, known);
  const help = near === undefined ? `see \`sallyport ${what}s\`` : `did you mean "${near}"?`;
  throw new CliError(EXIT.failed, `There is no ${what} "${wanted}": ${help}`);
}
