// A range with more who want an address than there are addresses: what a load costs then, while which no byte moves.

import { expect, test } from "bun:test";

import { AddressRegister } from "../../src/app/address-register.ts";
import { AddressSpace } from "../../src/app/address-space.ts";
import { memoryAllotments } from "../../src/app/allotments.ts";

test("an address is not looked for anew for each who gets none", () => {
  const ports = 1000;
  const space = new AddressSpace({
    tcpHosts: new Map([["localhost", "127.0.0.1"]]),
    tcpPorts: [{ firstPort: 20_000, lastPort: 20_000 + ports - 1 }],
  });
  const allotments = memoryAllotments(new AddressRegister(space));
  const wishes = Array.from({ length: 2 * ports }, (_, index) => ({ key: `AgentEndpoint/default/e${index}` }));
  let looks = 0;
  const isWanted = (): boolean => {
    looks++;
    return false;
  };
  allotments.propose(wishes, { isWanted }).accept();
  looks = 0;
  allotments.propose(wishes, { isWanted }).accept();
  expect(looks).toBeLessThan(100 * ports);
});
