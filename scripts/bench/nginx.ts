// nginx with its stream module, one worker.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { searchPath, versionLine } from "./programs.ts";
import type { Setup, Subject } from "./subject.ts";

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
      const command = [program, "-p", setup.directory, "-e", "/dev/null", "-c", file];
      return { command, check: [...command, "-q", "-t"] };
    },
  };
}

/** What is said about TLS: outside and inside of the server, and where clients are sent. */
function tlsPart({ backendPort, tls }: Setup): { readonly outside: string; readonly inside: string; target: string } {
  const target = `127.0.0.1:${backendPort}`;
  switch (tls?.mode) {
    case undefined:
      return { outside: "", inside: "", target };
    case "terminate":
      return {
        outside: "",
        // Before 1.23.4 the newest protocol has to be asked for.
        inside: `ssl_certificate ${tls.certificateFile}; ssl_certificate_key ${tls.keyFile}; ssl_protocols TLSv1.2 TLSv1.3;`,
        target,
      };
    case "passthrough":
      return {
        outside: `upstream bench { server ${target}; } map $ssl_preread_server_name $target { ${tls.hostname} bench; }`,
        inside: "ssl_preread on;",
        target: "$target",
      };
  }
}

function configuration(setup: Setup, knowsHalfClose: boolean): string {
  const { port, connections, directory, tls, tuned } = setup;
  const { outside, inside, target } = tlsPart(setup);
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
    ${outside}
    server {
        listen 127.0.0.1:${port}${tls?.mode === "terminate" ? " ssl" : ""};
        ${inside}
        proxy_pass ${target};
        proxy_timeout 1h;
        ${knowsHalfClose ? "proxy_half_close on;" : ""}
        ${tuned ? "proxy_buffer_size 512k;" : ""}
    }
}
`;
}
