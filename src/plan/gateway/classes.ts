// Which Gateways are ours: those of a class whose controller we are. Two classes are there without being written, so that a lone
// Gateway works.

import type { GatewayClass } from "../../resource/manifest/gateway.ts";
import type { Catalog } from "./catalog.ts";
import { Conditions } from "./conditions.ts";

export const CONTROLLER_NAME = "sallyport.dev/gateway-controller";
/** Ours, and the one whose manifests people bring with them. */
const CONTROLLERS: ReadonlySet<string> = new Set([CONTROLLER_NAME, "ngrok.com/gateway-controller"]);
const BUILT_IN: ReadonlySet<string> = new Set(["sallyport", "ngrok"]);

/** Features of the standard that are all there (GatewayClassStatus.supportedFeatures), in order. */
export const SUPPORTED_FEATURES = [
  "BackendTLSPolicy",
  "BackendTLSPolicySANValidation",
  "Gateway",
  "GatewayAddressEmpty",
  "GatewayBackendClientCertificate",
  "GatewayFrontendClientCertificateValidation",
  "GatewayFrontendClientCertificateValidationInsecureFallback",
  "GatewayPort8080",
  "GatewayStaticAddresses",
  "ListenerSet",
  "ReferenceGrant",
  "TCPRoute",
  "TLSRoute",
  "TLSRouteModeMixed",
  "TLSRouteModeTerminate",
] as const;

/** A class that is ours, or why a class is not. */
export type ClassFinding =
  | { readonly controllerName: string }
  | { readonly severity: "warning" | "notice"; readonly code: string; readonly message: string };

/** What a Gateway's class says of whose it is. */
export function findClass(name: string, catalog: Catalog): ClassFinding {
  const written = catalog.find("GatewayClass", "", name);
  if (written === undefined) {
    if (BUILT_IN.has(name)) return { controllerName: CONTROLLER_NAME };
    const message = `There is no GatewayClass "${name}": write "sallyport", or a class with controllerName ${CONTROLLER_NAME}`;
    return { severity: "warning", code: "gateway/no-class", message };
  }
  const { controllerName } = written.spec;
  if (!isOurs(written)) {
    const message = `GatewayClass "${name}" belongs to ${controllerName}: the Gateway is left to it`;
    return { severity: "notice", code: "gateway/other-controller", message };
  }
  if (judgeClass(written).failed("Accepted")) {
    const message = `GatewayClass "${name}" is not accepted: see what is said of it`;
    return { severity: "warning", code: "gateway/class-not-accepted", message };
  }
  return { controllerName };
}

/** Whether a class has a status of ours. */
export function isOurs({ spec }: GatewayClass): boolean {
  return CONTROLLERS.has(spec.controllerName);
}

/** What is to be said of a class that is ours. */
export function judgeClass({ spec }: GatewayClass): Conditions {
  const conditions = new Conditions();
  if (spec.parametersRef !== undefined) {
    const message = "Parameters are not supported: leave parametersRef out";
    conditions.fail("Accepted", "InvalidParameters", message, ["spec", "parametersRef"]);
  }
  conditions.hold("Accepted", "Accepted", "The class is handled by this gateway");
  conditions.hold("SupportedVersion", "SupportedVersion", "Gateway API v1.6 is supported");
  return conditions;
}
