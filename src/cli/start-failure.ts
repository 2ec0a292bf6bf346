// Why a gateway could not start, as advice to the person who started it.

import type { GatewayOptions } from "../app/options.ts";
import { type Diagnostic, formatDiagnostic } from "../base/diagnostic.ts";
import { GatewayError } from "../base/gateway-error.ts";
import { formatAdminAddress } from "./admin-address.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { countDiagnostics } from "./diagnostics.ts";

/** What to tell; errors that nobody foresaw come back as they are. */
export function startFailure(error: unknown, options: GatewayOptions): unknown {
  if (!(error instanceof GatewayError)) return error;
  const { code, message } = error;
  if (code === "routes/refused") {
    const diagnostics = refusedDiagnostics(error);
    const lines = diagnostics.map((diagnostic) => `${formatDiagnostic(diagnostic)}\n`).join("");
    const counted = countDiagnostics(diagnostics) || message;
    return new CliError(EXIT.usage, `${lines}Cannot start with --strict: ${counted}`, error);
  }
  if (code === "routes/missing" || code === "status-dir/among-routes" || code.startsWith("geo/")) {
    return new CliError(EXIT.usage, message, error);
  }
  const admin = formatAdminAddress(options.admin);
  if (code === "EADDRINUSE") {
    const next = "another sallyport may be running: see `sallyport status`, or choose another address with --admin";
    return new CliError(EXIT.failed, `Cannot listen on ${admin}, it is in use: ${next}`, error);
  }
  if (code === "EADDRNOTAVAIL") {
    const next = "this machine has no such address: choose another with --admin";
    return new CliError(EXIT.failed, `Cannot listen on ${admin}, ${next}`, error);
  }
  if (code === "EACCES" || code === "EPERM") {
    const next = "this user may not: choose a port above 1023 or a directory of its own with --admin";
    return new CliError(EXIT.failed, `Cannot listen on ${admin}, ${next}`, error);
  }
  if (code.startsWith("status-dir/")) {
    return new CliError(EXIT.failed, `${message}: choose a place that this user can write with --status-dir`, error);
  }
  if (code.startsWith("state/")) {
    const next = `choose a place that this user can write with --state (now "${options.state}")`;
    return new CliError(EXIT.failed, `${message}: ${next}`, error);
  }
  if (code.startsWith("token/")) {
    return new CliError(EXIT.usage, `${message}: correct SALLYPORT_ADMIN_TOKEN, or unset it to have one made`, error);
  }
  return new CliError(EXIT.failed, `Cannot start: ${message} (${code})`, error);
}

/** RoutesRefused carries them; its class is not imported, because that would load the whole engine for every command. */
function refusedDiagnostics(error: GatewayError): readonly Diagnostic[] {
  return "diagnostics" in error && Array.isArray(error.diagnostics) ? error.diagnostics : [];
}
