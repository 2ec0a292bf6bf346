// PostgreSQL clusters that tell each other apart, and an authority that everybody believes. A cluster accepts before it has
// started up; here it is waited for.

import { type Authority, makeAuthority } from "./authority.ts";
import { eventually } from "./eventually.ts";
import { type PostgresOptions, startPostgres } from "./postgres.ts";
import type { RealServer } from "./real-server.ts";

export interface PostgresScene extends AsyncDisposable {
  readonly authority: Authority;
  /** Starts a cluster that says its name when it is asked `show cluster_name`. */
  cluster(name: string, options?: PostgresOptions): Promise<RealServer>;
}

export async function setPostgresScene(): Promise<PostgresScene> {
  const stack = new AsyncDisposableStack();
  const authority = stack.use(await makeAuthority());
  return {
    authority,
    async cluster(name, options = {}) {
      const server = await startPostgres({ ...options, settings: { cluster_name: name, ...options.settings } });
      stack.use(server);
      await eventually(async () => (await server.log()).includes("ready to accept connections"));
      return server;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
