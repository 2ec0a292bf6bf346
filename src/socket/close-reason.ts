// Why a connection ended: one closed set of words, used unchanged in the access log, in metric labels and in the admin
// API (design 4, "Contract"). A reason is set where the cause is known, once, and never renamed.

/** Every reason, in the order of a connection's life. */
export const CLOSE_REASONS = [
  "done",
  "client-reset",
  "backend-reset",
  "idle",
  "half-close-timeout",
  "max-lifetime",
  "hello-timeout",
  "hello-too-large",
  "hello-malformed",
  "proxy-header-missing",
  "proxy-header-malformed",
  "tls-failed",
  "client-cert-invalid",
  "no-route",
  "denied-address",
  "denied-certificate",
  "denied-policy",
  "denied-rate",
  "denied-concurrency",
  "no-backend",
  "dial-refused",
  "dial-timeout",
  "dial-failed",
  "tunnel-lost",
  "killed",
  "drained",
  "shutdown",
  "internal",
] as const;

export type CloseReason = (typeof CLOSE_REASONS)[number];
