// Parts of standard statuses, as a gateway would answer them.

export function condition(type: string, status = "True", reason = type, message = ""): object {
  return { type, status, reason, message, observedGeneration: 1, lastTransitionTime: "2026-01-02T12:00:00Z" };
}

export function parentStatus(parentRef: object, conditions: readonly object[]) {
  return { parentRef, controllerName: "sallyport.dev/gateway", conditions };
}
