// HAProxy in TCP mode on one thread.

import { join } from "node:path";
import { searchPath, versionLine } from "./programs.ts";
import type { Setup, Subject, TlsSetup } from "./subject.ts";

/** HAProxy as installed, or `undefined`. */
export function haproxy(): Subject | undefined {
  const version = versionLine(["haproxy", "-v"])?.match(/version (\d+\.\d+(?:\.\d+)?(?:-dev\d+)?)/)?.[1];
  if (version === undefined) return undefined;
  return {
    key: "haproxy",
    name: `HAProxy ${version}`,
    prepare: async (setup) => {
      const file = join(setup.directory, "haproxy.cfg");
      if (setup.tls?.mode === "terminate") await writeBundle(bundleFile(setup), setup.tls);
      await Bun.write(file, configuration(setup));
      const program = Bun.which("haproxy", { PATH: searchPath() }) ?? "haproxy";
      return { command: [program, "-db", "-f", file], check: [program, "-c", "-f", file] };
    },
  };
}

/** HAProxy reads a certificate and its key from one file. */
async function writeBundle(file: string, { certificateFile, keyFile }: TlsSetup): Promise<void> {
  const texts = await Promise.all([certificateFile, keyFile].map((part) => Bun.file(part).text()));
  await Bun.write(file, texts.join(""));
}

function bundleFile({ directory }: Setup): string {
  return join(directory, "bundle.pem");
}

/** The frontend, but for its name: where it listens, what it waits for and where clients go. */
function frontend(setup: Setup): string {
  const { port, tls } = setup;
  switch (tls?.mode) {
    case undefined:
      return `bind 127.0.0.1:${port}
    default_backend bench`;
    case "terminate":
      return `bind 127.0.0.1:${port} ssl crt ${bundleFile(setup)}
    default_backend bench`;
    case "passthrough":
      return `bind 127.0.0.1:${port}
    tcp-request inspect-delay 5s
    tcp-request content accept if { req_ssl_hello_type 1 }
    use_backend bench if { req_ssl_sni -i ${tls.hostname} }`;
  }
}

function configuration(setup: Setup): string {
  const { backendPort, connections, tuned } = setup;
  // tune.bufsize: 256 KiB, the size from which bulk transfers no longer gain. The cipher: HAProxy goes by its own wishes,
  // and those of OpenSSL begin with AES-256, while all others agree on what clients prefer.
  return `global
    nbthread 1
    maxconn ${connections}
    ${tuned ? "tune.bufsize 262144" : ""}
    ${setup.tls === undefined ? "" : "ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256"}
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
frontend bench
    ${frontend(setup)}
backend bench
    server bench 127.0.0.1:${backendPort}
`;
}
