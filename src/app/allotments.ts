// Which object with `apiVersion` and `kind` has which TCP address: the same one for as long as it is there, also over restarts. Like
// the ledger, a load proposes, and what it proposes counts once it is in force. A database that cannot be written costs a warning.

import type { Log } from "../observe/log.ts";
import type { AddressFinding, AddressOutcome, HostPort } from "../plan/addresses.ts";
import type { Database } from "../runtime/runtime.ts";
import { type AddressRegister, describeOwner, HeldAddresses, takenMessage } from "./address-register.ts";
import { AddressSpace } from "./address-space.ts";
import { type AllotmentRow, type AllotmentStore, openAllotmentStore } from "./address-store.ts";

/** What an object asks for. */
export interface AllotmentWish {
  /** As `keyOf` has it: `AgentEndpoint/default/db`. */
  readonly key: string;
  /** Absent: the first one of the flags. */
  readonly host?: string;
  /** Absent: any that is free, which it then keeps. */
  readonly port?: number;
}

/** Addresses of one load, which nobody keeps before `accept`. */
export interface AllotmentProposal extends AddressOutcome {
  /** The load is in force: who is not in it any more has no address. Never throws. */
  accept(): void;
}

export interface ProposalOptions {
  /** False: some source could not be read, so that an object that is missing may be in it; it keeps its address. */
  readonly complete?: boolean;
  /** Ports that the load itself listens on: nobody gets them who did not ask for them. */
  readonly isWanted?: (port: number) => boolean;
}

/** The kind of objects that reserve what they have; all others use it. */
const RESERVING = "TCPAddress/";

/** Opens them in `database`, which stays the caller's to close. Throws GatewayError `state/…`. */
export function openAllotments(database: Database, register: AddressRegister, log: Log): Allotments {
  return new Allotments(openAllotmentStore(database), register, log);
}

/** Allotments that begin empty and end with the process: for `check`, the build and tests. */
export function memoryAllotments(register: AddressRegister): Allotments {
  return new Allotments({ list: () => [], write: () => {} }, register);
}

export class Allotments {
  readonly #store: AllotmentStore;
  readonly #register: AddressRegister;
  readonly #log: Log | undefined;
  /** As in the store: behind the register while it cannot be written. */
  #stored: ReadonlyMap<string, HostPort>;
  #failing = false;

  constructor(store: AllotmentStore, register: AddressRegister, log?: Log) {
    this.#store = store;
    this.#register = register;
    this.#log = log;
    this.#stored = new Map(store.list().map(({ key, host, port }) => [key, { host, port }]));
    for (const [key, address] of this.#stored) register.allotted.put(key, address);
  }

  /**
   * Addresses for these objects: of each that has one that fits, the one it has, whatever the flags are now. Then the earlier of two
   * gets what both ask for. Of two wishes with one key the first counts.
   */
  propose(wishes: readonly AllotmentWish[], options: ProposalOptions = {}): AllotmentProposal {
    const { complete = true, isWanted = () => false } = options;
    const { allotted, proposed } = this.#register;
    const given = new HeldAddresses(this.#register.space);
    const findings = new Map<string, AddressFinding>();
    const open = new Map<string, AllotmentWish>();
    for (const wish of wishes) {
      const known = allotted.of(wish.key);
      if (known !== undefined && fits(known, wish)) this.#keep(wish.key, known, given, findings);
      else if (!open.has(wish.key) && given.of(wish.key) === undefined) open.set(wish.key, wish);
    }
    if (!complete) {
      for (const [key, address] of allotted.entries()) {
        if (!open.has(key) && given.of(key) === undefined) given.put(key, address);
      }
    }
    // Who asks for one port comes before who takes any.
    for (const [key, { host, port }] of open) {
      if (port === undefined) continue;
      this.#settle(key, this.#ask(this.#hostOf(host), port, given), given, findings);
    }
    const isRunning = onceAsked(() => this.#register.running());
    const isTaken = (address: HostPort): boolean =>
      isWanted(address.port) ||
      given.rivalOf(address) !== undefined ||
      this.#register.reserved.rivalOf(address) !== undefined ||
      isRunning()(address) !== undefined;
    // Nothing gets free meanwhile: a range that is full is looked through once.
    const full = new Map<string, AddressFinding>();
    for (const [key, { host, port }] of open) {
      if (port !== undefined) continue;
      // A load is made several times over until it is good: an object is not given another address each time.
      const before = proposed.of(key);
      const same = before !== undefined && fits(before, { key, host: this.#hostOf(host) }) && !isTaken(before);
      const drawOn = this.#hostOf(host);
      const found = same ? before : (full.get(drawOn) ?? this.#drawOn(drawOn, isTaken));
      if ("reason" in found) full.set(drawOn, found);
      this.#settle(key, found, given, findings);
    }
    this.#register.proposed = given;
    return {
      of: (key) => given.of(key),
      reservationOf: (host, port) => this.#reservationOf({ host, port }, given),
      findingOf: (key) => findings.get(key),
      holderOf: (host, port) => given.rivalOf({ host: AddressSpace.hostOf(host), port }),
      accept: () => this.#accept(given),
    };
  }

  /** Whether this very address is reserved, through the admin port or by a TCPAddress of the load in force. */
  isReserved(host: string, port: number): boolean {
    return this.#reservationOf({ host, port }, this.#register.allotted) !== undefined;
  }

  #reservationOf(written: HostPort, held: HeldAddresses): { readonly id: string } | undefined {
    const address = { host: AddressSpace.hostOf(written.host), port: written.port };
    const id = this.#register.reserved.ownerOf(address) ?? held.ownerOf(address);
    return id === undefined || (id.includes("/") && !id.startsWith(RESERVING)) ? undefined : { id };
  }

  #hostOf(host: string | undefined): string {
    return host === undefined ? this.#register.space.firstHost : AddressSpace.hostOf(host);
  }

  #keep(key: string, address: HostPort, given: HeldAddresses, findings: Map<string, AddressFinding>): void {
    given.put(key, address);
    const problem = this.#register.space.problemOf(address);
    if (problem !== undefined) findings.set(key, { ...problem, message: `${problem.message}; it stays reserved` });
  }

  #settle(
    key: string,
    found: HostPort | AddressFinding,
    given: HeldAddresses,
    findings: Map<string, AddressFinding>,
  ): void {
    if ("reason" in found) findings.set(key, found);
    else given.put(key, found);
  }

  /** A listener on it is no obstacle: mostly it is the one that the address is reserved for. */
  #ask(host: string, port: number, given: HeldAddresses): HostPort | AddressFinding {
    const address = { host, port };
    const problem = this.#register.space.problemOf(address);
    if (problem !== undefined) return problem;
    const rival = this.#register.reserved.rivalOf(address) ?? given.rivalOf(address);
    if (rival === undefined) return address;
    return { reason: "AddressTaken", message: takenMessage(address, describeOwner(rival)) };
  }

  #drawOn(host: string, isTaken: (address: HostPort) => boolean): HostPort | AddressFinding {
    const { space } = this.#register;
    return space.hostProblem(host) ?? space.drawFree([host], isTaken) ?? space.full([host]);
  }

  #accept(given: HeldAddresses): void {
    this.#register.allotted = given;
    const now = new Map(given.entries());
    const put: AllotmentRow[] = [];
    for (const [key, address] of now) if (!isSame(this.#stored.get(key), address)) put.push({ key, ...address });
    const removed = [...this.#stored.keys()].filter((key) => !now.has(key));
    try {
      if (put.length + removed.length > 0) this.#store.write(put, removed);
    } catch (error) {
      this.#sayFailure(error);
      return;
    }
    this.#stored = now;
    if (this.#failing) this.#log?.write("info", "addresses-kept", "TCP addresses of objects are kept again");
    this.#failing = false;
  }

  /** Once: it is tried again with every load. */
  #sayFailure(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    const why = error instanceof Error ? error.message : String(error);
    const message = `Cannot keep TCP addresses of objects, a restart would give them others: ${why}`;
    this.#log?.write("warn", "addresses-failed", message);
  }
}

function fits(address: HostPort, { host, port }: AllotmentWish): boolean {
  return (
    (host === undefined || AddressSpace.hostOf(host) === address.host) && (port === undefined || port === address.port)
  );
}

function isSame(a: HostPort | undefined, b: HostPort): boolean {
  return a?.host === b.host && a.port === b.port;
}

function onceAsked<Value>(make: () => Value): () => Value {
  let known: { readonly value: Value } | undefined;
  return () => (known ??= { value: make() }).value;
}
