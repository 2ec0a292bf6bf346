// Who has which TCP address: reservations, what is allotted to objects, what a load that is not yet in force would allot, and ports
// that listeners run on. In memory; its writers keep what has to be kept.

import { formatHostPort } from "../base/address.ts";
import type { HostPort } from "../plan/addresses.ts";
import type { AddressSpace } from "./address-space.ts";

/** Addresses by who has them: an `ra_…` id, or the key of an object. */
export class HeldAddresses {
  readonly #space: AddressSpace;
  readonly #byOwner = new Map<string, HostPort>();
  readonly #byPort = new Map<number, Set<string>>();

  constructor(space: AddressSpace) {
    this.#space = space;
  }

  of(owner: string): HostPort | undefined {
    return this.#byOwner.get(owner);
  }

  /** All of them, in the order in which they were put. */
  entries(): IterableIterator<[owner: string, address: HostPort]> {
    return this.#byOwner.entries();
  }

  put(owner: string, address: HostPort): void {
    this.remove(owner);
    this.#byOwner.set(owner, address);
    const owners = this.#byPort.get(address.port);
    if (owners === undefined) this.#byPort.set(address.port, new Set([owner]));
    else owners.add(owner);
  }

  remove(owner: string): void {
    const address = this.#byOwner.get(owner);
    if (address === undefined) return;
    this.#byOwner.delete(owner);
    const owners = this.#byPort.get(address.port);
    owners?.delete(owner);
    if (owners?.size === 0) this.#byPort.delete(address.port);
  }

  /** Who has this very address. */
  ownerOf({ host, port }: HostPort): string | undefined {
    return this.#find(port, (other) => other.host === host);
  }

  /** Who has an address that cannot be bound beside this one. */
  rivalOf(address: HostPort): string | undefined {
    return this.#find(address.port, (other) => this.#space.overlaps(address, other));
  }

  #find(port: number, isMeant: (address: HostPort) => boolean): string | undefined {
    for (const owner of this.#byPort.get(port) ?? []) {
      const address = this.#byOwner.get(owner);
      if (address !== undefined && isMeant(address)) return owner;
    }
    return undefined;
  }
}

/** A listener of the running plan. */
export interface RunningListener {
  readonly name: string;
  /** IP; absent for all. */
  readonly host?: string;
  /** The bound one. */
  readonly port: number;
  readonly routes: readonly string[];
}

export class AddressRegister {
  readonly space: AddressSpace;
  /** Made through the admin port. */
  readonly reserved: HeldAddresses;
  /** Of objects, as of the load in force. */
  allotted: HeldAddresses;
  /** Of objects, as of the load that was made last: nobody else may take them before it is in force. */
  proposed: HeldAddresses;
  readonly #listeners: () => readonly RunningListener[];

  /** `listeners` are those of the running plan whenever it is asked. */
  constructor(space: AddressSpace, listeners: () => readonly RunningListener[] = () => []) {
    this.space = space;
    this.reserved = new HeldAddresses(space);
    this.allotted = new HeldAddresses(space);
    this.proposed = new HeldAddresses(space);
    this.#listeners = listeners;
  }

  /** Who has an address by being kept as its owner, as messages say it. */
  ownerNear(address: HostPort): string | undefined {
    const owner = this.reserved.rivalOf(address) ?? this.allotted.rivalOf(address) ?? this.proposed.rivalOf(address);
    return owner === undefined ? undefined : describeOwner(owner);
  }

  /** The listeners of now, to be asked about many addresses. */
  running(): (address: HostPort) => string | undefined {
    const byPort = Map.groupBy(this.#listeners(), ({ port }) => port);
    return ({ host, port }) => {
      const found = byPort.get(port)?.find((listener) => this.space.isBoundBy(host, listener.host));
      return found === undefined ? undefined : describeListener(found);
    };
  }
}

/** `address ra_…`, `TCPAddress "default/db"`. */
export function describeOwner(owner: string): string {
  const slash = owner.indexOf("/");
  return slash === -1 ? `address ${owner}` : `${owner.slice(0, slash)} "${owner.slice(slash + 1)}"`;
}

/** What is said of an address that somebody else has. */
export function takenMessage({ host, port }: HostPort, who: string): string {
  return `${formatHostPort(host, port)} is taken: ${who} has it`;
}

function describeListener({ name, routes }: RunningListener): string {
  const [first] = routes;
  if (first === undefined) return `listener ${name}`;
  return `listener ${name} of route "${first}"${routes.length > 1 ? ` and ${routes.length - 1} more` : ""}`;
}
