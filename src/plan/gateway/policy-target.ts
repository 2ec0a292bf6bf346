// What is to be said of a policy for one of its targets, whatever kind it is: whether the target is there, and whether an older
// policy has it.

import { nameOf } from "../../resource/manifest/manifest.ts";
import type { Policy, PolicyTarget } from "../../resource/manifest/policy.ts";
import type { ValuePath } from "../../resource/origin.ts";
import type { Catalog } from "./catalog.ts";
import type { Conditions } from "./conditions.ts";
import { describePolicy } from "./policies.ts";

/** Says what is wrong with a target; `older` is the policy that has it. */
export function judgeTarget(
  policy: Policy,
  target: PolicyTarget,
  older: Policy | undefined,
  catalog: Catalog,
  conditions: Conditions,
): void {
  const path = pathOfTarget(policy, target);
  const { namespace } = policy.metadata;
  const { kind, name, sectionName } = target;
  const missing = `There is no ${kind} "${namespace}/${name}": this target has no effect`;
  if (kind === "Service" && target.group === "") {
    const service = catalog.find("Service", namespace, name);
    if (service === undefined || service.spec.hasMistakes === true)
      conditions.fail("Accepted", "TargetNotFound", missing, path);
    else if (sectionName !== undefined && !service.spec.ports.some((port) => port.name === sectionName)) {
      const message = `Service "${nameOf(service)}" has no port with the name "${sectionName}": this target has no effect`;
      conditions.fail("Accepted", "TargetNotFound", message, [...path, "sectionName"]);
    }
  } else if (policy.kind !== "BackendTLSPolicy" && (kind === "Gateway" || kind === "ListenerSet")) {
    const object = catalog.find(kind, namespace, name);
    if (object === undefined) conditions.fail("Accepted", "TargetNotFound", missing, path);
    else if (sectionName !== undefined && !object.spec.listeners.some((listener) => listener.name === sectionName)) {
      const message = `${kind} "${nameOf(object)}" has no listener "${sectionName}": this target has no effect`;
      conditions.fail("Accepted", "TargetNotFound", message, [...path, "sectionName"]);
    }
  } else {
    const written = target.group === "" || kind !== "Service" ? kind : `${kind} of group "${target.group}"`;
    const message = `A target of kind ${written} is not supported: wanted is Service`;
    conditions.fail("Accepted", "Invalid", message, [...path, "kind"]);
  }
  if (older === undefined) return;
  conditions.fail("Accepted", "Conflicted", `${describePolicy(older)} comes first and has the same target`, path);
}

/** Where a target was written. */
export function pathOfTarget({ spec }: Policy, target: PolicyTarget): ValuePath {
  const targets: readonly PolicyTarget[] = spec.targetRefs;
  return ["spec", "targetRefs", targets.indexOf(target)];
}
