// Actions that ngrok has for HTTP alone, and what to use instead where there is something: people bring their policies along.

const CLOSE = 'Use "deny" or "close-connection"';
const WHO =
  'Use "restrict-ips", or with tls:// certificates of clients: "terminate-tls" with "mutual_tls_certificate_authorities"';
const FILTER = 'Use "restrict-ips", or "deny" with expressions';
const CLIENT = 'The client\'s address reaches a backend by a PROXY header: "proxyProtocolVersion" of an upstream';

/** By the type; an empty text where there is nothing. */
export const HTTP_ACTIONS: ReadonlyMap<string, string> = new Map([
  ["add-headers", CLIENT],
  ["remove-headers", ""],
  ["basic-auth", WHO],
  ["jwt-validation", WHO],
  ["oauth", WHO],
  ["oidc", WHO],
  ["openid-connect", WHO],
  ["saml", WHO],
  ["circuit-breaker", 'Use "forward-internal" with "on_error: continue", and another one after it'],
  ["compress-response", ""],
  ["custom-response", CLOSE],
  ["http-request", ""],
  ["owasp-crs-request", FILTER],
  ["owasp-crs-response", FILTER],
  ["redirect", 'Use "forward-internal"'],
  ["url-rewrite", ""],
  ["verify-webhook", FILTER],
  ["webhook-verification", FILTER],
]);
