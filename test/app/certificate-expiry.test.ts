import { expect, test } from "bun:test";

import { CertificateExpiry } from "../../src/app/certificate-expiry.ts";
import type { Plan, PoolPlan, RoutePlan } from "../../src/plan/plan.ts";
import type { Identity } from "../../src/resource/credentials.ts";
import { compileRoutes } from "../support/compile-routes.ts";
import { eventually } from "../support/eventually.ts";
import { RecordedLog } from "../support/recorded-log.ts";

const DAY_MS = 86_400_000;
const END_MS = Date.UTC(2030, 0, 31);

function identity(certificate: string, notAfterMs = END_MS): Identity {
  return { certificate, key: "a key", notBeforeMs: 0, notAfterMs };
}

/** Routes `a`, `b` … on ports of their own; each shows the first to clients and the second to backends. */
async function planWith(...shown: readonly (readonly [Identity | undefined, Identity | undefined])[]): Promise<Plan> {
  const files = shown.map((_, index): [string, string] => [
    `routes/${"abc"[index]}.yaml`,
    `listen: ${5000 + index}\nbackends: ["127.0.0.1:9"]\n`,
  ]);
  const { plan } = await compileRoutes(Object.fromEntries(files));
  const routes = plan.routes.map((route, index): RoutePlan => {
    const own = shown[index]?.[0];
    return own === undefined
      ? route
      : { ...route, tls: { mode: "terminate", identity: own, minVersion: "1.2", alpn: [] } };
  });
  const pools = plan.pools.map((pool, index): PoolPlan => {
    const own = shown[index]?.[1];
    return own === undefined ? pool : { ...pool, upstreamTls: { identity: own, insecure: false } };
  });
  return { ...plan, routes, pools };
}

/** A watch whose time stands still until a test moves it. */
function startExpiry(atMs: number) {
  const log = new RecordedLog();
  const clock = { ms: atMs };
  const expiry = new CertificateExpiry({ log, now: () => clock.ms, lookMs: 3_600_000 });
  const said = (): readonly string[] => log.lines.splice(0).map(({ event, fields }) => `${event} ${fields["route"]}`);
  return { log, clock, expiry, said, [Symbol.dispose]: () => expiry[Symbol.dispose]() };
}

test("a certificate is spoken of from two weeks before its end", async () => {
  using scene = startExpiry(END_MS - 14 * DAY_MS);
  scene.expiry.follow(await planWith([identity("one"), undefined]));
  expect(scene.said()).toEqual([]);
  scene.clock.ms += 1;
  scene.expiry.look();
  expect(scene.said()).toEqual(["certificate-expiring a"]);
});

test("what is said names route, file, day and the days that are left, and nothing of the key", async () => {
  using scene = startExpiry(END_MS - 3.5 * DAY_MS);
  scene.expiry.follow(await planWith([identity("one"), undefined]));
  expect(scene.log.lines).toEqual([
    {
      level: "warn",
      event: "certificate-expiring",
      message: 'The certificate that route "a" shows to clients expires in 3 days, on 2030-01-31T00:00:00.000Z',
      fields: {
        route: "a",
        file: "routes/a.yaml",
        line: 1,
        to: "clients",
        expires: "2030-01-31T00:00:00.000Z",
        daysLeft: 3,
      },
    },
  ]);
});

test("each certificate is spoken of once a day, however often is looked and loaded", async () => {
  using scene = startExpiry(END_MS - 2 * DAY_MS);
  const plan = await planWith([identity("one"), undefined]);
  scene.expiry.follow(plan);
  expect(scene.said()).toEqual(["certificate-expiring a"]);
  for (let hour = 1; hour < 24; hour++) {
    scene.clock.ms += 3_600_000;
    scene.expiry.look();
    scene.expiry.follow(plan);
  }
  expect(scene.said()).toEqual([]);
  scene.clock.ms += 3_600_000;
  scene.expiry.look();
  expect(scene.said()).toEqual(["certificate-expiring a"]);
});

test("the end itself is told at once, and every day from then on", async () => {
  using scene = startExpiry(END_MS - 3_600_000);
  scene.expiry.follow(await planWith([identity("one"), undefined]));
  expect(scene.log.lines[0]?.message).toContain("expires in less than a day");
  scene.said();
  scene.clock.ms = END_MS + 1;
  scene.expiry.look();
  expect(scene.said()).toEqual(["certificate-expired a"]);
  scene.clock.ms += DAY_MS;
  scene.expiry.look();
  expect(scene.log.lines[0]).toMatchObject({ message: expect.stringContaining("expired 1 day ago"), level: "warn" });
});

test("a certificate of several routes is told once, one for backends as well", async () => {
  using scene = startExpiry(END_MS - DAY_MS);
  const shared = identity("shared");
  scene.expiry.follow(await planWith([shared, undefined], [shared, identity("to backends")], [undefined, undefined]));
  expect(scene.log.lines.map(({ fields }) => [fields["route"], fields["to"]])).toEqual([
    ["a", "clients"],
    ["b", "backends"],
  ]);
});

test("a renewed certificate is not spoken of, and one that comes back is", async () => {
  using scene = startExpiry(END_MS - DAY_MS);
  const old = await planWith([identity("old"), undefined]);
  scene.expiry.follow(old);
  scene.expiry.follow(await planWith([identity("new", END_MS + 365 * DAY_MS), undefined]));
  scene.expiry.look();
  expect(scene.said()).toEqual(["certificate-expiring a"]);
  scene.expiry.follow(old);
  expect(scene.said()).toEqual(["certificate-expiring a"]);
});

test("a clock that is set back does not silence it", async () => {
  using scene = startExpiry(END_MS - DAY_MS);
  scene.expiry.follow(await planWith([identity("one"), undefined]));
  scene.said();
  scene.clock.ms -= 5 * DAY_MS;
  scene.expiry.look();
  expect(scene.said()).toEqual(["certificate-expiring a"]);
});

test("it looks by itself, until it is disposed of", async () => {
  const log = new RecordedLog();
  const clock = { ms: END_MS - 15 * DAY_MS };
  using expiry = new CertificateExpiry({ log, now: () => clock.ms, lookMs: 1 });
  expiry.follow(await planWith([identity("one"), undefined]));
  clock.ms = END_MS - DAY_MS;
  await eventually(() => log.lines.length > 0);
  expiry[Symbol.dispose]();
  clock.ms += 2 * DAY_MS;
  // One that went on would look again before this one, which began later.
  using other = new CertificateExpiry({ log, now: () => clock.ms, lookMs: 1 });
  other.follow(await planWith([identity("other"), undefined]));
  clock.ms += DAY_MS;
  await eventually(() => log.lines.length >= 3);
  expect(log.lines.map(({ fields }) => fields["daysLeft"])).toEqual([1, -1, -2]);
});
