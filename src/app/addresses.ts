// TCP addresses that people reserve through the admin port, kept in the state database. A change is on disk before anybody hears of
// it. What objects with `apiVersion` and `kind` have is `allotments.ts`.

import { randomBytes } from "node:crypto";
import type { AddressChange, AddressRefusal, AddressResult, AddressWish, ReservedAddress } from "../admin/address.ts";
import { formatHostPort } from "../base/address.ts";
import type { Log } from "../observe/log.ts";
import type { HostPort } from "../plan/addresses.ts";
import { type AddressRegister, takenMessage } from "./address-register.ts";
import { AddressSpace } from "./address-space.ts";
import type { AddressRow, AddressStore } from "./address-store.ts";

/** Milliseconds since 1970 in this many digits of base 36 sort as texts until the year 5188. */
const TIME_DIGITS = 9;
/** Nobody guesses the rest. */
const RANDOM_DIGITS = 18;
const BASE = 36;

/** The reserved addresses. Methods that change something throw GatewayError `state/…` when the database cannot be used. */
export class AddressBook {
  readonly #store: AddressStore;
  readonly #register: AddressRegister;
  readonly #log: Log;
  /** The oldest first. */
  readonly #rows: Map<string, AddressRow>;

  constructor(store: AddressStore, register: AddressRegister, log: Log) {
    this.#store = store;
    this.#register = register;
    this.#log = log;
    this.#rows = new Map(store.list().map((row) => [row.id, row]));
    for (const { id, host, port } of this.#rows.values()) register.reserved.put(id, { host, port });
  }

  /** All of them, the newest first. */
  list(): readonly ReservedAddress[] {
    return Array.from(this.#rows.values(), (row) => this.#show(row)).toReversed();
  }

  get(id: string): ReservedAddress | undefined {
    const row = this.#rows.get(id);
    return row === undefined ? undefined : this.#show(row);
  }

  /** Reserves the address that is asked for, or a random one; each that is free is as likely as the others. */
  create(wish: AddressWish, now: Date): AddressResult {
    const found = this.#find(wish);
    if ("code" in found) return { refusal: found };
    const { description = "", metadata = "" } = wish;
    const time = this.#timeAfterAll(now);
    const row = { id: idAt(time), ...found, description, metadata, createdAt: new Date(time).toISOString() };
    this.#store.put(row);
    this.#rows.set(row.id, row);
    this.#register.reserved.put(row.id, found);
    this.#say("address-created", `Reserved ${formatHostPort(row.host, row.port)} as ${row.id}`, row);
    return { address: this.#show(row) };
  }

  /** `undefined` when there is none with this id. */
  update(id: string, change: AddressChange): ReservedAddress | undefined {
    const row = this.#rows.get(id);
    if (row === undefined) return undefined;
    const { description = row.description, metadata = row.metadata } = change;
    const changed = { ...row, description, metadata };
    this.#store.put(changed);
    this.#rows.set(id, changed);
    return this.#show(changed);
  }

  /** The one that was there; `undefined` when there is none with this id. What listens on it goes on. */
  delete(id: string): ReservedAddress | undefined {
    const row = this.#rows.get(id);
    if (row === undefined) return undefined;
    this.#store.delete(id);
    this.#rows.delete(id);
    this.#register.reserved.remove(id);
    this.#say("address-deleted", `${formatHostPort(row.host, row.port)} is not reserved any more (${id})`, row);
    return this.#show(row);
  }

  /** The address that a wish comes to. */
  #find({ host: written, port }: AddressWish): HostPort | AddressRefusal {
    const { space } = this.#register;
    const host = written === undefined ? undefined : AddressSpace.hostOf(written);
    const wrongHost = host === undefined ? undefined : space.hostProblem(host);
    if (wrongHost !== undefined) return { code: "unknown-host", message: wrongHost.message };
    const wrongPort = port === undefined ? undefined : space.portProblem(port);
    if (wrongPort !== undefined) return { code: "port-out-of-range", message: wrongPort.message };
    const hosts = host === undefined ? space.hosts : [host];
    const runningOn = this.#register.running();
    const holderOf = (address: HostPort): string | undefined => this.#register.ownerNear(address) ?? runningOn(address);
    if (port === undefined) {
      const { message } = space.full(hosts);
      return space.drawFree(hosts, (address) => holderOf(address) !== undefined) ?? { code: "range-full", message };
    }
    const wanted = hosts.map((each) => ({ host: each, port }));
    const free = space.choose(wanted.filter((address) => holderOf(address) === undefined));
    if (free !== undefined) return free;
    const [first = { host: space.firstHost, port }] = wanted;
    const holder = holderOf(first) ?? "";
    return { code: "address-taken", message: takenMessage(first, holder), holder };
  }

  /** A time after all that is known: what comes now sorts behind, whatever the clock says. */
  #timeAfterAll(now: Date): number {
    let latest = now.getTime() - 1;
    for (const { createdAt } of this.#rows.values()) {
      const time = Date.parse(createdAt);
      if (time > latest) latest = time;
    }
    return latest + 1;
  }

  #show({ id, host, port, description, metadata, createdAt }: AddressRow): ReservedAddress {
    const problem = this.#register.space.problemOf({ host, port });
    const address = { id, addr: formatHostPort(host, port), host, port, description, metadata, createdAt };
    return problem === undefined ? address : { ...address, note: `${problem.message}; it stays reserved` };
  }

  #say(event: string, message: string, { id, host, port }: AddressRow): void {
    this.#log.write("info", event, message, { id, address: formatHostPort(host, port) });
  }
}

function idAt(time: number): string {
  let rest = "";
  // A byte is not a multiple of 36: those that would make some digits likelier are passed over.
  while (rest.length < RANDOM_DIGITS) {
    for (const byte of randomBytes(RANDOM_DIGITS)) {
      if (byte < 7 * BASE && rest.length < RANDOM_DIGITS) rest += (byte % BASE).toString(BASE);
    }
  }
  return `ra_${time.toString(BASE).padStart(TIME_DIGITS, "0")}${rest}`;
}
