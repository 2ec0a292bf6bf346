// The bare relay of `relay.ts` as a subject.

import type { Subject, TlsSetup } from "./subject.ts";

/** A relay on Bun without any features. */
export const bareRelay: Subject = {
  key: "relay",
  name: `bare relay, Bun ${Bun.version}`,
  prepare: ({ port, backendPort, tls }) =>
    Promise.resolve({
      command: [process.execPath, `${import.meta.dir}/relay.ts`, `${port}`, `${backendPort}`, ...tlsArguments(tls)],
    }),
};

function tlsArguments(tls: TlsSetup | undefined): string[] {
  if (tls === undefined) return [];
  return tls.mode === "terminate" ? [tls.mode, tls.certificateFile, tls.keyFile] : [tls.mode, tls.hostname];
}
