// Services that a gateway speaks TLS to, each reached in both ways that an L4 gateway has: by a TCPRoute from a listener of its own, and
// by a TLSRoute from a listener that ended TLS. What a policy wants must hold for both.

import { expect } from "bun:test";
import { gatewayText, tcpListener, tcpRouteText, tlsListener, tlsRouteText } from "./conformance-manifests.ts";
import {
  type Authority,
  AWAY,
  documents,
  type EchoServer,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  secretText,
  serverPair,
  serviceText,
  sliceText,
  tryTcp,
  tryTls,
} from "./conformance.ts";

const TLS_PORT = 8443;
const FIRST_PORT = 9300;

export interface ReencryptWish {
  readonly authority: Authority;
  readonly backend: EchoServer;
  /** Names of Services, all of which lead to the backend; `name:port` where the port is not the one for TLS. */
  readonly services: readonly string[];
  /** More files: policies, and what they refer to. */
  readonly files: Readonly<Record<string, string>>;
  /** More lines of the Gateway's spec, each beginning with two spaces. */
  readonly more?: string;
}

export class ReencryptScene implements AsyncDisposable {
  readonly gateway: ManifestGateway;
  readonly #host: string;
  readonly #services: readonly string[];

  static async start(wish: ReencryptWish): Promise<ReencryptScene> {
    const { authority, backend, services, files, more } = wish;
    const host = loopbackHost();
    const names = services.map(nameOf);
    const pair = await serverPair(authority, "*.front.example.com");
    const gateway = await ManifestGateway.start({
      "base.yaml": documents(
        NAMESPACES,
        secretText(INFRA, "shown", pair),
        ...[...new Set(services.map((service) => service.split(":")[0] ?? ""))].flatMap((name) => [
          serviceText(INFRA, name),
          sliceText({ namespace: INFRA, service: name, port: backend.port, tlsPort: backend.tlsPort }),
        ]),
      ),
      "gateway.yaml": frontText(host, names, more),
      "routes.yaml": documents(...services.flatMap(routesTo)),
      ...files,
    });
    return new ReencryptScene(gateway, host, names);
  }

  private constructor(gateway: ManifestGateway, host: string, services: readonly string[]) {
    this.gateway = gateway;
    this.#host = host;
    this.#services = services;
  }

  /** The Gateway with other lines of its spec. */
  frontText(more: string): string {
    return frontText(this.#host, this.#services, more);
  }

  /**
   * Asks a Service in both ways and expects that both clients meet the same: `tls NAME` with what the backend was asked for, and
   * ` shown NAME` of the certificate that it was shown; `plain`; or that they were turned away.
   */
  async expectMet(service: string, wanted: string): Promise<void> {
    const name = nameOf(service);
    const port = FIRST_PORT + this.#services.indexOf(name);
    const raw = told(await tryTcp({ host: this.#host, port }));
    const servername = `${name}.front.example.com`;
    const ended = told(await tryTls({ host: this.#host, port: TLS_PORT }, { servername }));
    expect({ service, raw, ended }).toEqual({ service, raw: wanted, ended: wanted });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
  }
}

function frontText(host: string, names: readonly string[], more = ""): string {
  const raw = names.map((name, index) => tcpListener(name, FIRST_PORT + index));
  return gatewayText("front", { host, more }, tlsListener("tls", TLS_PORT, "{name: shown}"), ...raw);
}

function routesTo(service: string): readonly string[] {
  const [target = "", port = String(TLS_PORT)] = service.split(":");
  const name = nameOf(service);
  const backends = `{name: ${target}, port: ${port}}`;
  return [
    tcpRouteText(name, { parents: `{name: front, sectionName: ${name}}`, backends }),
    tlsRouteText(name, {
      parents: "{name: front, sectionName: tls}",
      hostnames: `${name}.front.example.com`,
      backends,
    }),
  ];
}

function nameOf(service: string): string {
  return service.replace(":", "-");
}

function told(answer: Awaited<ReturnType<typeof tryTcp>>): string {
  if (answer === "reset" || answer === "fin") return AWAY;
  if (answer === "refused") return answer;
  if (answer.tls === undefined) return "plain";
  const { serverName, client } = answer.tls;
  return `tls ${serverName}${client === "" ? "" : ` shown ${client}`}`;
}
