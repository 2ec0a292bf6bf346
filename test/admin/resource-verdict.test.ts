import { describe, expect, test } from "bun:test";
import { isWell, verdictsOf } from "../../src/admin/resource-verdict.ts";
import { condition, parentStatus } from "../support/resource-status.ts";

const GOOD = [condition("Accepted"), condition("Programmed"), condition("ResolvedRefs")];

function stateOf(...conditions: readonly object[]): string | undefined {
  return verdictsOf({ conditions })[0]?.state;
}

describe("the state of a resource", () => {
  test.each<[string, readonly object[]]>([
    ["Programmed", GOOD],
    ["Accepted", [condition("Accepted")]],
    ["False: Invalid", [condition("Programmed", "False", "Invalid"), condition("Accepted")]],
    ["False: NotAllowed", [condition("Programmed", "False", "Invalid"), condition("Accepted", "False", "NotAllowed")]],
    ["False: BackendNotFound", [condition("Accepted"), condition("ResolvedRefs", "False", "BackendNotFound")]],
    ["False: SupersededByOlderRoute", [...GOOD, condition("sallyport.dev/Serving", "False", "SupersededByOlderRoute")]],
    ["Unknown: Pending", [condition("Accepted", "Unknown", "Pending")]],
    ["Conflicted: HostnameConflict", [...GOOD, condition("Conflicted", "True", "HostnameConflict")]],
    ["Programmed", [...GOOD, condition("Conflicted", "False", "NoConflicts")]],
    ["Accepted", [condition("Accepted"), condition("SupportedVersion", "False", "UnsupportedVersion")]],
    ["Ready", [condition("Accepted"), condition("Ready")]],
    ["False: HostNotFound", [condition("Accepted"), condition("Ready", "False", "HostNotFound")]],
    [
      "False: AddressTaken",
      [condition("Accepted", "False", "AddressTaken"), condition("Ready", "False", "NotAccepted")],
    ],
    ["Unknown", []],
  ])("is %s", (state, conditions) => {
    expect(stateOf(...conditions)).toBe(state);
    expect(isWell({ conditions })).toBe(["Programmed", "Ready", "Accepted"].includes(state));
  });

  test("is that of a listener when only a listener is wrong", () => {
    const wrong = {
      name: "db",
      conditions: [condition("ResolvedRefs", "False", "InvalidCertificateRef", "No such Secret")],
    };
    const fine = { name: "tcp", conditions: [...GOOD, condition("Conflicted", "False", "NoConflicts")] };
    const addresses = [{ type: "IPAddress", value: "10.0.0.1" }, { value: "10.0.0.2" }];
    expect(verdictsOf({ addresses, conditions: GOOD, listeners: [fine, wrong] })).toEqual([
      {
        about: "10.0.0.1,10.0.0.2",
        state: "False: InvalidCertificateRef",
        good: false,
        message: 'Listener "db": No such Secret',
      },
    ]);
    expect(verdictsOf({ addresses, conditions: GOOD, listeners: [fine] })[0]?.state).toBe("Programmed");
  });

  test("of an address says which it is", () => {
    const conditions = [condition("Accepted"), condition("Ready")];
    const wanted = { about: "localhost:20000", state: "Ready", good: true, message: "" };
    expect(verdictsOf({ addr: "localhost:20000", conditions })).toEqual([wanted]);
  });

  test("of a route or policy is one for each parent", () => {
    const parents = [
      parentStatus({ name: "front", sectionName: "tcp" }, GOOD),
      parentStatus({ name: "other", namespace: "infra", port: 5432 }, [
        condition("Accepted", "False", "NoMatchingParent"),
      ]),
    ];
    const wanted = [
      ["front[tcp]", "Programmed"],
      ["infra/other[5432]", "False: NoMatchingParent"],
    ];
    expect(verdictsOf({ parents }).map(({ about, state }) => [about, state])).toEqual(wanted);
    const ancestors = parents.map(({ parentRef, ...rest }) => ({ ancestorRef: parentRef, ...rest }));
    expect(verdictsOf({ ancestors }).map(({ about, state }) => [about, state])).toEqual(wanted);
  });

  test("of a route without a parent here is that it is not attached", () => {
    expect(verdictsOf({ parents: [] })[0]?.state).toBe("Not attached");
    expect([isWell({ parents: [] }), isWell({ ancestors: [] })]).toEqual([false, false]);
  });

  test("is none where there is no status, and no nonsense makes it throw", () => {
    for (const status of [undefined, null, 3, "x", []]) expect(verdictsOf(status)).toEqual([]);
    for (const odd of [
      {},
      { conditions: 3 },
      { conditions: [null, 3] },
      { parents: [null] },
      { parents: [{}] },
      { listeners: [1] },
    ]) {
      expect(() => verdictsOf(odd)).not.toThrow();
    }
    expect(isWell(undefined)).toBe(true);
  });
});

describe("the state of an endpoint", () => {
  const conditions = [
    condition("EndpointCreated", "True", "EndpointCreated"),
    condition("DomainReady", "True", "DomainReady"),
    condition("Ready", "True", "EndpointActive"),
  ];

  test("is Ready, with the URL that clients use", () => {
    expect(verdictsOf({ assignedURL: "tcp://localhost:20000", conditions })).toEqual([
      { about: "tcp://localhost:20000", state: "Ready", good: true, message: "" },
    ]);
  });

  test("is Ready, with where a Service of type LoadBalancer is found", () => {
    const ports = [{ port: 7000, protocol: "TCP" }];
    expect(
      ingressAt([
        { hostname: "localhost", ports },
        { ip: "::1", ports },
      ]),
    ).toBe("localhost:7000,[::1]:7000");
    expect([ingressAt(undefined), ingressAt("nonsense"), ingressAt([{ hostname: "localhost" }])]).toEqual(["", "", ""]);
  });

  test("is why it is not, in the words of its condition", () => {
    const message = 'There is no NgrokTrafficPolicy "default/p"';
    const wrong = [condition("Ready", "False", "TrafficPolicyError", message)];
    expect(verdictsOf({ assignedURL: "tcp://localhost:20000", conditions: wrong })).toEqual([
      { about: "tcp://localhost:20000", state: "False: TrafficPolicyError", good: false, message },
    ]);
  });
});

/** What is shown of a Service with this ingress. */
function ingressAt(ingress: unknown): string | undefined {
  return verdictsOf({ loadBalancer: { ingress }, conditions: [condition("Ready")] })[0]?.about;
}
