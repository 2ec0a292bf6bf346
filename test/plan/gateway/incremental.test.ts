// A translation that goes on with the last one comes to the same as one that begins anew, whatever has changed in between: a route
// that was kept when it should not have been could let somebody in.

import { expect, test } from "bun:test";
import { memoryLedger } from "../../../src/app/ledger.ts";
import { ManifestReading, noJudgedManifests } from "../../../src/config/manifest-credentials.ts";
import { compilePlan } from "../../../src/plan/compile.ts";
import { diffPlans } from "../../../src/plan/diff.ts";
import { findingsOf } from "../../../src/plan/gateway/findings.ts";
import { TranslationMemo } from "../../../src/plan/gateway/memo.ts";
import { DEFAULT_TCP_HOSTS, DEFAULT_TCP_PORTS } from "../../../src/plan/gateway/options.ts";
import type { ObjectRecords } from "../../../src/plan/gateway/record.ts";
import { statusesOf } from "../../../src/plan/gateway/status.ts";
import { translate } from "../../../src/plan/gateway/translate.ts";
import { CompileMemo } from "../../../src/plan/memo.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import type { Trust } from "../../../src/resource/credentials.ts";
import type { AnyManifest, BrokenPolicy } from "../../../src/resource/manifest/kinds.ts";
import { keyOf } from "../../../src/resource/manifest/manifest.ts";
import type { TrustSpec } from "../../../src/resource/tls.ts";
import { ChangingManifests } from "../../support/changing-manifests.ts";
import {
  backendTls,
  gateway,
  grant,
  listenerSet,
  manifest,
  policy,
  service,
  slice,
  tcp,
  tcpRoute,
} from "../../support/gateway-documents.ts";
import { Random } from "../../support/random.ts";
import { decodeText } from "../../support/written-manifest.ts";

const SEEDS = 20;
const STEPS = 60;
const NOW_MS = Date.parse("2026-01-05T00:00:00Z");
const BIND: readonly string[] = [];
const OPTIONS = { tcpHosts: DEFAULT_TCP_HOSTS, tcpPorts: DEFAULT_TCP_PORTS };

/** What is kept from one load to the next. */
interface Memory {
  readonly translations: TranslationMemo;
  readonly compiled: CompileMemo;
  readonly judged: ReturnType<typeof noJudgedManifests>;
}

function newMemory(): Memory {
  return { translations: new TranslationMemo(), compiled: new CompileMemo(), judged: noJudgedManifests() };
}

/** One port is somebody else's. */
function bindErrorOf(listener: string) {
  return listener.endsWith("1001") ? { message: "Taken", foreign: false } : undefined;
}

interface Scene {
  readonly manifests: readonly AnyManifest[];
  readonly broken: readonly BrokenPolicy[];
  readonly records: ObjectRecords;
  readonly trusts: ReadonlyMap<TrustSpec, Trust>;
  readonly previous: Plan | undefined;
}

/** All that can be seen of a load. */
function load({ manifests, broken, records, trusts, previous }: Scene, memory: Memory) {
  const certificates = new ManifestReading(memory.judged, NOW_MS);
  const translation = translate({
    manifests,
    broken,
    records,
    credentials: { identities: new Map(), trusts },
    certificates,
    bind: BIND,
    options: OPTIONS,
    memo: memory.translations,
    ...(previous === undefined ? {} : { previous }),
  });
  const { identities, trusts: issued } = translation.issued;
  const credentials = { identities, trusts: new Map([...trusts, ...issued]) };
  const compiled = compilePlan(translation.routes, { bind: BIND, credentials, memo: memory.compiled }, previous);
  const findings = findingsOf(translation);
  const refusalOf = (route: string) => compiled.refusals.get(route);
  const statuses = statusesOf(translation, { refusalOf, bindErrorOf });
  return {
    plan: compiled.plan,
    seen: {
      routes: translation.routes,
      plan: compiled.plan,
      diagnostics: compiled.diagnostics,
      refusals: compiled.refusals,
      findings,
      statuses: Array.from(statuses, ([object, status]) => [keyOf(object), status]),
      certificates: {
        said: new Set(certificates.diagnostics.map(({ message }) => message)),
        failing: certificates.failing,
      },
      diff: previous === undefined ? undefined : diffPlans(previous, compiled.plan),
    },
  };
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`what did not change comes to the same as if it were new (seed ${seed})`, async () => {
    const random = new Random(seed);
    const world = new ChangingManifests(random, true);
    const decoded = new Map<string, Awaited<ReturnType<typeof decodeText>>>();
    const kept = newMemory();
    const ledger = memoryLedger();
    let previous: Plan | undefined;
    let refused: ReadonlyMap<string, string> | undefined;
    let routes = 0;
    for (let step = 0; step < STEPS; step++) {
      const before = new Map(world.texts);
      // What was refused is often tried again, as it was, or somewhat changed.
      if (refused !== undefined && random.chance(2)) world.become(refused);
      if (refused === undefined || random.chance(3)) world.step();
      refused = undefined;
      const sources = [];
      for (const [file, text] of [...world.texts].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        const key = `${file}\n${text}`;
        const source = decoded.get(key) ?? (await decodeText(text, file));
        decoded.set(key, source);
        sources.push(source);
      }
      const manifests = sources.flatMap((source) => source.manifests);
      const trusts = new Map<TrustSpec, Trust>();
      const isReadable = !random.chance(3);
      for (const { kind, spec } of manifests) {
        const trust = kind === "ListenerPolicy" ? spec.clientAuth?.trust : undefined;
        if (trust !== undefined && isReadable) trusts.set(trust, TRUST);
      }
      const records = ledger.propose(manifests, new Date(NOW_MS + step * 1000));
      const broken = sources.flatMap((source) => source.broken);
      const scene = { manifests, broken, records, trusts, previous };
      const { seen, plan } = load(scene, kept);
      const fresh = load(scene, newMemory());
      expect({ seed, step, ...seen }).toEqual({ seed, step, ...fresh.seen });
      routes += plan.routes.length;
      // Now and then a load does not come into force, and everything is as it was.
      if (random.chance(3)) {
        refused = new Map(world.texts);
        world.become(before);
      } else {
        records.accept();
        previous = plan;
      }
    }
    expect(routes).toBeGreaterThan(STEPS);
  });
}

const at = (sectionName: string) => [{ name: "front", sectionName }];
const THERE = {
  front: gateway("front", [tcp("a", 1001), tcp("b", 1002)]),
  route: tcpRoute("r", at("a"), ["db"]),
  away: tcpRoute("far", at("b"), ["other/db"]),
  db: service("db"),
  far: service("other/db"),
  slice: slice("db-1", "db", { endpoints: [{ addresses: ["10.0.0.1"] }] }),
};
const WRONG = manifest("sallyport.dev/v1alpha1", "ListenerPolicy", "p", {
  spec: {
    targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "front" }],
    deny: ["nonsense"],
  },
});

/** What comes, goes (empty) or changes, and matters to a Gateway that was left as it was. */
const CHANGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a policy": { policy: policy("ListenerPolicy", "p", ["Gateway/front"], { deny: ["10.0.0.0/8"] }) },
  "a policy with mistakes": { policy: WRONG },
  "a policy of a Service": { policy: policy("BackendPolicy", "p", ["Service/db"], { balance: "random" }) },
  "TLS to a Service": { policy: backendTls("p", ["db"], { wellKnownCACertificates: "System" }) },
  "a Service that goes": { db: "" },
  "endpoints that go": { slice: slice("db-1", "db", { endpoints: [] }) },
  "a route that goes": { route: "" },
  "an older route": { older: tcpRoute("older", at("a"), ["db"], { day: 1 }) },
  "a grant": { grant: grant("other", "TCPRoute/default", "Service") },
  "a class of somebody else": {
    class: manifest("gateway.networking.k8s.io/v1", "GatewayClass", "sallyport", {
      spec: { controllerName: "example.com/other" },
    }),
  },
};

for (const [what, change] of Object.entries(CHANGES)) {
  test(`${what} changes a Gateway that was kept`, async () => {
    const before = await sceneOf(THERE);
    const after = await sceneOf({ ...THERE, ...change }, before.sources);
    const kept = newMemory();
    const { seen } = load(before.scene, kept);
    expect(load(before.scene, kept).seen.plan.routes[0]).toBe(seen.plan.routes[0]);
    const changed = load(after.scene, kept).seen;
    expect(changed.plan).not.toEqual(seen.plan);
    expect(changed).toEqual(load(after.scene, newMemory()).seen);
  });
}

test("who is the oldest can change although no manifest does", async () => {
  const rivals = {
    front: gateway("front", [tcp("a", 1001)], { allowedListeners: { namespaces: { from: "All" } } }),
    p: policy("BackendPolicy", "p", ["Service/db"], { balance: "random" }),
    q: policy("BackendPolicy", "q", ["Service/db"], { balance: "source-hash" }),
    setP: listenerSet("p", "front", [tcp("a", 1003)]),
    setQ: listenerSet("q", "front", [tcp("a", 1003)]),
    younger: tcpRoute("younger", at("a"), ["db"]),
  };
  const { scene } = await sceneOf({ ...THERE, ...rivals });
  const kept = newMemory();
  for (const oldest of ["p", "q", "r", "younger"]) {
    const ageOf = ({ metadata: { name } }: AnyManifest) => `2026-01-0${name === oldest ? 1 : 2}T00:00:00Z`;
    const of = (manifest: AnyManifest) => ({ generation: 1, creationTimestamp: ageOf(manifest) });
    const now = { ...scene, records: { of, ageOf } };
    expect({ oldest, ...load(now, kept).seen }).toEqual({ oldest, ...load(now, newMemory()).seen });
  }
});

type Source = Awaited<ReturnType<typeof decodeText>>;

/** `known`: sources by their text. */
async function sceneOf(texts: Readonly<Record<string, string>>, known: ReadonlyMap<string, Source> = new Map()) {
  const sources = new Map<string, Source>();
  for (const [file, text] of Object.entries(texts)) {
    if (text !== "") sources.set(text, known.get(text) ?? (await decodeText(text, file)));
  }
  const all = [...sources.values()];
  const manifests = all.flatMap((source) => source.manifests);
  const records = memoryLedger().propose(manifests, new Date(NOW_MS));
  const broken = all.flatMap((source) => source.broken);
  const scene: Scene = { manifests, broken, records, trusts: new Map(), previous: undefined };
  return { scene, sources };
}

const TRUST: Trust = { ca: ["of a file"], crl: [] };
