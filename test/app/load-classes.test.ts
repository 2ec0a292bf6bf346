// The controller of a GatewayClass stays what it is as long as the class is there: a file that changes it is as good as not
// written.

import { expect, test } from "bun:test";

import { type LoadedPlan, PlanLoader } from "../../src/app/load.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { gateway, manifest, tcp } from "../support/gateway-documents.ts";

type Texts = Readonly<Record<string, string>>;

/** What came of a load. */
interface Seen {
  /** Errors as `file:line code`. */
  readonly told: readonly string[];
  readonly failed: boolean;
  /** The class's controller, and every listener. */
  readonly inForce: readonly (string | undefined)[];
}

/** What comes of each of these loads, one after the other; one that does not come into force is a mere look. */
async function loadAll(loads: readonly Texts[], comesIntoForce = true): Promise<readonly Seen[]> {
  const loader = new PlanLoader();
  const all: Seen[] = [];
  let plan: Plan | undefined;
  for (const texts of loads) {
    const embedded = Object.entries(texts).map(([file, text]) => ({ file, text }));
    const loaded = await loader.load({ documents: [], directories: [], embedded }, plan);
    all.push(seenOf(loaded));
    if (!comesIntoForce) continue;
    loaded.accept();
    plan = loaded.plan;
  }
  return all;
}

function seenOf({ plan, diagnostics, failed, translation }: LoadedPlan): Seen {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const [written] = translation.catalog.of("GatewayClass");
  return {
    told: errors.map(({ file, line, code }) => `${file}:${line} ${code}`),
    failed,
    inForce: [written?.spec.controllerName, ...plan.listeners.map(({ name }) => name)],
  };
}

function gatewayClass(controllerName: string): string {
  return manifest("gateway.networking.k8s.io/v1", "GatewayClass", "mine", { spec: { controllerName } });
}

function front(port: number, name = "front"): string {
  return gateway(name, [tcp("a", port)], { gatewayClassName: "mine" });
}

const good = (...inForce: readonly (string | undefined)[]): Seen => ({ told: [], failed: false, inForce });

const refused = (told: string, ...inForce: readonly (string | undefined)[]): Seen => ({
  told: [told],
  failed: true,
  inForce,
});

const OURS = "sallyport.dev/gateway-controller";
const BROUGHT = "ngrok.com/gateway-controller";
const THEIRS = "example.com/other";
const TOLD = "class.yaml:2 gatewayclass/immutable";
const HAD = { "class.yaml": gatewayClass(OURS), "front.yaml": front(5432) };

test.each([
  ["somebody else's", THEIRS],
  ["another one of ours", BROUGHT],
])("a class whose controller becomes %s is told so, and its file stays as it was", async (_whose, controllerName) => {
  const changed = { ...HAD, "class.yaml": gatewayClass(controllerName) };
  // Loading it twice does not make it the one that was before.
  expect(await loadAll([HAD, changed, changed, HAD])).toEqual([
    good(OURS, "*:5432"),
    refused(TOLD, OURS, "*:5432"),
    refused(TOLD, OURS, "*:5432"),
    good(OURS, "*:5432"),
  ]);
});

test("the other documents of such a file stay as they were too, and other files do not", async () => {
  const loads = [
    { "class.yaml": gatewayClass(OURS) + front(1001), "side.yaml": front(2001, "side") },
    { "class.yaml": gatewayClass(BROUGHT) + front(1002), "side.yaml": front(2002, "side") },
  ];
  expect(await loadAll(loads)).toEqual([good(OURS, "*:1001", "*:2001"), refused(TOLD, OURS, "*:1001", "*:2002")]);
});

test("a class that was deleted may come back with another controller, which then stays", async () => {
  const loads = [HAD, { "front.yaml": HAD["front.yaml"] }, { ...HAD, "class.yaml": gatewayClass(THEIRS) }, HAD];
  expect(await loadAll(loads)).toEqual([good(OURS, "*:5432"), good(undefined), good(THEIRS), refused(TOLD, THEIRS)]);
});

test("a class that is written elsewhere is another one, and what was there is gone", async () => {
  const moved = { "front.yaml": HAD["front.yaml"], "other.yaml": gatewayClass(BROUGHT) };
  expect(await loadAll([HAD, moved])).toEqual([good(OURS, "*:5432"), good(BROUGHT, "*:5432")]);
});

test("a class that never came into force may have another controller", async () => {
  const loads = [HAD, { ...HAD, "class.yaml": gatewayClass(BROUGHT) }];
  expect(await loadAll(loads, false)).toEqual([good(OURS, "*:5432"), good(BROUGHT, "*:5432")]);
});
