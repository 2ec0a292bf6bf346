// TCP addresses as `plan/` sees them: which object has which, and what is reserved. Who hands them out and keeps them is `app/`.

/** An address that is handed out: a name of `--tcp-host`, in lower case, and a port of `--tcp-ports`. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** What is to be said of an object's address. */
export interface AddressFinding {
  /** In the words of a condition: `HostNotFound`, `PortOutOfRange`, `AddressTaken`, `RangeFull`. */
  readonly reason: string;
  readonly message: string;
}

/** Addresses of one load. Keys are those of `keyOf`: `Kind/namespace/name`. */
export interface AddressView {
  /** The address of an object that asked for one; `undefined`: it has none. */
  of(key: string): HostPort | undefined;
  /** Who reserved this very address: the `ra_…` id of one made through the admin port, or the key of a TCPAddress. */
  reservationOf(host: string, port: number): { readonly id: string } | undefined;
}

/** The same, with what there is to say of them. */
export interface AddressOutcome extends AddressView {
  /** Why an object has no address, or what is wrong with the one that it has; `undefined`: all is well. */
  findingOf(key: string): AddressFinding | undefined;
  /** The key of the object that has this address, or one that cannot be bound beside it. */
  holderOf(host: string, port: number): string | undefined;
}

/** For whoever has no addresses. */
export const NO_ADDRESSES: AddressOutcome = {
  of: () => undefined,
  reservationOf: () => undefined,
  findingOf: () => undefined,
  holderOf: () => undefined,
};
