// A register of TCP addresses with few of them, so that they run out, and what hands them out of it.

import { AddressRegister, type RunningListener } from "../../src/app/address-register.ts";
import { AddressSpace } from "../../src/app/address-space.ts";
import { openAddressStore } from "../../src/app/address-store.ts";
import { AddressBook } from "../../src/app/addresses.ts";
import { Allotments, openAllotments } from "../../src/app/allotments.ts";
import type { GatewayApiOptions } from "../../src/plan/gateway/options.ts";
import type { Database } from "../../src/runtime/runtime.ts";
import { RecordedLog } from "./recorded-log.ts";
import { openDatabase } from "./sqlite.ts";

export interface AddressScene {
  readonly log: RecordedLog;
  readonly register: AddressRegister;
  readonly book: AddressBook;
  readonly allotments: Allotments;
}

export interface SceneOptions {
  readonly hosts?: GatewayApiOptions["tcpHosts"];
  /** The first and the last. */
  readonly ports?: readonly [number, number];
  readonly listeners?: readonly RunningListener[];
}

export const ONE_HOST: GatewayApiOptions["tcpHosts"] = new Map([["localhost", "127.0.0.1"]]);
export const TWO_HOSTS: GatewayApiOptions["tcpHosts"] = new Map([
  ["a.test", "127.0.0.1"],
  ["b.test", "127.0.0.2"],
]);

/** On a database of its own in memory, unless there is one. */
export function addressScene(options: SceneOptions = {}, database: Database = openDatabase(":memory:")): AddressScene {
  const { hosts = ONE_HOST, ports: [firstPort, lastPort] = [20_000, 20_002], listeners = [] } = options;
  const log = new RecordedLog();
  const space = new AddressSpace({ tcpHosts: hosts, tcpPorts: [{ firstPort, lastPort }] });
  const register = new AddressRegister(space, () => listeners);
  const book = new AddressBook(openAddressStore(database), register, log);
  return { log, register, book, allotments: openAllotments(database, register, log) };
}
