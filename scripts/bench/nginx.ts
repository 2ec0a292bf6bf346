// nginx with its stream module, one worker.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { searchPath, versionLine, type Setup, type Subject } from "./subject.ts";

/** Where Debian puts the stream module; a build with the module inside needs none. */
const STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so";

/** nginx as installed, or `undefined`. */
export function nginx(): Subject | undefined {
  const version = versionLine(["nginx", "-v"])?.match(/nginx\/(\d+\.\d+\.\d+)/)?.[1];
  if (version === undefined) return undefined;
  return {
    key: "nginx",
    name: `nginx ${version}`,
    prepare: async (setup) => {
      const file = join(setup.directory, "nginx.conf");
      await Bun.write(file, configuration(setup, Bun.semver.order(version, "1.21.4") >= 0));
      const program = Bun.which("nginx", { PATH: searchPath() }) ?? "nginx";
      return { command: [program, "-p", setup.directory, "-e", "/dev/null", "-c", file] };
    },
  };
}

function configuration(setup: Setup, knowsHalfClose: boolean): string {
  const { port, backendPort, connections, directory, tuned } = setup;
  // A connection through nginx takes two of its worker_connections.
  return `${existsSync(STREAM_MODULE) ? `load_module ${STREAM_MODULE};` : ""}
daemon off;
worker_processes 1;
worker_rlimit_nofile ${2 * connections + 100};
pid ${join(directory, "nginx.pid")};
error_log /dev/null crit;
events {
    worker_connections ${2 * connections + 100};
}
stream {
    access_log off;
    server {
        listen 127.0.0.1:${port};
        proxy_pass 127.0.0.1:${backendPort};
        proxy_timeout 1h;
        ${knowsHalfClose ? "proxy_half_close on;" : ""}
        ${tuned ? "proxy_buffer_size 512k;" : ""}
    }
}
`;
}
