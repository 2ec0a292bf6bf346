// The composition root: state, engine, reloader, watcher and admin port put together, and taken apart again in order.

import { existsSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { createAdmin } from "../admin/app.ts";
import { adminReach } from "../admin/reach.ts";
import type { AdminView, ReloadResult } from "../admin/view.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import { GatewayError } from "../base/gateway-error.ts";
import { GeoFiles } from "../config/geo-files.ts";
import { type SourceWatch, watchSources } from "../config/watch.ts";
import { Engine } from "../engine/engine.ts";
import { serverLookUp } from "../engine/resolve/look-up.ts";
import type { SocketAddress } from "../runtime/runtime.ts";
import { AddressRegister } from "./address-register.ts";
import { AddressSpace } from "./address-space.ts";
import { openAddressStore } from "./address-store.ts";
import { AddressBook } from "./addresses.ts";
import { loadAdminToken } from "./admin-token.ts";
import { openAllotments } from "./allotments.ts";
import { CertificateExpiry } from "./certificate-expiry.ts";
import { openDocumentStore } from "./documents.ts";
import { openLedger } from "./ledger.ts";
import type { LoadedPlan } from "./load.ts";
import type { GatewayOptions } from "./options.ts";
import { openOverrideStore } from "./overrides.ts";
import { Reloader } from "./reloader.ts";
import { runningListeners } from "./running-listeners.ts";
import { lockState } from "./state-lock.ts";
import { StatusBoard } from "./status-board.ts";
import { openStatusDirectory } from "./status-directory.ts";
import { createView } from "./view.ts";

/** A running gateway. */
export interface Gateway extends AsyncDisposable {
  /** Where the admin port is bound, with the real port. */
  readonly admin: SocketAddress;
  readonly view: AdminView;
  /** Reads the routes and geo databases again, for a signal. */
  reload(): Promise<ReloadResult>;
  /** Stops accepting, lets connections end within the drain timeout, then stops. Resolves when all is released. */
  drain(): Promise<void>;
  /** Aborts everything at once and releases all. */
  stop(): Promise<void>;
  /** Resolves when the gateway has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
}

/** The routes have errors, and `strict` was asked for. Its code is `routes/refused`. */
export class RoutesRefused extends GatewayError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super("routes/refused", "Cannot start with errors in the routes: --strict was given");
    this.diagnostics = diagnostics;
  }
}

/**
 * Starts a gateway; resolves when every listener was tried and the admin port answers. Throws GatewayError, and leaves
 * nothing open then: RoutesRefused (strict), `routes/missing`, `geo/…`, an errno name (admin port), `state/…`, `token/…`.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const cleanup = new AsyncDisposableStack();
  try {
    return await openGateway(options, cleanup);
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}

async function openGateway(options: GatewayOptions, cleanup: AsyncDisposableStack): Promise<Gateway> {
  const { runtime, log, routes: directories, embedded, bind, dns } = options;

  // At start a path that is not there is a typing mistake; later on it may come and go.
  const missing = directories.find((path) => !existsSync(path));
  if (missing !== undefined) {
    throw new GatewayError(
      "routes/missing",
      `Cannot read routes from "${missing}": there is no such file or directory`,
    );
  }
  const { geoDatabases = [] } = options;
  const geo = geoDatabases.length === 0 ? null : await GeoFiles.open(geoDatabases);
  await makeDirectory(dirname(options.state));
  const token = await loadAdminToken(options.state, options.adminToken);
  if (token.repaired) {
    log.write(
      "warn",
      "token-exposed",
      `Others could read the admin token: ${token.file} has mode 0600 now, replace it`,
    );
  }
  const where = token.file === undefined ? "given by the environment" : token.file;
  log.write("info", "state", `State in ${options.state}, admin token ${where}`, { state: options.state });
  const lock = lockState(runtime, options.state);
  cleanup.defer(() => lock[Symbol.dispose]());
  const database = runtime.openDatabase(options.state);
  cleanup.defer(() => database.close());
  // Stored documents may say more than others should read. A file of another user's stays as it is.
  await chmod(options.state, 0o600).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    log.write("warn", "state-exposed", `Cannot hide the state file "${options.state}" from others: ${why}`);
  });
  const store = openDocumentStore(database);
  const overrides = openOverrideStore(database);

  const engine = new Engine({ runtime, log, geo, ...(dns.length === 0 ? {} : { lookUp: serverLookUp(dns) }) });
  cleanup.defer(() => engine.stop());
  // Before any plan: no connection may go where somebody has closed the way.
  for (const override of overrides.list()) engine.setOverride(override);
  const expiry = cleanup.use(new CertificateExpiry({ log }));
  let watch: SourceWatch | null = null;
  const { statusDir } = options;
  const directory =
    statusDir === undefined
      ? undefined
      : cleanup.use(await openStatusDirectory({ directory: statusDir, routes: directories, log }));
  const board = cleanup.use(new StatusBoard(engine, directory));
  const onApplied = (loaded: LoadedPlan): void => {
    expiry.follow(loaded.plan);
    board.follow(loaded);
    watch?.alsoWatch(loaded.watched);
  };
  const ledger = openLedger(database, log);
  const { tcpHosts, tcpPorts, clusterDomain } = options;
  const gatewayApi = { tcpHosts, tcpPorts, ...(clusterDomain === undefined ? {} : { clusterDomain }) };
  const register = new AddressRegister(new AddressSpace(options), () => runningListeners(engine.snapshot().listeners));
  const addresses = new AddressBook(openAddressStore(database), register, log);
  const allotments = openAllotments(database, register, log);
  const kept = { ledger, allotments, hasGeo: geo !== null };
  const reloader = new Reloader({ engine, store, log, directories, embedded, bind, gatewayApi, ...kept, onApplied });
  // A reload that is under way needs the database: it is waited for.
  cleanup.defer(() => reloader.settled());
  if (options.strict) {
    const diagnostics = await reloader.preview();
    if (diagnostics.some(({ severity }) => severity === "error")) throw new RoutesRefused(diagnostics);
  }
  const { promise: stopped, resolve: haveStopped } = Promise.withResolvers<void>();
  let ending: Promise<void> | null = null;
  const end = (how: () => Promise<void>): Promise<void> => {
    ending ??= how()
      .then(() => cleanup.disposeAsync())
      .finally(() => {
        log.write("info", "stopped", "Stopped");
        haveStopped();
      });
    return ending;
  };
  const drain = (): Promise<void> => {
    if (ending === null) log.write("info", "drain", "Draining: no new connections, open ones may finish");
    return end(() => engine.drain(options.drainTimeoutMs));
  };
  const stores = { store, overrides, addresses };
  const reload = async (trigger: "api" | "signal"): Promise<ReloadResult> => {
    await refreshGeo(geo, log);
    return reloader.reload(trigger);
  };
  const steps = { reload: () => reload("api"), drain: () => void drain() };
  const view = createView({ options, engine, reloader, ...stores, board, ...steps });

  const app = createAdmin(view, {
    token: token.token,
    reach: adminReach(options.admin),
    onError: (error) => log.write("error", "internal", error.message, { stack: error.stack }),
  });
  // Before any route: where the admin port is taken, another gateway is likely to be running with the same routes.
  const server = await runtime.serve(options.admin, (request) => app.fetch(request));
  cleanup.defer(() => server.stop());
  const reloadFiles = (): void => {
    reloader.reload("files").catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      log.write("error", "reload-failed", `Cannot reload: ${message}`);
    });
  };
  // Without directories too: routes from elsewhere may refer to certificates in files.
  watch = watchSources(directories, reloadFiles, {
    onError: (error) => log.write("warn", "watch-failed", `${error.message}; looking every ten seconds instead`),
  });
  cleanup.defer(() => watch?.close());
  // A change between the first look and the first load would otherwise be missed.
  await watch.ready;
  await reloader.reload("start");
  const admin = "unix" in options.admin ? options.admin : { host: options.admin.host, port: server.port };
  const stop = async (): Promise<void> => {
    await engine.stop();
    await end(() => Promise.resolve());
  };
  return { admin, view, reload: () => reload("signal"), drain, stop, stopped, [Symbol.asyncDispose]: stop };
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError("state/directory", `Cannot make the directory "${path}" for the state file: ${why}`, cause);
  }
}

/** Files that were asked for by hand: nobody watches databases of a hundred megabytes. */
async function refreshGeo(geo: GeoFiles | null, log: GatewayOptions["log"]): Promise<void> {
  if (geo === null) return;
  const { replaced, problems } = await geo.refresh();
  for (const path of replaced) log.write("info", "geo-replaced", `The geo database "${path}" was read again`, { path });
  for (const { code, message } of problems) {
    log.write("warn", "geo-kept", `${message}; it is used as it was before`, { code });
  }
}
