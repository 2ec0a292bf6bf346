// Keys that people write in a place where they are not, or by a name that others use: what to write instead. To guess from
// the spelling alone would lead astray.

/** Names of the key `hostnames` elsewhere. */
const HOSTNAMES = ["hostname", "host", "hosts", "sni", "snis", "serverName", "serverNames", "domains", "names"];
const AS_HOSTNAMES = 'Write it as "hostnames" under "tls"';

/** Path of the key with dots → what to write. */
export const MISPLACED_KEYS: ReadonlyMap<string, string> = new Map([
  ...["", "match."].flatMap((place) => [
    ...["hostnames", ...HOSTNAMES].map((key): [string, string] => [place + key, AS_HOSTNAMES]),
    ...["certificate", "key", "minVersion", "clientAuth"].map((key): [string, string] => [
      place + key,
      'Write it under "tls"',
    ]),
  ]),
  ...HOSTNAMES.map((key): [string, string] => [`tls.${key}`, 'Write it as "hostnames"']),
  ["cert", 'Write it as "certificate" under "tls"'],
  ["mode", 'Write it under "tls"'],
  ["alpn", 'Write it under "match" to choose clients by it, under "tls" to agree to it'],
  ["sources", 'Write it under "match"'],
  ["clientCert", 'Write it under "match"'],
  ["match.tls", 'Write "tls" beside "match"'],
  ["tls.cert", 'Write it as "certificate"'],
  ["tls.clientCert", 'Write it under "match" to choose clients by it, as "clientAuth" to ask for one'],
  ["tls.ca", 'Write it under "clientAuth" for the certificates of clients, under "upstreamTls" for those of backends'],
  ["tls.crl", 'Write it under "clientAuth"'],
  ["tls.allow", 'Write it under "clientAuth"'],
  ["tls.insecure", 'Write it under "upstreamTls"'],
  ["upstreamTls.cert", 'Write it as "certificate"'],
  ["upstreamTls.sni", 'Write it as "serverName"'],
  ["upstreamTls.hostname", 'Write it as "serverName"'],
  ["upstreamTls.hostnames", 'Write it as "serverName"'],
  ["upstreamTls.mode", "Leave it out: backends are spoken to in TLS"],
  ["upstreamTls.verify", 'Leave it out: backends are verified, unless "insecure" is true'],
  ["proxyProtocol.from", 'Write it under "accept"'],
  ["proxyProtocol.versions", 'Write it under "accept"'],
  ["sendProxy", 'Write it as "send" under "proxyProtocol"'],
  ["acceptProxy", 'Write it as "accept" under "proxyProtocol"'],
]);
