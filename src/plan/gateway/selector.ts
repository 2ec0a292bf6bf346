// Whose objects may attach: by namespace, or by the labels of a namespace (meta/v1 LabelSelector).

import type { NamespacesFrom } from "../../resource/manifest/gateway.ts";
import type { LabelRequirement, LabelSelector } from "../../resource/manifest/manifest.ts";

export type Labels = Readonly<Record<string, string>>;

/** Whether objects of `namespace`, which has `labels`, may attach to something in `home`. Labels that are not known select nothing. */
export function allowsNamespace(
  { from, selector }: NamespacesFrom,
  home: string,
  namespace: string,
  labels: Labels | undefined,
): boolean {
  if (from === "All") return true;
  if (from === "Same") return namespace === home;
  // Without a selector there is nothing that could select anybody.
  return from === "Selector" && selector !== undefined && labels !== undefined && matchesSelector(selector, labels);
}

/** Whether labels are what a selector asks for; an empty one asks for nothing. */
function matchesSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value) &&
    matchExpressions.every((requirement) => meets(requirement, labels))
  );
}

function meets({ key, operator, values = [] }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  if (operator === "Exists") return value !== undefined;
  if (operator === "DoesNotExist") return value === undefined;
  const listed = value !== undefined && values.includes(value);
  // As Kubernetes has it, a label that is not there is not in any list.
  return operator === "In" ? listed : !listed;
}
