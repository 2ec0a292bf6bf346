// Conditions of a status (meta/v1 Condition) as they are found out: when they last changed is for whoever shows them.

export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}
