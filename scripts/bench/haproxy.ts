// HAProxy in TCP mode on one thread.

import { join } from "node:path";
import { searchPath, versionLine, type Setup, type Subject } from "./subject.ts";

/** HAProxy as installed, or `undefined`. */
export function haproxy(): Subject | undefined {
  const version = versionLine(["haproxy", "-v"])?.match(/version (\d+\.\d+(?:\.\d+)?(?:-dev\d+)?)/)?.[1];
  if (version === undefined) return undefined;
  return {
    key: "haproxy",
    name: `HAProxy ${version}`,
    prepare: async (setup) => {
      const file = join(setup.directory, "haproxy.cfg");
      await Bun.write(file, configuration(setup));
      return {
        command: [Bun.which("haproxy", { PATH: searchPath() }) ?? "haproxy", "-db", "-f", file],
      };
    },
  };
}

function configuration({ port, backendPort, connections, tuned }: Setup): string {
  // tune.bufsize: 256 KiB, the size from which bulk transfers no longer gain.
  return `global
    nbthread 1
    maxconn ${connections}
    ${tuned ? "tune.bufsize 262144" : ""}
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
frontend bench
    bind 127.0.0.1:${port}
    default_backend bench
backend bench
    server bench 127.0.0.1:${backendPort}
`;
}
