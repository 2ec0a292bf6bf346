// IPPolicies that the policies of Route documents name: those of the namespace `default`. One that is not there, or allows nobody, leaves a
// route that lets nobody in.

import { expect, test } from "bun:test";
import { lookupCidr } from "../../../src/base/cidr-map.ts";
import { parseIp } from "../../../src/base/ip.ts";
import { type LoadedPlan, PlanLoader } from "../../../src/app/load.ts";
import { ipPolicy } from "../../support/endpoint-documents.ts";

const ROUTE = `listen: 7000
backends: ["10.0.0.1:1"]
policy:
  on_tcp_connect:
    - actions:
        - type: restrict-ips
          config: {ip_policies: [office]}
`;
const OFFICE = ipPolicy("office", "allow 10.0.0.0/8", "deny 10.6.6.6/32");

function load(loader: PlanLoader, office: string): Promise<LoadedPlan> {
  const embedded = [
    { file: "a.yaml", text: ROUTE },
    { file: "office.yaml", text: office },
  ];
  return loader.load({ documents: [], directories: [], embedded });
}

/** Whether the only route's policy lets an address in. */
function lets({ plan }: LoadedPlan, address: string): boolean {
  const action = plan.routes[0]?.policy?.rules[0]?.actions[0];
  const ip = parseIp(address);
  if (action?.type !== "restrict-ips" || ip === undefined) return false;
  const isIn = (set: typeof action.allow) => set !== undefined && lookupCidr(set.map, ip) !== -1;
  return isIn(action.allow) && !isIn(action.deny);
}

test("a route has the addresses of the IPPolicies that it names", async () => {
  const loaded = await load(new PlanLoader(), OFFICE);
  expect(loaded.diagnostics).toEqual([]);
  expect(["10.0.0.1", "10.6.6.6", "192.0.2.1"].map((address) => lets(loaded, address))).toEqual([true, false, false]);
});

test("it is the same as long as these are, and another one when they change", async () => {
  const loader = new PlanLoader();
  const first = await load(loader, OFFICE);
  const [route] = first.plan.routes;
  expect((await load(loader, OFFICE)).plan.routes[0]).toBe(route);
  const changed = await load(loader, ipPolicy("office", "allow 192.0.2.0/24"));
  expect(changed.plan.routes[0]).not.toBe(route);
  expect(lets(changed, "192.0.2.1")).toBe(true);
});

test.each([
  ["is not there", ipPolicy("home", "allow ::/0"), "unknown-ip-policy", "2216"],
  ["is of another namespace", ipPolicy("other/office", "allow ::/0"), "unknown-ip-policy", "2216"],
  ["allows nobody", ipPolicy("office", "deny 10.6.6.6/32"), "missing-allow", "393"],
])("it lets nobody in when one %s, and is told where", async (_why, office, code, number) => {
  const loaded = await load(new PlanLoader(), office);
  expect(loaded.failed).toBe(true);
  expect(loaded.diagnostics.map((each) => `${each.file}:${each.line}:${each.column} ${each.code}`)).toEqual([
    `a.yaml:7:33 policy/${code}`,
  ]);
  expect(loaded.diagnostics[0]?.message).toEndWith(`(ERR_NGROK_${number})`);
  expect(loaded.plan.routes[0]?.policy?.rules[0]?.actions).toEqual([{ type: "deny" }]);
});
